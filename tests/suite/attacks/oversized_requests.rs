//! What is too large, mis-encoded or of the wrong kind is refused before it costs anything, in the form its caller reads.

use crate::support::client::{basic, form};
use crate::support::oauth::confidential;
use crate::support::server::server;

const ENDPOINTS: [&str; 4] = ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/par"];

#[rocket::async_test]
async fn a_body_of_more_than_32_kib_is_refused_as_json() {
    let server = server().await.with_resources().await;
    let body = form(&[("grant_type", &"x".repeat(33 * 1024))]);

    for path in ENDPOINTS {
        let refused = server.post(path, None, &body).await;
        assert_eq!(refused.refusal(), (413, "invalid_request".into()), "{path}");
        assert!(refused.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
    }
}

#[rocket::async_test]
async fn a_scope_without_end_is_refused_by_its_length() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let names: Vec<String> = (0..51).map(|number| format!("s{number}")).collect();

    for scope in [&"x".repeat(2049), &names.join(" "), &"read:objects ".repeat(200)] {
        let refused = app.token_for_itself(&server, &[("scope", scope)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_scope".into()));
        let answer = server.visitor().open(&app.authorize(scope, &[])).await;
        assert_eq!(answer.answer("error").as_deref(), Some("invalid_scope"));
    }
    let twice = app.token_for_itself(&server, &[("scope", "read:objects read:objects")]).await;
    assert_eq!(twice.text_of("scope"), "read:objects", "a scope is a set");
}

#[rocket::async_test]
async fn what_cannot_be_read_is_an_invalid_request() {
    let server = server().await.with_resources().await;
    let client = || Some(basic("sprint-mailer", "app-secret-of-many-characters"));
    server.register(confidential()).await;

    for path in ENDPOINTS {
        for (content_type, body) in [
            ("text/plain", "grant_type=client_credentials"),
            ("multipart/form-data", "grant_type=client_credentials"),
            ("application/x-www-form-urlencoded", "grant_type=%ff"),
            ("application/x-www-form-urlencoded", "grant_type=%"),
            ("application/json", "{\"grant_type\":1}"),
            ("application/json", "[[[[[[[[[[[["),
            ("application/json", "not json"),
        ] {
            let refused = server.post_as(path, content_type, client(), body).await;
            assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{path} {content_type} {body}");
        }
        let many: Vec<String> = (0..65).map(|number| format!("p{number}=x")).collect();
        assert_eq!(server.post(path, client(), &many.join("&")).await.refusal(), (400, "invalid_request".into()));
    }
}
