//! Container tokens: one live for each import source, good for that alone, made by whoever decides about its site.

use hallmark::accounts::containers;
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::site::SiteStanding;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::User;
use rocket::http::Header;

use crate::support::people::PASSWORD;
use crate::support::scripts::{IMPORT, basic_header};
use crate::support::server::{NOW, TestServer, server};

const INACTIVE: &str = "{\"active\":false}";

/// A server with a site admin.
async fn world() -> (TestServer, User) {
    let server = server().await.with_resources().await.with_imports().await;
    let user = server.person().await;
    server.join_as(&user, server.core.site.id, SiteStanding::Admin).await;
    (server, user)
}

fn bearer(token: &str) -> Option<Header<'static>> {
    Some(Header::new("Authorization", format!("Bearer {token}")))
}

#[rocket::async_test]
async fn a_site_admins_script_makes_a_token_and_learns_where_it_is_good() {
    let (server, user) = world().await;
    let api_token = server.api_token(&user, IMPORT).await;
    let source = server.import_source("Hosts").await;

    let made = server.post(&server.token_path(&source), Some(basic_header("person@example.com", &api_token)), "").await;

    assert_eq!(made.status.code, 200, "{}", made.text);
    assert_eq!(made.json().as_object().map(serde_json::Map::len), Some(1));
    assert!(made.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
    let token = made.text_of("token");
    assert!(token.starts_with("hmt_"));
    let info = server.ask("/jsm/assets/v1/imports/info", &token).await;
    let base = format!(
        "https://hallmark.test/jsm/assets/workspace/{}/v1/importsource/{}",
        server.core.site.workspace_id, source.id
    );
    assert_eq!(
        info.json(),
        serde_json::json!({ "links": {
            "getStatus": format!("{base}/configstatus"),
            "start": format!("{base}/executions"),
            "mapping": format!("{base}/mapping"),
        } })
    );
    let facts = server.facts().await;
    let made_by = |fact: &Event| matches!(fact, Event::ContainerTokenMade { by, .. } if *by == Actor::User(user.id));
    assert!(facts.iter().any(made_by), "{facts:?}");
    assert!(!format!("{facts:?}").contains(&token));
}

#[rocket::async_test]
async fn introspection_tells_what_it_is_bound_to_and_no_scope() {
    let (server, _) = world().await;
    let source = server.import_source("Hosts").await;
    let token = server.container_token(&source).await;

    let told = server.introspect_as("imports", &token, &[]).await.json();

    assert_eq!(told["active"], true);
    assert_eq!((&told["credential"], &told["token_type"]), (&"container_token".into(), &"Bearer".into()));
    assert_eq!(told["sub"], format!("import_source:{}", source.id));
    assert_eq!(told.get("scope"), None);
    assert_eq!(told["exp"], NOW.0 + 365 * 86_400);
    assert_eq!(
        told["authorization_details"],
        serde_json::json!([{
            "type": "assets_import",
            "locations": ["https://imports.example"],
            "actions": ["configstatus", "mapping", "executions"],
            "workspace": server.core.site.workspace_id.to_string(),
            "import_source": source.id.to_string(),
        }])
    );
}

#[rocket::async_test]
async fn no_resource_learns_of_it_but_the_one_that_takes_imports() {
    let (server, _) = world().await;
    let source = server.import_source("Hosts").await;
    let token = server.container_token(&source).await;
    let other = server.site("other").await;

    assert_eq!(server.introspect(&token).await.text, INACTIVE);
    let elsewhere = server.introspect_as("imports", &token, &[("site", "https://other.example")]).await;
    assert_eq!(elsewhere.text, INACTIVE);
    assert_ne!(other.id, source.site_id);
    assert_eq!(server.ask("/me", &token).await.status.code, 401);
    let path = server.token_path(&source);
    assert_eq!(server.post(&path, bearer(&token), "").await.status.code, 401, "a token makes no token");
}

#[rocket::async_test]
async fn a_new_token_ends_the_former_in_the_same_second() {
    let (server, _) = world().await;
    let source = server.import_source("Hosts").await;
    let former = server.container_token(&source).await;
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &former).await.status.code, 200);

    let new = server.container_token(&source).await;

    let refused = server.ask("/jsm/assets/v1/imports/info", &former).await;
    assert_eq!((refused.status.code, &refused.json()["code"]), (401, &401.into()));
    assert_eq!(refused.json()["message"], "Unauthorized");
    assert_eq!(server.introspect_as("imports", &former, &[]).await.text, INACTIVE);
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &new).await.status.code, 200);
}

