//! A person changes their password.

use hallmark::domain::time::Lifetime;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::server;

const EMAIL: &str = "person@example.com";
const NEW: &str = "another horse, another staple";

#[rocket::async_test]
async fn a_new_password_ends_other_sessions_and_every_token() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let code = server.code_of(&user, &app, "read:objects offline_access", &[]).await;
    let tokens = app.redeem(&server, &code, &[]).await;
    let unused = server.code_of(&user, &app, "read:objects offline_access", &[]).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    there.log_in(EMAIL, PASSWORD).await;
    let before = here.cookie("__Host-hallmark-session");

    let fields = [("current", PASSWORD), ("password", NEW)];
    let answer = here.open_and_fill("/account/password", "/account/password", &fields).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/account/password?done=password-changed"));
    assert!(here.is_signed_in().await && !there.is_signed_in().await);
    assert_ne!(here.cookie("__Host-hallmark-session"), before, "the session has a new cookie");
    there.keep("__Host-hallmark-session", &before);
    assert!(!there.is_signed_in().await, "and the old one is dead");
    assert!(!server.is_live(&tokens.text_of("access_token")).await);
    assert_eq!(app.refresh(&server, &tokens.text_of("refresh_token"), &[]).await.refusal().1, "invalid_grant");
    assert_eq!(app.redeem(&server, &unused, &[]).await.refusal().1, "invalid_grant");
    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 200);
    assert_eq!(server.visitor().log_in(EMAIL, NEW).await.status.code, 303);
}

#[rocket::async_test]
async fn without_the_current_password_nothing_changes() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    there.log_in(EMAIL, PASSWORD).await;

    for (current, new, told) in [
        ("", NEW, "The current password is not right"),
        ("wrong horse battery", NEW, "The current password is not right"),
        (PASSWORD, "short", "The new password is too short"),
        (PASSWORD, &"x".repeat(129), "The new password is too long"),
    ] {
        let fields = [("current", current), ("password", new)];
        let answer = here.open_and_fill("/account/password", "/account/password", &fields).await;
        assert!(answer.status.code == 200 && answer.html.contains(told), "{told}");
    }

    assert!(there.is_signed_in().await);
    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 303);
}

#[rocket::async_test]
async fn guessing_the_current_password_in_a_stolen_session_is_slowed_down() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;
    let guess = [("current", "wrong horse battery"), ("password", NEW)];

    for _ in 0..10 {
        let answer = browser.open_and_fill("/account/password", "/account/password", &guess).await;
        assert_eq!(answer.status.code, 200);
    }

    let answer = browser.open_and_fill("/account/password", "/account/password", &guess).await;
    assert_eq!((answer.status.code, answer.header("Retry-After")), (429, Some("10")));
    server.core.clock.advance(Lifetime::seconds(10));
    let right = [("current", PASSWORD), ("password", NEW)];
    assert_eq!(browser.open_and_fill("/account/password", "/account/password", &right).await.status.code, 303);
}

#[rocket::async_test]
async fn password_managers_find_the_page() {
    let server = server().await;

    let answer = server.visitor().open("/.well-known/change-password").await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/account/password"));
}
