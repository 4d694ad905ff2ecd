//! RFC 9700 section 2.4: a client never sees a password.

use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn there_is_no_password_grant() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;

    let pairs = [("grant_type", "password"), ("username", "person@example.com"), ("password", "correct horse")];

    assert_eq!(app.post(&server, "/oauth/token", &pairs).await.refusal(), (400, "unsupported_grant_type".into()));
}