#[rocket::async_test]
async fn it_ends_when_it_is_ended_removed_or_expired() {
    let (server, user) = world().await;
    let by = Actor::User(user.id);
    let (ended, removed, expired) = (
        server.import_source("Ended").await,
        server.import_source("Removed").await,
        server.import_source("Expired").await,
    );
    let tokens = [
        server.container_token(&ended).await,
        server.container_token(&removed).await,
        server.container_token(&expired).await,
    ];

    assert!(containers::end_token(&server.core, ended.site_id, ended.id, by).await.expect("a store"));
    containers::remove(&server.core, removed.site_id, removed.id, by).await.expect("a store");
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &tokens[0]).await.status.code, 401);
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &tokens[1]).await.status.code, 401);
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &tokens[2]).await.status.code, 200);
    server.core.clock.advance(Lifetime::days(365));
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &tokens[2]).await.status.code, 401);
}

#[rocket::async_test]
async fn whoever_may_not_make_a_token_is_told_by_which_layer() {
    let (server, admin) = world().await;
    let member = server.user("member@example.com", PASSWORD).await;
    let source = server.import_source("Hosts").await;
    let path = server.token_path(&source);
    let ask = async |header| {
        let answer = server.post(&path, header, "").await;
        (answer.status.code, answer.json()["layer"].as_u64().unwrap_or_default(), answer.text_of("error"))
    };
    let refused = |status: u16, layer: u64, error: &str| (status, layer, error.to_owned());

    assert_eq!(ask(None).await, refused(401, 1, "missing_token"));
    assert_eq!(ask(bearer("nonsense")).await, refused(401, 1, "invalid_token"));
    assert_eq!(ask(Some(basic_header("person@example.com", PASSWORD))).await, refused(401, 1, "invalid_token"));
    let without = server.api_token(&admin, "read:objects").await;
    assert_eq!(ask(bearer(&without)).await, refused(403, 2, "insufficient_scope"));
    let of_member = server.api_token(&member, IMPORT).await;
    assert_eq!(ask(bearer(&of_member)).await, refused(403, 3, "forbidden"));
    let good = server.api_token(&admin, IMPORT).await;
    assert_eq!(ask(Some(basic_header("member@example.com", &good))).await, refused(401, 1, "invalid_token"));
    assert_eq!(ask(bearer(&good)).await.0, 200);
}

#[rocket::async_test]
async fn an_import_source_of_another_workspace_is_not_found() {
    let (server, admin) = world().await;
    let other = server.site("other").await;
    let there = server.import_source_on(other.id, "Hosts").await;
    let here = server.import_source("Hosts").await;
    let token = server.api_token(&admin, IMPORT).await;
    let (own, foreign) = (server.core.site.workspace_id, other.workspace_id);

    for (workspace, source, status) in [
        (own.to_string(), there.id.to_string(), 404),
        (own.to_string(), "nonsense".to_owned(), 404),
        (own.to_string(), server.core.site.id.to_string(), 404),
        (foreign.to_string(), there.id.to_string(), 401),
        (foreign.to_string(), here.id.to_string(), 401),
        ("nonsense".to_owned(), here.id.to_string(), 404),
    ] {
        let path = format!("/jsm/assets/workspace/{workspace}/v1/importsource/{source}/token");
        let answer = server.post(&path, bearer(&token), "").await;
        assert_eq!(answer.status.code, status, "{path} {}", answer.text);
    }
    assert!(containers::list(&server.core, other.id).await.expect("a store")[0].token.is_none());
}

#[rocket::async_test]
async fn an_app_that_a_site_admin_allowed_imports_makes_a_token_too() {
    let (server, _) = world().await;
    let app = server
        .register(hallmark::domain::client::Client {
            scope: crate::support::oauth::scope(IMPORT),
            ..crate::support::oauth::confidential()
        })
        .await;
    let (access, _) = server.tokens(&app, IMPORT).await;
    let source = server.import_source("Hosts").await;

    let made = server.post(&server.token_path(&source), bearer(&access), "").await;

    assert_eq!(made.status.code, 200, "{}", made.text);
}

#[rocket::async_test]
async fn its_use_and_its_maker_are_listed() {
    let (server, user) = world().await;
    let source = server.import_source("Hosts").await;
    let made = containers::make_token(&server.core, source.site_id, source.id, Actor::User(user.id)).await;
    let token = made.expect("a token").0.expose().clone();
    server.introspect_as("imports", &token, &[("client_ip", "192.0.2.7")]).await;

    let listed = containers::list(&server.core, source.site_id).await.expect("a store").remove(0);

    let kept = listed.token.expect("a token");
    assert_eq!(kept.made_by.map(|maker| maker.id), Some(user.id));
    assert_eq!(kept.last_use.map(|used| (used.at, used.from)), Some((NOW, Some([192, 0, 2, 7].into()))));
    assert!(kept.is_live && token.ends_with(&kept.token.ending));
}
