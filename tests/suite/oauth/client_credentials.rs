//! A token for the client itself, RFC 6749 section 4.4.

use crate::support::client::App;
use crate::support::oauth::{confidential, native};
use crate::support::server::{TestServer, server};

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    (server, app)
}

#[rocket::async_test]
async fn a_client_gets_a_token_for_itself_and_no_refresh_token() {
    let (server, app) = world().await;

    let answer = app.token_for_itself(&server, &[("scope", "read:objects")]).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert!(answer.json().get("refresh_token").is_none());
    let told = server.introspect(&answer.text_of("access_token")).await.json();
    assert_eq!(told["active"], true);
    assert_eq!(told["sub"], "app:sprint-mailer", "no client can pass for a person");
    assert_eq!(told["credential"], "oauth_app");
    assert!(told.get("username").is_none());
}

#[rocket::async_test]
async fn without_a_scope_it_is_for_everything_that_the_client_is_registered_for() {
    let (server, app) = world().await;

    let answer = app.token_for_itself(&server, &[]).await;

    assert_eq!(answer.text_of("scope"), "read:objects write:objects");
}

#[rocket::async_test]
async fn a_scope_that_is_unknown_not_registered_or_malformed_is_refused() {
    let (server, app) = world().await;

    for scope in ["nonsense", "delete:objects", "read:bills", "a\tb", "offline_access"] {
        let refused = app.token_for_itself(&server, &[("scope", scope)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_scope".into()), "{scope:?}");
    }
}

#[rocket::async_test]
async fn the_resource_is_named_or_owns_the_scope() {
    let (server, app) = world().await;

    let named = app.token_for_itself(&server, &[("audience", "https://assets.example")]).await;
    assert_eq!(named.status.code, 200);
    let other = app.token_for_itself(&server, &[("resource", "https://billing.example")]).await;
    assert_eq!(other.refusal(), (400, "invalid_target".into()));
}

#[rocket::async_test]
async fn a_public_client_cannot_have_one() {
    let server = server().await.with_resources().await;
    let mut client = native();
    client.grant_types = hallmark::domain::client::GrantType::ALL.to_vec();
    let app = server.register(client).await;

    let refused = app.token_for_itself(&server, &[]).await;

    assert_eq!(refused.refusal(), (400, "unauthorized_client".into()));
}
