//! Registering a Connect app on a page, and what is told of a descriptor that has faults.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server, server_with};
use crate::support::visitor::Visitor;

const CONNECT: &str = "/console/connect";
const DESCRIPTOR: &str = r#"{
  "key": "com.example.inventory",
  "name": "Inventory",
  "baseUrl": "https://app.example",
  "authentication": { "type": "jwt" },
  "lifecycle": { "installed": "/installed" },
  "scopes": ["READ"]
}"#;

async fn developer(server: &TestServer) -> Visitor<'_> {
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;
    dev
}

/// Where an app on this machine serves its descriptor, once.
async fn served() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/atlassian-connect.json", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.expect("a caller");
        let mut request = [0; 4096];
        let read = caller.read(&mut request).await.expect("a request");
        assert!(request[..read].starts_with(b"GET /atlassian-connect.json "));
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{DESCRIPTOR}", DESCRIPTOR.len());
        caller.write_all(answer.as_bytes()).await.expect("a caller");
    });
    url
}

#[rocket::async_test]
async fn a_developer_registers_a_connect_app_and_a_version_of_it() {
    let server = server().await;
    let mut dev = developer(&server).await;
    let console = dev.open("/console").await;
    assert!(console.html.contains("href=\"/console/connect\""), "{}", console.html);

    let first = dev.open_and_fill(CONNECT, CONNECT, &[("descriptor", DESCRIPTOR)]).await;
    let more = DESCRIPTOR.replace("\"READ\"", "\"READ\", \"DELETE\"").replace("\"name\"", "\"venodr\": {}, \"name\"");
    let second = dev.open_and_fill(CONNECT, CONNECT, &[("descriptor", &more)]).await;

    assert!(first.html.contains("Inventory runs version 1.0"), "{}", first.html);
    assert!(first.html.contains("com.example.inventory") && first.html.contains("Asks for READ."), "{}", first.html);
    assert!(!first.html.contains("hmk_"), "it shares a secret with each site and has no other");
    assert!(second.html.contains("runs version 2.0") && second.html.contains("Asks for DELETE."), "{}", second.html);
    assert!(second.html.contains("/venodr: this key is not known"), "{}", second.html);
    assert!(dev.open("/console").await.html.contains("Inventory"));
}

#[rocket::async_test]
async fn a_descriptor_may_be_a_file() {
    let server = server().await;
    let mut dev = developer(&server).await;
    let csrf = dev.open(CONNECT).await.field("csrf");

    let fields = [("csrf", csrf.as_str()), ("descriptor", ""), ("url", "")];
    let shown = dev.upload(CONNECT, &fields, Some(("file", DESCRIPTOR))).await;

    assert!(shown.html.contains("Inventory runs version 1.0"), "{}", shown.html);
}

#[rocket::async_test]
async fn every_fault_of_a_descriptor_is_told_with_its_pointer() {
    let server = server().await;
    let mut dev = developer(&server).await;

    let text = DESCRIPTOR.replace("READ", "REED").replace("jwt", "none").replace("Inventory", "</textarea><img src=x>");
    let shown = dev.open_and_fill(CONNECT, CONNECT, &[("descriptor", &text)]).await;

    for told in [
        "role=\"alert\"",
        "2 faults",
        "<strong class=\"mono\">/authentication/type</strong>: expected jwt, found none",
        "<strong class=\"mono\">/scopes/0</strong>: ",
        "did you mean READ?</li>",
        "com.example.inventory",
    ] {
        assert!(shown.html.contains(told), "{told}: {}", shown.html);
    }
    assert!(!shown.html.contains("<img"), "what was sent is text: {}", shown.html);
    assert!(server.core.store.apps().await.expect("a store").is_empty());
}

#[rocket::async_test]
async fn a_descriptor_is_fetched_from_where_the_app_serves_it() {
    let server = server().await;
    let mut dev = developer(&server).await;

    let shown = dev.open_and_fill(CONNECT, CONNECT, &[("url", &served().await)]).await;

    assert!(shown.html.contains("Inventory runs version 1.0"), "{}", shown.html);
}

#[rocket::async_test]
async fn a_developer_cannot_have_the_server_ask_a_private_address() {
    let server = server_with("[default.connect]\nallow_private_addresses = false").await;
    let mut dev = developer(&server).await;

    let url = served().await;
    let shown = dev.open_and_fill(CONNECT, CONNECT, &[("url", &url)]).await;
    let nothing = dev.open_and_fill(CONNECT, CONNECT, &[]).await;

    assert!(shown.html.contains("127.0.0.1 is at a private address"), "{}", shown.html);
    assert!(shown.html.contains(&format!("value=\"{url}\"")), "what was typed is kept: {}", shown.html);
    assert!(nothing.html.contains("There is no descriptor"), "{}", nothing.html);
}

#[rocket::async_test]
async fn the_connect_app_of_somebody_else_cannot_be_registered() {
    let server = server().await;
    let mut dev = developer(&server).await;
    dev.open_and_fill(CONNECT, CONNECT, &[("descriptor", DESCRIPTOR)]).await;
    server.user("other@example.com", PASSWORD).await;
    let mut other = server.visitor();
    other.log_in("other@example.com", PASSWORD).await;

    let shown = other.open_and_fill(CONNECT, CONNECT, &[("descriptor", DESCRIPTOR)]).await;

    assert!(shown.html.contains("belongs to somebody else"), "{}", shown.html);
}
