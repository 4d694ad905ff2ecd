//! The name of a request: a trusted proxy's, else our own.

use rocket::http::Header;

use crate::support::server::{TestServer, server_with};

const PROXY: &str = "10.0.0.1:4000";
const STRANGER: &str = "192.0.2.1:4000";

async fn named(server: &TestServer, from: &str, names: &[&str]) -> String {
    let request = server.local.get("/oauth/jwks").remote(from.parse().expect("an address"));
    let request =
        names.iter().fold(request, |request, name| request.header(Header::new("X-Request-Id", (*name).to_owned())));
    let answer = request.dispatch().await;
    let mut ids = answer.headers().get("X-Request-Id");
    let id = ids.next().expect("a name").to_owned();
    assert_eq!(ids.next(), None, "one name for one request");
    id
}

#[rocket::async_test]
async fn the_name_of_a_trusted_proxy_is_kept_and_no_other() {
    let server = server_with("[default.proxies]\ntrusted = [\"10.0.0.0/8\"]").await;

    assert_eq!(named(&server, PROXY, &["trace-1.a_B"]).await, "trace-1.a_B");
    for (from, names) in [
        (STRANGER, &["trace-1"][..]),
        (PROXY, &[]),
        (PROXY, &["one", "two"]),
        (PROXY, &["a b"]),
        (PROXY, &["<script>"]),
        (PROXY, &[&"x".repeat(65)]),
    ] {
        let ours = named(&server, from, names).await;
        assert!(ours.len() == 16 && ours.bytes().all(|byte| byte.is_ascii_hexdigit()), "{from} {names:?}: {ours}");
    }
}
