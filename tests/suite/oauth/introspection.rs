//! Introspection, RFC 7662.

use hallmark::domain::time::Lifetime;
use hallmark::domain::user::UserState;

use crate::support::client::{App, basic, form};
use crate::support::oauth::confidential;
use crate::support::server::{NOW, TestServer, server};

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    (server, app)
}

#[rocket::async_test]
async fn a_live_token_is_told_with_everything_that_decides() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects offline_access").await;
    let user = server.person().await;

    let answer = server.introspect(&access).await;

    let told = answer.json();
    assert_eq!(answer.status.code, 200);
    assert_eq!(told["active"], true);
    assert_eq!(told["iss"], "https://hallmark.test");
    assert_eq!(told["aud"], "https://assets.example");
    assert_eq!(told["sub"], format!("user:{}", user.id));
    assert_eq!(told["client_id"], "sprint-mailer");
    assert_eq!(told["username"], "person@example.com");
    assert_eq!(told["token_type"], "Bearer");
    assert_eq!(told["scope"], "read:objects");
    assert_eq!(told["iat"], NOW.0);
    assert_eq!(told["exp"], NOW.0 + 3600);
    assert_eq!(told["credential"], "oauth_user");
    assert_eq!(told["site"]["id"], server.core.site.id.to_string());
    assert_eq!(told["scopes"]["approved"], serde_json::json!(["read:objects", "write:objects"]));
    assert_eq!(told["scopes"]["consented"], serde_json::json!(["read:objects"]));
    assert_eq!(told["scopes"]["effective"], serde_json::json!(["read:objects"]));
    assert!(answer.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
}

#[rocket::async_test]
async fn whatever_is_not_live_is_exactly_inactive() {
    let (server, app) = world().await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;
    let code = server.code(&app, "read:objects").await;
    let mistyped = access.replace(|c: char| c.is_ascii_digit(), "x");

    for dead in [refresh.as_str(), &code, &mistyped, "nonsense", "hma_", &"é".repeat(50), &"x".repeat(5000)] {
        let answer = server.introspect(dead).await;
        assert_eq!((answer.status.code, answer.text.as_str()), (200, "{\"active\":false}"), "{dead}");
    }
    server.core.clock.advance(Lifetime::hours(1));
    assert_eq!(server.introspect(&access).await.text, "{\"active\":false}");
}

#[rocket::async_test]
async fn a_hint_changes_no_answer() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let credentials = || Some(basic("assets", "assets-secret-of-many-characters"));

    for hint in ["access_token", "refresh_token", "nonsense", ""] {
        let body = form(&[("token", &access), ("token_type_hint", hint)]);
        assert_eq!(server.post("/oauth/introspect", credentials(), &body).await.json()["active"], true, "{hint}");
    }
}

#[rocket::async_test]
async fn a_resource_learns_nothing_about_a_token_that_is_not_meant_for_it() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;

    let credentials = Some(basic("billing", "billing-secret-of-many-characters"));
    let answer = server.post("/oauth/introspect", credentials, &form(&[("token", &access)])).await;

    assert_eq!((answer.status.code, answer.text.as_str()), (200, "{\"active\":false}"));
}

#[rocket::async_test]
async fn a_client_is_no_resource_and_a_stranger_is_nobody() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let body = form(&[("token", &access)]);

    assert_eq!(
        app.post(&server, "/oauth/introspect", &[("token", &access)]).await.refusal(),
        (403, "unauthorized_client".into())
    );
    let wrong = Some(basic("assets", "billing-secret-of-many-characters"));
    assert_eq!(server.post("/oauth/introspect", wrong, &body).await.refusal(), (401, "invalid_client".into()));
    assert_eq!(server.post("/oauth/introspect", None, &body).await.refusal(), (401, "invalid_client".into()));
    let credentials = Some(basic("assets", "assets-secret-of-many-characters"));
    let missing = server.post("/oauth/introspect", credentials, "").await;
    assert_eq!(missing.refusal(), (400, "invalid_request".into()));
}

