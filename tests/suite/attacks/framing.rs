//! RFC 9700 section 4.16: no answer may be shown in a frame, run a script or load anything from elsewhere. The pages that show a
//! secret run one script of ours: `scripts::pages` has them.

use rocket::http::Method;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server};
use crate::support::visitor::{Shown, Visitor};

const EMAIL: &str = "admin@example.com";

/// On JSON, which makes no page do anything.
const JSON: [(&str, &str); 4] = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Strict-Transport-Security", "max-age=63072000"),
];

/// On everything else.
const HEADERS: [(&str, &str); 8] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"),
    ("Strict-Transport-Security", "max-age=63072000"),
];

fn assert_guarded(path: &str, answer: &Shown) {
    let is_json = answer.header("Content-Type") == Some("application/json");
    let headers: &[(&str, &str)] = if is_json { &JSON } else { &HEADERS };
    for (name, value) in headers {
        let sent: Vec<_> = answer.headers.iter().filter(|(header, _)| header.eq_ignore_ascii_case(name)).collect();
        assert!(sent.len() == 1 && sent[0].1 == *value, "{path}: {name} is {sent:?}");
    }
    assert!(answer.header("X-Request-Id").is_some_and(|id| id.len() == 16), "{path}");
    assert!(answer.header("Server").is_none() && !answer.html.contains("Rocket"), "{path}");
    if !path.starts_with("/static/") && !path.starts_with("/.well-known/oauth") {
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{path}");
    }
}

/// Every page there is, and every kind of answer beside them.
async fn every_answer(server: &TestServer, browser: &mut Visitor<'_>) -> Vec<(String, Shown)> {
    let app = server.register(confidential()).await;
    let user = server.core.store.users().await.expect("a store").remove(0);
    let code = server.code_of(&user, &app, "read:objects", &[]).await;
    app.redeem(server, &code, &[]).await;
    let grant = server.core.store.grants_of(user.id).await.expect("a store").remove(0).0.id;
    let consent = browser.open(&app.authorize("read:objects write:objects", &[])).await.leads_to();
    let choose = browser.open(&app.authorize("read:objects", &[("prompt", "select_account")])).await.leads_to();
    let mut answers = Vec::new();
    for path in [
        "/",
        "/account",
        "/account/apps",
        &format!("/account/apps/{grant}"),
        "/account/tokens",
        "/account/tokens/new",
        "/account/tokens/revoke-all",
        "/account/activity",
        "/account/sessions",
        "/account/password",
        "/logout",
        "/admin",
        "/admin/people",
        &format!("/admin/people/{}", user.id),
        &consent,
        &choose,
        &format!("/admin/sites/{}/import-sources", server.core.site.id),
        &format!("/admin/sites/{}/groups", server.core.site.id),
        &format!("/admin/sites/{}/roles", server.core.site.id),
        &format!("/admin/sites/{}/roles-of?subject=user:{}", server.core.site.id, user.id),
        "/static/main.css",
        "/static/main.js",
        "/static/favicon.svg",
        "/.well-known/oauth-authorization-server",
        "/nothing/here",
        "/oauth/token",
        "/oauth/authorize",
        "/consent?txn=x",
        "/setup/x",
        "/invite/x",
        "/reset/x",
    ] {
        answers.push((path.to_owned(), browser.open(path).await));
    }
    let mut nobody = server.visitor();
    answers.push(("/login".to_owned(), nobody.open("/login").await));
    for path in ["/logout", "/login", "/oauth/token", "/nothing"] {
        answers.push((format!("POST {path}"), nobody.submit(path, &[]).await));
    }
    answers
}

#[rocket::async_test]
async fn every_answer_carries_the_headers_that_keep_it_from_being_framed() {
    let server = server().await.with_resources().await;
    server.admin(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    for (path, answer) in every_answer(&server, &mut browser).await {
        assert_guarded(&path, &answer);
    }
}

#[rocket::async_test]
async fn no_page_loads_or_runs_anything_that_is_not_ours() {
    let server = server().await.with_resources().await;
    server.admin(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    for (path, answer) in every_answer(&server, &mut browser).await {
        let is_page = answer.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html"));
        if !is_page {
            continue;
        }
        let html = answer.html.to_lowercase();
        for mark in ["<script", "<style", " style=", "<iframe", "<img", "<object", "<base", "javascript:", " onclick="]
        {
            assert!(!html.contains(mark), "{mark} on {path}");
        }
        for link in html.split("<link").skip(1) {
            assert!(link.split('>').next().is_some_and(|link| link.contains("href=\"/static/")), "{path}: {link}");
        }
        for form in html.split("<form").skip(1) {
            assert!(form.split('>').next().is_some_and(|form| form.contains("action=\"/")), "{path}: {form}");
        }
    }
}

#[rocket::async_test]
async fn a_page_is_html_that_says_its_encoding() {
    let server = server().await;

    let page = server.visitor().open("/login").await;

    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert!(page.html.starts_with("<!doctype html>") && page.html.contains("<html lang=\"en\""));
}

#[rocket::async_test]
async fn head_is_get_without_its_body() {
    let server = server().await;

    let answer = server.local.req(Method::Head, "/login").dispatch().await;

    assert_eq!(answer.status().code, 200);
    assert!(answer.headers().get_one("X-Frame-Options") == Some("DENY"));
    assert!(answer.into_string().await.is_none_or(|body| body.is_empty()));
}
