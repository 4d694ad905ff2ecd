//! Pushed authorization requests, RFC 9126.

use hallmark::domain::client::AuthorizationRequests;
use hallmark::domain::time::Lifetime;

use crate::support::client::{App, CHALLENGE, form};
use crate::support::oauth::{confidential, native};
use crate::support::server::{TestServer, server};

fn request(app: &App) -> Vec<(&str, &str)> {
    vec![
        ("response_type", "code"),
        ("client_id", &app.id),
        ("redirect_uri", &app.redirect_uri),
        ("scope", "read:objects"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    (server, app)
}

fn brought(app: &App, request_uri: &str) -> String {
    format!("/oauth/authorize?{}", form(&[("client_id", &app.id), ("request_uri", request_uri)]))
}

#[rocket::async_test]
async fn a_pushed_request_is_brought_by_a_browser_once() {
    let (server, app) = world().await;
    let pushed = app.post(&server, "/oauth/par", &request(&app)).await;
    assert_eq!(pushed.status.code, 201, "{}", pushed.text);
    assert_eq!(pushed.json()["expires_in"], 90);
    let request_uri = pushed.text_of("request_uri");
    assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:hmq_"));

    let mut browser = server.visitor();
    assert!(browser.open(&brought(&app, &request_uri)).await.leads_to().starts_with("/login?txn="));
    let again = browser.open(&brought(&app, &request_uri)).await;
    assert_eq!((again.status.code, again.location), (400, None));
}

#[rocket::async_test]
async fn another_client_can_neither_use_nor_spoil_it() {
    let (server, app) = world().await;
    let thief = server.register(native()).await;
    let request_uri = app.post(&server, "/oauth/par", &request(&app)).await.text_of("request_uri");

    assert_eq!(server.visitor().open(&brought(&thief, &request_uri)).await.status.code, 400);
    assert_eq!(server.visitor().open(&brought(&app, &request_uri)).await.status.code, 303);
}

#[rocket::async_test]
async fn it_waits_ninety_seconds() {
    let (server, app) = world().await;
    let request_uri = app.post(&server, "/oauth/par", &request(&app)).await.text_of("request_uri");

    server.core.clock.advance(Lifetime::seconds(90));

    assert_eq!(server.visitor().open(&brought(&app, &request_uri)).await.status.code, 400);
}

#[rocket::async_test]
async fn it_is_judged_by_the_checks_of_the_authorization_endpoint() {
    let (server, app) = world().await;

    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "nonsense", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("resource", "https://billing.example", "invalid_target"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
    ] {
        let mut pairs = request(&app);
        pairs.retain(|(there, _)| *there != name);
        pairs.push((name, value));
        let refused = app.post(&server, "/oauth/par", &pairs).await;
        assert_eq!(refused.refusal(), (400, error.into()), "{name}={value}");
    }
    let unproven = server.post("/oauth/par", None, &form(&request(&app))).await;
    assert_eq!(unproven.refusal(), (401, "invalid_client".into()));
}

#[rocket::async_test]
async fn a_client_that_must_push_is_refused_in_the_front_channel() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.authorization_requests = AuthorizationRequests::PushedOnly;
    let app = server.register(client).await;

    let direct = server.visitor().open(&app.authorize("read:objects", &[])).await;
    assert_eq!(direct.answer("error").as_deref(), Some("invalid_request"));
    let request_uri = app.post(&server, "/oauth/par", &request(&app)).await.text_of("request_uri");
    assert!(server.visitor().open(&brought(&app, &request_uri)).await.leads_to().starts_with("/login?txn="));
}