#[rocket::async_test]
async fn a_suspended_persons_tokens_are_dead_until_they_are_active_again() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let user = server.person().await;

    server.core.store.set_user_state(user.id, UserState::Suspended).await.expect("a store");
    assert!(!server.is_live(&access).await);
    server.core.store.set_user_state(user.id, UserState::Active).await.expect("a store");
    assert!(server.is_live(&access).await);
}

#[rocket::async_test]
async fn a_withdrawn_grant_is_effective_at_the_next_introspection() {
    let (server, app) = world().await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;
    let user = server.person().await;
    let (grant, _) = server.core.store.grants_of(user.id).await.expect("a store").remove(0);

    server.core.store.end_grant(grant.id).await.expect("a store");

    assert!(!server.is_live(&access).await);
    assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()));
    let (again, _) = server.tokens(&app, "read:objects").await;
    assert!(server.is_live(&again).await && !server.is_live(&access).await);
}

#[rocket::async_test]
async fn a_new_resource_of_an_old_name_learns_nothing_about_the_tokens_of_the_former() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let id = "assets".parse().expect("an identifier");
    let former = server.core.store.resource(&id).await.expect("a store").expect("a resource");
    let entries = server.core.store.scopes_of(&id).await.expect("a store");

    server.core.store.remove_resource(&id).await.expect("a store");
    assert_eq!(server.introspect(&access).await.refusal(), (401, "invalid_client".into()));
    server.core.clock.advance(Lifetime::seconds(1));
    let new = hallmark::domain::resource::ProtectedResource { created: server.core.now(), ..(*former).clone() };
    server.core.store.add_resource(&new, &entries).await.expect("a store");

    assert!(!server.is_live(&access).await);
    let (fresh, _) = server.tokens(&app, "read:objects").await;
    assert!(server.is_live(&fresh).await);
}

const INACTIVE: &str = "{\"active\":false}";

#[rocket::async_test]
async fn a_removed_members_tokens_are_dead_at_the_next_introspection_and_stay_so() {
    let (server, app) = world().await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;
    let code = server.code(&app, "read:objects").await;
    let (user, site) = (server.person().await, server.core.site.id);

    server.leave(&user, site).await;
    assert_eq!(server.introspect(&access).await.text, INACTIVE);
    assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()));
    assert_eq!(app.redeem(&server, &code, &[]).await.refusal(), (400, "invalid_grant".into()));

    server.join(&user, site).await;
    assert_eq!(server.introspect(&access).await.text, INACTIVE);
    assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()));
    assert_eq!(app.redeem(&server, &code, &[]).await.refusal(), (400, "invalid_grant".into()));
    let (again, _) = server.tokens(&app, "read:objects").await;
    assert!(server.is_live(&again).await && !server.is_live(&access).await);
}

#[rocket::async_test]
async fn a_member_who_is_removed_keeps_what_they_allowed_on_other_sites() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let (user, other) = (server.person().await, server.site("acme").await);
    server.join(&user, other.id).await;
    server.allow_on(&user, other.id).await;

    server.leave(&user, server.core.site.id).await;

    assert_eq!(server.introspect(&access).await.text, INACTIVE);
    assert_eq!(server.introspect_on(&access, &other.id.to_string()).await.json()["active"], true);
    server.join(&user, server.core.site.id).await;
    assert_eq!(server.introspect(&access).await.text, INACTIVE);
}

#[rocket::async_test]
async fn a_consented_token_is_told_of_on_the_site_that_is_asked_about() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let (user, other) = (server.person().await, server.site("acme").await);
    server.join(&user, other.id).await;
    server.allow_on(&user, other.id).await;
    let own = server.core.site.id.to_string();

    for (asked, told) in [
        (other.id.to_string().as_str(), other.id.to_string()),
        ("https://acme.example", other.id.to_string()),
        ("HTTPS://ACME.example/", other.id.to_string()),
        ("https://hallmark.test", own.clone()),
        (own.as_str(), own.clone()),
        ("", own.clone()),
    ] {
        let answer = server.introspect_on(&access, asked).await.json();
        assert_eq!((&answer["active"], &answer["site"]["id"]), (&true.into(), &told.into()), "{asked}");
    }
}
