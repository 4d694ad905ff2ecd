//! Where an access token is good.

use hallmark::domain::grant::Grant;
use hallmark::domain::id::SiteId;
use hallmark::domain::site::Site;
use hallmark::domain::time::Lifetime;
use serde_json::json;

use crate::support::client::App;
use crate::support::oauth::three_legged;
use crate::support::server::{TestServer, server};

const PATH: &str = "/oauth/token/accessible-resources";

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(three_legged()).await;
    (server, app)
}

async fn add_site(server: &TestServer, number: u8) -> SiteId {
    let id = SiteId::from_random([number; 16]);
    let (name, url) = (format!("Site {number}"), Some(format!("https://site{number}.example")));
    server.core.store.add_site(&Site { id, name, url, workspace_id: id }).await.expect("a store");
    id
}

#[rocket::async_test]
async fn a_token_is_good_on_every_site_that_was_allowed_and_of_which_the_person_is_a_member() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects read:me").await;
    let user = server.person().await;
    let (allowed, never, other) = (add_site(&server, 1).await, add_site(&server, 2).await, add_site(&server, 3).await);
    server.enter(&user, allowed).await;
    server.enter(&user, other).await;
    let store = &server.core.store;
    let mut grant =
        store.grant_between(user.id, &app.id.parse().expect("an id")).await.expect("a store").expect("a grant");
    grant.sites = vec![allowed, never];
    store.record_consent(&grant).await.expect("a store");

    let answer = server.ask(PATH, &access).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    let image = "https://hallmark.test/static/favicon.svg";
    let site = |id: SiteId, name, url| json!({"id": id, "name": name, "url": url, "scopes": ["read:objects"], "avatarUrl": image});
    let default = site(server.core.site.id, "Default site", "https://hallmark.test");
    assert_eq!(answer.json(), json!([default, site(allowed, "Site 1", "https://site1.example")]));
    assert_eq!(server.get("/static/favicon.svg", &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn a_clients_own_token_is_good_on_its_site() {
    let (server, app) = world().await;
    let own = app.token_for_itself(&server, &[("scope", "read:objects")]).await.text_of("access_token");

    let answer = server.ask(PATH, &own).await;

    assert_eq!(answer.json()[0]["id"], json!(server.core.site.id));
    assert_eq!(answer.json()[0]["scopes"], json!(["read:objects"]));
}

#[rocket::async_test]
async fn what_is_not_live_is_401_with_a_challenge_and_the_body_that_clients_read() {
    let (server, app) = world().await;
    let (revoked, refresh) = server.tokens(&app, "read:objects offline_access").await;
    app.revoke(&server, &revoked).await;
    let (expired, _) = server.tokens(&app, "read:objects").await;
    server.core.clock.advance(Lifetime::hours(1));

    for path in [PATH, "/me"] {
        for token in [&revoked, &expired, &refresh, "nonsense", "", "two words"] {
            let refused = server.ask(path, token).await;
            assert_eq!((refused.status.code, refused.json()), (401, json!({"code": 401, "message": "Unauthorized"})));
            let challenge = refused.header("WWW-Authenticate").expect("a challenge");
            assert!(challenge.starts_with("Bearer realm=\"hallmark\", error=\"invalid_token\""), "{challenge}");
        }
        let silent = server.get(path, &[]).await;
        assert_eq!(silent.header("WWW-Authenticate"), Some("Bearer realm=\"hallmark\""));
        let in_the_query = server.get(&format!("{path}?access_token={expired}"), &[]).await;
        assert_eq!(in_the_query.status.code, 400, "{}", in_the_query.text);
    }
}

#[rocket::async_test]
async fn who_left_the_site_of_a_token_may_still_use_it_on_another() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects read:me").await;
    let (user, other) = (server.person().await, add_site(&server, 1).await);
    server.enter(&user, other).await;
    let store = &server.core.store;
    let grant = store.grant_between(user.id, &app.id.parse().expect("an id")).await.expect("a store");
    store.record_consent(&Grant { sites: vec![other], ..grant.expect("a grant") }).await.expect("a store");

    store.remove_member(server.core.site.id, user.id).await.expect("a store");

    assert_eq!(server.ask(PATH, &access).await.json()[0]["id"], json!(other));
    assert_eq!(server.ask(PATH, &access).await.json().as_array().map(Vec::len), Some(1));
    assert_eq!(server.ask("/me", &access).await.status.code, 200);
}

#[rocket::async_test]
async fn who_left_the_only_site_that_they_allowed_has_a_token_for_nothing() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects read:me").await;
    let user = server.person().await;

    server.core.store.remove_member(server.core.site.id, user.id).await.expect("a store");

    assert_eq!(server.ask(PATH, &access).await.status.code, 401);
    assert_eq!(server.ask("/me", &access).await.status.code, 401);
}
