//! What two readers of one connection could read differently is refused, or read in the one way that is safe. These go
//! through a real socket, since the framing is what they are about.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use rocket::fairing::AdHoc;
use tokio::sync::oneshot;

use crate::support::server::{TestServer, server};

/// A server that listens, until this is dropped.
struct Listening {
    address: SocketAddr,
    shutdown: rocket::Shutdown,
    _server: TestServer,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

async fn listening() -> Listening {
    let server = server().await.with_resources().await;
    let (tell, told) = oneshot::channel();
    let figment = rocket::figment::Figment::from(rocket::Config::release_default())
        .merge(("address", "127.0.0.1"))
        .merge(("port", 0))
        .merge(("log_level", "off"));
    let rocket = hallmark::launch::rocket(server.core.clone(), figment).attach(AdHoc::on_liftoff("port", |rocket| {
        let port = rocket.config().port;
        Box::pin(async move { tell.send(port).expect("somebody waits") })
    }));
    let rocket = rocket.ignite().await.expect("a rocket");
    let shutdown = rocket.shutdown();
    tokio::spawn(rocket.launch());
    let address = (Ipv4Addr::LOCALHOST, told.await.expect("a port")).into();
    Listening { address, shutdown, _server: server }
}

/// What the server answers to these bytes: status and body.
async fn say(listening: &Listening, bytes: Vec<u8>) -> (u16, String) {
    let address = listening.address;
    tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("a connection");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
        // The server may close before everything is sent; what it answered is still there.
        let _ = socket.write_all(&bytes);
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, answer)
    })
    .await
    .expect("no panic")
}

fn request(headers: &str, body: &str) -> Vec<u8> {
    let start = "POST /oauth/token HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n";
    format!("{start}Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lengths_are_a_bad_request() {
    let listening = listening().await;

    let (status, _) = say(&listening, request("Content-Length: 3\r\nContent-Length: 4\r\n", "a=bc")).await;

    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_chunks_is_ignored_and_nothing_is_left_over() {
    let listening = listening().await;
    let smuggled = "GET /account HTTP/1.1\r\nHost: hallmark.test\r\n\r\n";
    let headers = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", smuggled.len() + 5);

    let (status, answer) = say(&listening, request(&headers, &format!("0\r\n\r\n{smuggled}"))).await;

    assert!(status == 400 || status == 401, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "the rest must not be answered as a request: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_refused_and_the_server_goes_on() {
    let listening = listening().await;
    let many: String = (0..1000).map(|number| format!("X-{number}: y\r\n")).collect();
    let large = format!("X: {}\r\n", "y".repeat(2 * 1024 * 1024));

    for headers in [many, large] {
        let (status, answer) = say(&listening, request(&headers, "")).await;
        assert!(status == 431 || status == 400 || status == 0, "{status} {answer}");
    }
    assert_eq!(say(&listening, request("Content-Length: 0\r\n", "")).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_says_what_software_this_is() {
    let listening = listening().await;

    let (_, answer) = say(&listening, request("Content-Length: 0\r\n", "")).await;

    assert!(!answer.to_lowercase().contains("server:") && !answer.contains("Rocket"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_nobody_knows_gets_an_answer_of_ours_with_every_header() {
    let listening = listening().await;

    for (path, told) in [("/login", "This request cannot be read"), ("/oauth/token", "invalid_request")] {
        let bytes = format!("PROPFIND {path} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n\r\n");
        let (status, answer) = say(&listening, bytes.into_bytes()).await;

        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains(told) && answer.contains("frame-ancestors 'none'"), "{answer}");
        assert!(answer.to_lowercase().contains("x-content-type-options: nosniff"), "{answer}");
    }
}
