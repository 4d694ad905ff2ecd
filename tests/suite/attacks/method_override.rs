//! Rocket takes a form field `_method` for the method of the request: it must not lead anywhere that POST does not.

use rocket::http::{ContentType, Cookie, Method};

use crate::support::people::PASSWORD;
use crate::support::server::server;

/// What is reached by another method, and only by whoever sends a token in a header, which no form does.
const BY_SCRIPTS: [&str; 2] =
    ["/users/<account_id>/manage/api-tokens/<id>", "/jsm/assets/workspace/<workspace>/v1/config/role/<id>"];

/// The same of protected resources and gateways.
const BY_RESOURCES: &str = "/access/v1/";

#[rocket::async_test]
async fn only_get_post_and_preflights_are_routed_for_browsers() {
    let server = server().await;

    for route in server.local.rocket().routes() {
        let path = route.uri.path();
        let is_of_scripts = BY_SCRIPTS.contains(&path) || path.starts_with(BY_RESOURCES);
        assert!(is_of_scripts || matches!(route.method, Method::Get | Method::Post | Method::Options), "{route}");
    }
}

#[rocket::async_test]
async fn a_form_that_reaches_what_scripts_call_is_refused_whoever_is_signed_in() {
    let server = server().await;
    let admin = server.admin("admin@example.com", PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in("admin@example.com", PASSWORD).await;
    let session = Cookie::new("__Host-hallmark-session", browser.cookie("__Host-hallmark-session"));

    let path = format!("/users/{}/manage/api-tokens/x", admin.id);
    let request = server.local.post(path).header(ContentType::Form).cookie(session).body("_method=delete");

    assert_eq!(request.dispatch().await.status().code, 401);
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
