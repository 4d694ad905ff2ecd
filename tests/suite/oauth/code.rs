//! Redeeming a code, RFC 6749 section 4.1.3 and RFC 7636 section 4.6.

use hallmark::domain::time::Lifetime;

use crate::support::client::{VERIFIER, form};
use crate::support::oauth::{confidential, native};
use crate::support::server::server;

const EVERYTHING: &str = "read:objects offline_access";

#[rocket::async_test]
async fn a_code_is_exchanged_for_tokens() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;

    let answer = app.redeem(&server, &code, &[]).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_eq!(answer.text_of("token_type"), "Bearer");
    assert_eq!(answer.json()["expires_in"], 3600);
    assert_eq!(answer.text_of("scope"), EVERYTHING);
    assert!(answer.text_of("refresh_token").starts_with("hmr_"));
    assert!(answer.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
    assert!(server.is_live(&answer.text_of("access_token")).await);
}

#[rocket::async_test]
async fn a_code_is_redeemed_by_json_too() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;
    let body = serde_json::json!({
        "grant_type": "authorization_code", "client_id": app.id, "client_secret": app.secret,
        "code": code, "redirect_uri": app.redirect_uri, "code_verifier": VERIFIER,
    });

    let answer = server.post_as("/oauth/token", "application/json", None, &body.to_string()).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
}

#[rocket::async_test]
async fn without_offline_access_there_is_no_refresh_token() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, "read:objects").await;

    let answer = app.redeem(&server, &code, &[]).await;

    assert_eq!(answer.status.code, 200);
    assert!(answer.json().get("refresh_token").is_none());
}

#[rocket::async_test]
async fn a_code_redeemed_twice_ends_what_it_produced() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;
    let first = app.redeem(&server, &code, &[]).await;

    let second = app.redeem(&server, &code, &[]).await;

    assert_eq!(second.refusal(), (400, "invalid_grant".into()));
    assert!(!server.is_live(&first.text_of("access_token")).await);
    let refreshed = app.refresh(&server, &first.text_of("refresh_token"), &[]).await;
    assert_eq!(refreshed.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn another_client_can_neither_redeem_a_code_nor_burn_it_nor_end_its_tokens() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let mut other = confidential();
    other.id = "thief".parse().expect("an identifier");
    let thief = server.register(other).await;
    let code = server.code(&app, EVERYTHING).await;

    assert_eq!(thief.redeem(&server, &code, &[]).await.refusal(), (400, "invalid_grant".into()));
    let answer = app.redeem(&server, &code, &[]).await;
    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_eq!(thief.redeem(&server, &code, &[]).await.refusal(), (400, "invalid_grant".into()));
    assert!(server.is_live(&answer.text_of("access_token")).await);
}

#[rocket::async_test]
async fn a_wrong_binding_is_refused_and_does_not_burn_the_code() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;

    for (name, value) in [
        ("redirect_uri", "https://app.example/cb/"),
        ("redirect_uri", ""),
        ("code_verifier", ""),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX"),
    ] {
        let refused = app.redeem(&server, &code, &[(name, value)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_grant".into()), "{name}={value}");
    }
    assert_eq!(app.redeem(&server, &code, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn a_code_lives_for_sixty_seconds() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (in_time, too_late) = (server.code(&app, EVERYTHING).await, server.code(&app, EVERYTHING).await);

    server.core.clock.advance(Lifetime::seconds(59));
    assert_eq!(app.redeem(&server, &in_time, &[]).await.status.code, 200);
    server.core.clock.advance(Lifetime::seconds(1));
    assert_eq!(app.redeem(&server, &too_late, &[]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_withdrawn_grant_leaves_its_code_worthless() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;
    let user = server.person().await;
    let (grant, _) = server.core.store.grants_of(user.id).await.expect("a store").remove(0);

    server.core.store.end_grant(grant.id).await.expect("a store");

    assert_eq!(app.redeem(&server, &code, &[]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_public_client_redeems_by_its_name_and_verifier() {
    let server = server().await.with_resources().await;
    let app = server.register(native()).await;
    let code = server.code(&app, EVERYTHING).await;

    assert_eq!(app.redeem(&server, &code, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn of_two_resources_each_access_token_is_for_one() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.scope = client.scope.union(&"read:bills".parse().expect("a scope"));
    let app = server.register(client).await;
    let code = server.code(&app, "read:objects read:bills offline_access").await;

    let unnamed = app.redeem(&server, &code, &[]).await;
    assert_eq!(unnamed.refusal(), (400, "invalid_target".into()));
    let named = app.redeem(&server, &code, &[("resource", "https://assets.example")]).await;
    assert_eq!(named.status.code, 200, "{}", named.text);
    assert_eq!(named.text_of("scope"), "read:objects offline_access");

    let refresh_token = named.text_of("refresh_token");
    let other = app.refresh(&server, &refresh_token, &[("resource", "https://billing.example")]).await;
    assert_eq!(other.text_of("scope"), "read:bills offline_access");
    assert!(!server.is_live(&other.text_of("access_token")).await, "assets must not learn of a token for billing");
}

#[rocket::async_test]
async fn a_resource_that_was_not_granted_is_refused() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;

    for resource in ["https://billing.example", "https://assets.example/", "nonsense"] {
        let refused = app.redeem(&server, &code, &[("resource", resource)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_target".into()), "{resource}");
    }
}

#[rocket::async_test]
async fn a_grant_type_that_is_missing_unknown_or_not_registered_is_refused() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.grant_types.truncate(1);
    let app = server.register(client).await;

    for (grant_type, error) in [
        ("password", "unsupported_grant_type"),
        ("refresh_token", "unauthorized_client"),
        ("client_credentials", "unauthorized_client"),
        ("", "invalid_request"),
    ] {
        let answer = app.post(&server, "/oauth/token", &[("grant_type", grant_type)]).await;
        assert_eq!(answer.refusal(), (400, error.into()), "{grant_type}");
    }
}

#[rocket::async_test]
async fn a_repeated_parameter_is_refused_and_an_unknown_one_ignored() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, EVERYTHING).await;

    let twice = app.redeem(&server, &code, &[]).await.status.code;
    assert_eq!(twice, 200);
    let code = server.code(&app, EVERYTHING).await;
    let body = format!("{}&grant_type=x", form(&[("grant_type", "authorization_code"), ("code", &code)]));
    let answer = server.post("/oauth/token", None, &body).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    let pairs = [("nonsense", "1"), ("grant_type", "authorization_code")];
    assert_eq!(app.redeem(&server, &code, &pairs).await.status.code, 200);
}
