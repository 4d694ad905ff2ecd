//! Signing out, here and everywhere.

use crate::support::people::PASSWORD;
use crate::support::server::server;

const EMAIL: &str = "person@example.com";

#[rocket::async_test]
async fn signing_out_here_ends_this_session_and_no_other() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    there.log_in(EMAIL, PASSWORD).await;
    let stolen = here.cookie("__Host-hallmark-session");

    let answer = here.open_and_fill("/logout", "/logout", &[("where", "here")]).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/login?done=signed-out"));
    assert!(here.open(&answer.leads_to()).await.html.contains("You are signed out in this browser."));
    here.keep("__Host-hallmark-session", &stolen);
    assert!(!here.is_signed_in().await, "the cookie is dead, not only forgotten");
    assert!(there.is_signed_in().await);
}

#[rocket::async_test]
async fn signing_out_everywhere_ends_every_session() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    there.log_in(EMAIL, PASSWORD).await;

    let answer = here.open_and_fill("/logout", "/logout", &[("where", "everywhere")]).await;

    assert_eq!(answer.leads_to(), "/login?done=signed-out-everywhere");
    assert!(!here.is_signed_in().await && !there.is_signed_in().await);
}

#[rocket::async_test]
async fn opening_the_page_signs_nobody_out() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    let page = browser.open("/logout").await;

    assert!(page.html.contains("Apps that you allowed keep their access"));
    assert!(browser.is_signed_in().await);
}
