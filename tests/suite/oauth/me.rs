//! Who the person of a token is, and the scope that lets a client know.

use hallmark::domain::user::UserState;

use crate::support::client::App;
use crate::support::oauth::three_legged;
use crate::support::server::{TestServer, server};

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(three_legged()).await;
    (server, app)
}

#[rocket::async_test]
async fn a_client_that_was_allowed_to_is_told_who_the_person_is() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects read:me").await;

    let answer = server.ask("/me", &access).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    let user = server.person().await;
    let expected = serde_json::json!({
        "account_type": "atlassian", "account_id": user.id, "email": "person@example.com", "name": "A. Person",
        "picture": null, "account_status": "active", "nickname": "A. Person", "zoneinfo": null, "locale": null,
        "extended_profile": {},
    });
    assert_eq!(answer.json(), expected);
}

#[rocket::async_test]
async fn a_token_without_the_scope_is_told_which_it_lacks() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let own = app.token_for_itself(&server, &[("scope", "read:objects read:me")]).await;
    assert_eq!(own.text_of("scope"), "read:objects", "a client is nobody whose profile could be told");

    for token in [access, own.text_of("access_token")] {
        let refused = server.ask("/me", &token).await;
        assert_eq!((refused.status.code, &refused.json()["code"]), (403, &serde_json::json!(403)));
        let challenge = refused.header("WWW-Authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.ends_with("scope=\"read:me\""));
    }
}

#[rocket::async_test]
async fn the_scope_stands_beside_those_of_any_resource_and_no_resource_is_told_of_it() {
    let (server, app) = world().await;
    let user = server.person().await;
    let named = [("resource", "https://assets.example")];
    let code = server.code_of(&user, &app, "read:objects read:me", &named).await;

    let tokens = app.redeem(&server, &code, &named).await;

    assert_eq!(tokens.text_of("scope"), "read:me read:objects", "{}", tokens.text);
    let told = server.introspect(&tokens.text_of("access_token")).await;
    assert_eq!(told.text_of("scope"), "read:objects");
    assert!(!told.text.contains("read:me"), "{}", told.text);
    assert_eq!(server.ask("/me", &tokens.text_of("access_token")).await.status.code, 200);
}

#[rocket::async_test]
async fn the_scope_alone_makes_a_token_that_no_resource_takes() {
    let (server, app) = world().await;
    let user = server.person().await;
    for more in [&[][..], &[("audience", "https://assets.example")][..]] {
        let code = server.code_of(&user, &app, "read:me offline_access", more).await;
        let tokens = app.redeem(&server, &code, &[]).await;
        assert_eq!(tokens.text_of("scope"), "read:me offline_access", "{}", tokens.text);
        assert!(!server.is_live(&tokens.text_of("access_token")).await);
        assert_eq!(server.ask("/me", &tokens.text_of("access_token")).await.status.code, 200);
        let fresh = app.refresh(&server, &tokens.text_of("refresh_token"), &[]).await;
        assert_eq!(fresh.text_of("scope"), "read:me offline_access", "{}", fresh.text);
    }
    let unknown = app.authorize("read:me", &[("audience", "api.nowhere.example")]);
    assert_eq!(server.visitor().open(&unknown).await.answer("error").as_deref(), Some("invalid_target"));
}

#[rocket::async_test]
async fn a_client_that_is_not_registered_for_the_scope_is_refused_it() {
    let server = server().await.with_resources().await;
    let app = server.register(crate::support::oauth::confidential()).await;
    let answer = server.visitor().open(&app.authorize("read:objects read:me", &[])).await;
    assert_eq!(answer.answer("error").as_deref(), Some("invalid_scope"));
}

#[rocket::async_test]
async fn what_was_allowed_is_shown_by_its_title_and_can_be_taken_back() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects read:me").await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let list = browser.open("/account/apps").await;
    let link = list.html.split("href=\"/account/apps/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");

    let page = browser.open(&format!("/account/apps/{link}")).await;
    assert!(page.html.contains("See your profile") && page.html.contains("In Hallmark."), "{}", page.html);
    browser.fill(&page, &format!("/account/apps/{link}/remove"), &[]).await;

    assert_eq!(server.ask("/me", &access).await.status.code, 401);
}

#[rocket::async_test]
async fn a_suspended_person_is_told_of_to_nobody() {
    let (server, app) = world().await;
    let (access, _) = server.tokens(&app, "read:objects read:me").await;
    let user = server.person().await;

    server.core.store.set_user_state(user.id, UserState::Suspended).await.expect("a store");

    assert_eq!(server.ask("/me", &access).await.status.code, 401);
}
