//! A cookie that cannot be read means that nobody is signed in: never an error, never somebody.

use hallmark::secrets::token::{TokenKind, mint};
use rocket::http::Header;

use crate::support::people::PASSWORD;
use crate::support::server::server;

const NAME: &str = "__Host-hallmark-session";

fn spoilt(genuine: &str) -> Vec<String> {
    let mut values: Vec<String> = ["", " ", "=", ";", ",", "\"\"", "\"", "%", "%00", "%ff", "null", "undefined", "0"]
        .iter()
        .map(|value| (*value).to_owned())
        .collect();
    for at in 0..genuine.len() {
        values.push(genuine[..at].to_owned());
        values.push(format!("{}x{}", &genuine[..at], &genuine[at + 1..]));
        values.push(format!("{}%00{}", &genuine[..at], &genuine[at..]));
    }
    values.push(format!("{genuine}{genuine}"));
    values.push(genuine.to_lowercase());
    values.push("a".repeat(4096));
    values.push(format!("\"{genuine}"));
    values.push(format!("{{\"$ne\":\"{genuine}\"}}"));
    values.push("hms_../../../etc/passwd".to_owned());
    values
}

#[rocket::async_test]
async fn a_spoilt_session_cookie_signs_nobody_in_and_breaks_nothing() {
    let server = server().await;
    server.user("person@example.com", PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in("person@example.com", PASSWORD).await;
    let genuine = browser.cookie(NAME);

    let values = spoilt(&genuine);
    assert!(values.len() > 180);
    for value in values.iter().filter(|value| **value != genuine) {
        let header = Header::new("Cookie", format!("{NAME}={value}"));
        let answer = server.local.get("/account").header(header).dispatch().await;
        assert_eq!(answer.status().code, 303, "{value:?}");
        assert_eq!(answer.headers().get_one("Location"), Some("/login?next=/account"), "{value:?}");
    }
    assert!(browser.is_signed_in().await);
}

#[rocket::async_test]
async fn a_cookie_without_its_prefix_is_another_cookie() {
    let server = server().await;
    server.user("person@example.com", PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in("person@example.com", PASSWORD).await;
    let genuine = browser.cookie(NAME);

    for name in ["hallmark-session", "__host-hallmark-session", "__Secure-hallmark-session", "__Host-hallmark-browser"]
    {
        let mut other = server.visitor();
        other.keep(name, &genuine);
        assert!(!other.is_signed_in().await, "{name}");
    }
}

#[rocket::async_test]
async fn a_token_of_another_kind_is_no_session() {
    let server = server().await;
    for kind in [TokenKind::Access, TokenKind::Refresh, TokenKind::Browser, TokenKind::Device, TokenKind::Link] {
        let token = mint(kind, server.core.now());
        let mut browser = server.visitor();
        browser.keep(NAME, token.token.expose());
        assert!(!browser.is_signed_in().await, "{kind:?}");
    }
}

#[rocket::async_test]
async fn a_spoilt_browser_cookie_is_replaced() {
    let server = server().await;
    let mut browser = server.visitor();
    browser.keep("__Host-hallmark-browser", "nonsense");

    let page = browser.open("/login").await;

    assert_eq!(page.status.code, 200);
    assert!(browser.cookie("__Host-hallmark-browser").starts_with("hmb_"));
}
