//! The ceiling of an API token is what its owner may at the moment: less at the next introspection, and never more than was asked for.

use hallmark::domain::site::SiteStanding;
use hallmark::domain::user::UserState;

use crate::support::scripts::{IMPORT, basic_header, for_scopes};
use crate::support::server::{TestServer, server};

const INACTIVE: &str = "{\"active\":false}";

async fn world() -> TestServer {
    server().await.with_resources().await.with_imports().await
}

#[rocket::async_test]
async fn a_suspended_owner_has_no_live_token() {
    let server = world().await;
    let user = server.person().await;
    let token = server.api_token(&user, "read:objects").await;

    server.core.store.set_user_state(user.id, UserState::Suspended).await.expect("a store");
    assert_eq!(server.introspect(&token).await.text, INACTIVE);
    assert_eq!(server.introspect_basic("person@example.com", &token).await.text, INACTIVE);
    let suspended = server.person().await;
    assert!(server.api_token_for(&suspended, for_scopes("read:objects"), None).await.is_err());

    server.core.store.set_user_state(user.id, UserState::Active).await.expect("a store");
    assert!(server.is_live(&token).await);
}

#[rocket::async_test]
async fn a_token_is_good_on_the_sites_of_its_owner_and_no_other() {
    let server = world().await;
    let user = server.person().await;
    let (mine, other) = (server.site("mine").await, server.site("other").await);
    server.join(&user, mine.id).await;
    let token = server.api_token(&user, "read:objects").await;

    assert_eq!(server.introspect_on(&token, "https://mine.example").await.json()["site"]["id"], mine.id.to_string());
    assert_eq!(server.introspect_on(&token, &other.id.to_string()).await.text, INACTIVE);
    assert_eq!(server.introspect_on(&token, "https://nowhere.example").await.text, INACTIVE);

    server.leave(&user, mine.id).await;
    assert_eq!(server.introspect_on(&token, "https://mine.example").await.text, INACTIVE);
    server.leave(&user, server.core.site.id).await;
    assert_eq!(server.introspect(&token).await.text, INACTIVE, "without a site the default one is meant");
}

#[rocket::async_test]
async fn a_token_for_one_site_is_good_there_alone_and_ends_with_the_membership() {
    let server = world().await;
    let user = server.person().await;
    let mine = server.site("mine").await;
    server.join(&user, mine.id).await;
    let token = server.api_token_for(&user, for_scopes("read:objects"), Some(mine.id)).await.expect("a token");

    assert_eq!(server.introspect(&token).await.json()["site"]["id"], mine.id.to_string());
    assert!(server.introspect_on(&token, &mine.id.to_string()).await.json()["active"] == true);
    assert_eq!(server.introspect_on(&token, &server.core.site.id.to_string()).await.text, INACTIVE);

    server.leave(&user, mine.id).await;
    assert_eq!(server.introspect(&token).await.text, INACTIVE);
    server.join(&user, mine.id).await;
    assert_eq!(server.introspect(&token).await.text, INACTIVE, "an earlier membership brings nothing back");
}

#[rocket::async_test]
async fn a_demoted_owner_loses_what_is_an_admins() {
    let server = world().await;
    let (user, site) = (server.person().await, server.core.site.id);
    server.join_as(&user, site, SiteStanding::Admin).await;
    let token = server.api_token(&user, IMPORT).await;
    let source = server.import_source("Hosts").await;
    let ask =
        async || server.post(&server.token_path(&source), Some(basic_header("person@example.com", &token)), "").await;
    assert_eq!(server.introspect_as("imports", &token, &[]).await.text_of("scope"), IMPORT);
    assert_eq!(ask().await.status.code, 200);

    server.join_as(&user, site, SiteStanding::Member).await;

    let told = server.introspect_as("imports", &token, &[]).await.json();
    assert_eq!((&told["active"], &told["scope"]), (&true.into(), &"".into()));
    let refused = ask().await;
    assert_eq!((refused.status.code, refused.json()["layer"].as_u64()), (403, Some(3)), "{}", refused.text);

    server.join_as(&user, site, SiteStanding::Admin).await;
    assert_eq!(server.introspect_as("imports", &token, &[]).await.text_of("scope"), IMPORT);
}

#[rocket::async_test]
async fn a_removed_owner_makes_no_container_token() {
    let server = world().await;
    let (user, site) = (server.person().await, server.core.site.id);
    server.join_as(&user, site, SiteStanding::Admin).await;
    let token = server.api_token(&user, IMPORT).await;
    let source = server.import_source("Hosts").await;
    server.leave(&user, site).await;

    let refused = server.post(&server.token_path(&source), Some(basic_header("person@example.com", &token)), "").await;

    assert_eq!(refused.refusal(), (401, "invalid_token".to_owned()));
}
