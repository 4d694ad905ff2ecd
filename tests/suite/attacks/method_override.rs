//! Rocket takes a form field `_method` for the method of the request: it must not lead anywhere that POST does not.

use rocket::http::{ContentType, Cookie, Method};

use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn only_get_post_and_preflights_are_routed_at_all() {
    let server = server().await;

    for route in server.local.rocket().routes() {
        assert!(matches!(route.method, Method::Get | Method::Post | Method::Options), "{route}");
    }
}

#[rocket::async_test]
async fn a_form_that_names_another_method_changes_nothing() {
    let server = server().await;
    server.user("person@example.com", PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in("person@example.com", PASSWORD).await;
    let session = browser.cookie("__Host-hallmark-session");
    let csrf = browser.open("/logout").await.field("csrf");

    for (method, expected) in
        [("get", 200), ("head", 200), ("put", 405), ("delete", 405), ("patch", 405), ("trace", 405)]
    {
        for (path, expected) in [("/logout", expected), ("/account/sessions/end-others", 405)] {
            let request = server.local.post(path).header(ContentType::Form);
            let cookie = Cookie::new("__Host-hallmark-session", session.clone());
            let answer =
                request.cookie(cookie).body(format!("_method={method}&csrf={csrf}&where=everywhere")).dispatch().await;
            assert_eq!(answer.status().code, expected, "{method} {path}");
        }
    }
    assert!(browser.is_signed_in().await);
}
