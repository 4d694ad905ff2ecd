//! RFC 9700 section 2.6: scripts of other sites reach the token endpoint where the operator says so, and never a page.

use rocket::http::Header;

use crate::support::oauth::confidential;
use crate::support::server::{TestServer, server, server_with};

const ORIGIN: &str = "https://spa.example";
const ALLOWED: &str = "[default.cors]\norigins = [\"https://spa.example\"]";

async fn allowed_origin(
    server: &TestServer,
    method: rocket::http::Method,
    path: &str,
    origin: &'static str,
) -> Option<String> {
    let request = server.local.req(method, path.to_owned()).header(Header::new("Origin", origin));
    let response = request.dispatch().await;
    assert_eq!(response.headers().get_one("Access-Control-Allow-Credentials"), None);
    response.headers().get_one("Access-Control-Allow-Origin").map(str::to_owned)
}

#[rocket::async_test]
async fn only_a_named_origin_may_call_and_only_what_knows_no_cookie() {
    use rocket::http::Method::{Get, Options, Post};
    let server = server_with(ALLOWED).await.with_resources().await;
    let app = server.register(confidential()).await;

    for (method, path) in [
        (Options, "/oauth/token"),
        (Post, "/oauth/token"),
        (Options, "/oauth/token/accessible-resources"),
        (Get, "/me"),
        (Options, "/oauth/revoke"),
        (Get, "/.well-known/oauth-authorization-server"),
        (Get, "/oauth/jwks"),
        (Options, "/.well-known/jwks.json"),
    ] {
        assert_eq!(allowed_origin(&server, method, path, ORIGIN).await.as_deref(), Some(ORIGIN), "{path}");
        assert_eq!(allowed_origin(&server, method, path, "https://evil.example").await, None, "{path}");
        assert_eq!(allowed_origin(&server, method, path, "null").await, None, "{path}");
    }
    for path in
        [app.authorize("read:objects", &[]).as_str(), "/consent?txn=x", "/login", "/account", "/oauth/introspect"]
    {
        for method in [Get, Post, Options] {
            assert_eq!(allowed_origin(&server, method, path, ORIGIN).await, None, "{path}");
        }
    }
}

#[rocket::async_test]
async fn without_configuration_no_origin_may() {
    let server = server().await;

    let answer = allowed_origin(&server, rocket::http::Method::Options, "/oauth/token", ORIGIN).await;

    assert_eq!(answer, None);
}
