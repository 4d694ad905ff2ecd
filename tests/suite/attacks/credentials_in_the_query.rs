//! RFC 9700 section 4.3.2: what stands in an address ends in logs, so that no credential is taken from there.

use crate::support::client::form;
use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn a_token_request_in_the_query_is_not_looked_at() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let secret = app.secret.clone().expect("a secret");
    let query = form(&[("grant_type", "client_credentials"), ("client_id", &app.id), ("client_secret", &secret)]);

    let got = server.local.get(format!("/oauth/token?{query}")).dispatch().await;
    assert_eq!(got.status().code, 405);
    assert_eq!(got.headers().get_one("Allow"), Some("OPTIONS, POST"));
    let posted = server.post(&format!("/oauth/token?{query}"), None, "").await;
    assert_eq!(posted.refusal(), (401, "invalid_client".into()));
}

#[rocket::async_test]
async fn a_token_to_introspect_or_revoke_is_taken_from_the_body_alone() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let query = form(&[("token", &access), ("access_token", &access)]);

    let asked = server
        .post(
            &format!("/oauth/introspect?{query}"),
            Some(crate::support::client::basic("assets", "assets-secret-of-many-characters")),
            "",
        )
        .await;
    assert_eq!(asked.refusal(), (400, "invalid_request".into()));
    assert_eq!(app.post(&server, &format!("/oauth/revoke?{query}"), &[]).await.text_of("error"), "invalid_request");
    assert!(server.is_live(&access).await);
}
