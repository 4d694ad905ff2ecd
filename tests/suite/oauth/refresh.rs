//! Rotating a refresh token, RFC 6749 section 6.

use hallmark::domain::time::Lifetime;

use crate::support::client::App;
use crate::support::oauth::{confidential, native};
use crate::support::server::{TestServer, server, server_with};

const EVERYTHING: &str = "read:objects write:objects offline_access";

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    (server, app)
}

#[rocket::async_test]
async fn a_refresh_token_is_rotated_on_each_use() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, EVERYTHING).await;

    let answer = app.refresh(&server, &first, &[]).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_ne!(answer.text_of("refresh_token"), first);
    assert_eq!(answer.text_of("scope"), EVERYTHING.replace(" offline_access", "") + " offline_access");
    assert!(server.is_live(&answer.text_of("access_token")).await);
}

#[rocket::async_test]
async fn a_retry_within_the_leeway_gets_the_same_tokens_and_less_time() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, EVERYTHING).await;
    let lost = app.refresh(&server, &first, &[]).await;

    server.core.clock.advance(Lifetime::seconds(29));
    let again = app.refresh(&server, &first, &[("scope", "read:objects")]).await;

    assert_eq!(again.text_of("access_token"), lost.text_of("access_token"));
    assert_eq!(again.text_of("refresh_token"), lost.text_of("refresh_token"));
    assert_eq!(again.text_of("scope"), lost.text_of("scope"), "the winner of the rotation fixed the scope");
    assert_eq!(again.json()["expires_in"], 3571);
}

#[rocket::async_test]
async fn after_the_leeway_the_old_token_ends_the_family() {
    let (server, app) = world().await;
    let (access, first) = server.tokens(&app, EVERYTHING).await;
    let second = app.refresh(&server, &first, &[]).await;

    server.core.clock.advance(Lifetime::seconds(30));
    let reused = app.refresh(&server, &first, &[]).await;

    assert_eq!(reused.refusal(), (400, "invalid_grant".into()));
    assert!(!server.is_live(&access).await);
    assert!(!server.is_live(&second.text_of("access_token")).await);
    let successor = app.refresh(&server, &second.text_of("refresh_token"), &[]).await;
    assert_eq!(successor.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn using_the_successor_ends_the_leeway_of_its_predecessor() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, EVERYTHING).await;
    let second = app.refresh(&server, &first, &[]).await.text_of("refresh_token");
    let third = app.refresh(&server, &second, &[]).await;

    assert_eq!(app.refresh(&server, &first, &[]).await.refusal(), (400, "invalid_grant".into()));
    assert!(!server.is_live(&third.text_of("access_token")).await, "two generations back ends the family");
}

#[rocket::async_test]
async fn a_leeway_of_zero_allows_no_retry() {
    let server = server_with("[default.lifetimes]\nrefresh_token_leeway = 0").await.with_resources().await;
    let app = server.register(confidential()).await;
    let (_, first) = server.tokens(&app, EVERYTHING).await;
    assert_eq!(app.refresh(&server, &first, &[]).await.status.code, 200);

    assert_eq!(app.refresh(&server, &first, &[]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_narrower_refresh_leaves_the_refresh_token_whole() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, EVERYTHING).await;

    let narrow = app.refresh(&server, &first, &[("scope", "read:objects")]).await;
    assert_eq!(narrow.text_of("scope"), "read:objects offline_access");
    let whole = app.refresh(&server, &narrow.text_of("refresh_token"), &[]).await;
    assert_eq!(whole.text_of("scope"), "read:objects write:objects offline_access");
}

#[rocket::async_test]
async fn asking_for_the_granted_scope_with_offline_access_is_not_asking_for_more() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, EVERYTHING).await;

    assert_eq!(app.refresh(&server, &first, &[("scope", EVERYTHING)]).await.status.code, 200);
}

#[rocket::async_test]
async fn asking_for_more_is_refused_and_spends_nothing() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, "read:objects offline_access").await;

    for scope in ["read:objects write:objects", "delete:objects", "nonsense", "bad\u{7f}scope"] {
        let refused = app.refresh(&server, &first, &[("scope", scope)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_scope".into()), "{scope}");
    }
    assert_eq!(app.refresh(&server, &first, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn another_client_is_refused_and_the_family_lives_on() {
    let (server, app) = world().await;
    let thief = server.register(native()).await;
    let (access, first) = server.tokens(&app, EVERYTHING).await;

    assert_eq!(thief.refresh(&server, &first, &[]).await.refusal(), (400, "invalid_grant".into()));
    assert!(server.is_live(&access).await);
    assert_eq!(app.refresh(&server, &first, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn an_unused_refresh_token_ends_after_its_idle_life_and_a_used_one_after_its_absolute_life() {
    let (server, app) = world().await;
    let (_, idle) = server.tokens(&app, EVERYTHING).await;
    let (_, mut used) = server.tokens(&app, EVERYTHING).await;

    for _ in 0..4 {
        server.core.clock.advance(Lifetime::days(89));
        used = app.refresh(&server, &used, &[]).await.text_of("refresh_token");
        assert!(!used.is_empty());
    }
    assert_eq!(app.refresh(&server, &idle, &[]).await.refusal(), (400, "invalid_grant".into()));
    server.core.clock.advance(Lifetime::days(9));
    assert_eq!(app.refresh(&server, &used, &[]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_suspended_person_and_a_new_password_end_the_family_at_once() {
    let (server, app) = world().await;
    let (access, refresh) = server.tokens(&app, EVERYTHING).await;
    let user = server.person().await;

    let hash = hallmark::domain::user::PasswordHash("$argon2id$".into());
    server.core.store.set_password(user.id, &hash, server.core.now()).await.expect("a store");

    assert!(!server.is_live(&access).await);
    assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_scope_that_the_operator_took_from_the_client_is_gone_at_the_next_introspection() {
    let (server, app) = world().await;
    let (access, refresh) = server.tokens(&app, EVERYTHING).await;
    let mut narrower = confidential();
    narrower.scope = "read:objects offline_access".parse().expect("a scope");

    server.core.store.remove_client(&narrower.id).await.expect("a store");
    assert!(!server.is_live(&access).await, "a client that is gone takes everything with it");
    server.register(narrower).await;
    assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()));
}
