//! Revocation, RFC 7009, told as sentences.

use crate::support::client::App;
use crate::support::oauth::{confidential, native};
use crate::support::server::{TestServer, server};

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    (server, app)
}

#[rocket::async_test]
async fn revoking_an_access_token_ends_that_token_alone() {
    let (server, app) = world().await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;

    assert_eq!(app.revoke(&server, &access).await.status.code, 200);

    assert!(!server.is_live(&access).await);
    let next = app.refresh(&server, &refresh, &[]).await;
    assert!(server.is_live(&next.text_of("access_token")).await);
}

#[rocket::async_test]
async fn revoking_a_refresh_token_ends_its_family_and_every_access_token_of_it() {
    let (server, app) = world().await;
    let (first_access, first) = server.tokens(&app, "read:objects offline_access").await;
    let second = app.refresh(&server, &first, &[]).await;

    assert_eq!(app.revoke(&server, &second.text_of("refresh_token")).await.status.code, 200);

    assert!(!server.is_live(&first_access).await);
    assert!(!server.is_live(&second.text_of("access_token")).await);
    let retried = app.refresh(&server, &first, &[]).await;
    assert_eq!(retried.refusal(), (400, "invalid_grant".into()), "a retry never revives a revoked token");
}

#[rocket::async_test]
async fn a_refresh_token_that_was_exchanged_long_ago_still_ends_its_family() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, "read:objects offline_access").await;
    let second = app.refresh(&server, &first, &[]).await;
    let third = app.refresh(&server, &second.text_of("refresh_token"), &[]).await;

    assert_eq!(app.revoke(&server, &first).await.status.code, 200);

    assert!(!server.is_live(&third.text_of("access_token")).await);
    let next = app.refresh(&server, &third.text_of("refresh_token"), &[]).await;
    assert_eq!(next.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_token_that_is_not_known_is_as_good_as_revoked() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;

    for token in ["nonsense", "hma_x", "hmr_x", &access, &access] {
        assert_eq!(app.revoke(&server, token).await.status.code, 200, "{token}");
    }
    assert_eq!(app.revoke(&server, "").await.refusal(), (400, "invalid_request".into()));
}

#[rocket::async_test]
async fn another_clients_token_stays_alive() {
    let (server, app) = world().await;
    let thief = server.register(native()).await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;

    for token in [&access, &refresh] {
        assert_eq!(thief.revoke(&server, token).await.refusal(), (400, "invalid_grant".into()));
    }
    assert!(server.is_live(&access).await);
    assert_eq!(app.refresh(&server, &refresh, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn a_public_client_revokes_by_its_name() {
    let server = server().await.with_resources().await;
    let app = server.register(native()).await;
    let (access, _) = server.tokens(&app, "read:objects").await;

    assert_eq!(app.revoke(&server, &access).await.status.code, 200);
    assert!(!server.is_live(&access).await);
}
