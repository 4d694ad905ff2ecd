//! What two readers of one connection could read differently is refused, or read in the one way that is safe. These go
//! through a real socket, since the framing is what they are about.

use crate::support::listening::Listening;
use crate::support::server::{TestServer, server};

async fn listening() -> (Listening, TestServer) {
    let server = server().await.with_resources().await;
    (Listening::to(&server).await, server)
}

fn request(headers: &str, body: &str) -> Vec<u8> {
    let start = "POST /oauth/token HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n";
    format!("{start}Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}").into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lengths_are_a_bad_request() {
    let (front, _server) = listening().await;

    let (status, _) = front.say(request("Content-Length: 3\r\nContent-Length: 4\r\n", "a=bc")).await;

    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_chunks_is_ignored_and_nothing_is_left_over() {
    let (front, _server) = listening().await;
    let smuggled = "GET /account HTTP/1.1\r\nHost: hallmark.test\r\n\r\n";
    let headers = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", smuggled.len() + 5);

    let (status, answer) = front.say(request(&headers, &format!("0\r\n\r\n{smuggled}"))).await;

    assert!(status == 400 || status == 401, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "the rest must not be answered as a request: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_refused_and_the_server_goes_on() {
    let (front, _server) = listening().await;
    let many: String = (0..1000).map(|number| format!("X-{number}: y\r\n")).collect();
    let large = format!("X: {}\r\n", "y".repeat(2 * 1024 * 1024));

    for headers in [many, large] {
        let (status, answer) = front.say(request(&headers, "")).await;
        assert!(status == 431 || status == 400 || status == 0, "{status} {answer}");
    }
    assert_eq!(front.say(request("Content-Length: 0\r\n", "")).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_says_what_software_this_is() {
    let (front, _server) = listening().await;

    let (_, answer) = front.say(request("Content-Length: 0\r\n", "")).await;

    assert!(!answer.to_lowercase().contains("server:") && !answer.contains("Rocket"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_nobody_knows_gets_an_answer_of_ours_with_every_header() {
    let (front, _server) = listening().await;

    for (path, told) in [("/login", "This request cannot be read"), ("/oauth/token", "invalid_request")] {
        let bytes = format!("PROPFIND {path} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n\r\n");
        let (status, answer) = front.say(bytes).await;

        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains(told) && answer.contains("frame-ancestors 'none'"), "{answer}");
        assert!(answer.to_lowercase().contains("x-content-type-options: nosniff"), "{answer}");
    }
}
