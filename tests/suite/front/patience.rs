//! Slow callers. The settings are short, so that the tests are; each waits for the server to close, not for a time.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::listening::{Listening, rest_of};
use crate::support::server::server_with;

const SHORT: &str = "[default.connections]\nhead = 1\nbody = 1\nwrite = 1";

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_nothing_or_half_a_head_is_hung_up_on() {
    let server = server_with(SHORT).await;
    let front = Listening::to(&server).await;

    for begun in ["", "P", "POST /oauth/token HTTP/1.1\r\nHost: hallmark.test\r\nContent-Type: app"] {
        let mut socket = front.connect().await;
        socket.write_all(begun.as_bytes()).await.expect("sent");
        let answer = rest_of(&mut socket).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{begun:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_drips_a_head_byte_by_byte_is_hung_up_on_all_the_same() {
    let server = server_with(SHORT).await;
    let front = Listening::to(&server).await;
    let (mut reader, mut writer) = front.connect().await.into_split();

    let dripping = tokio::spawn(async move {
        for byte in b"GET /login HTTP/1.1\r\nX-Slow: ".iter().chain(std::iter::repeat(&b'x')) {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    let _ = reader.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    dripping.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_ends_the_connection_and_nothing_is_decided() {
    let server = server_with(SHORT).await;
    let front = Listening::to(&server).await;
    let head = "POST /oauth/token HTTP/1.1\r\nHost: hallmark.test\r\nContent-Length: 100\r\n\r\ngrant_type=";

    let (status, answer) = front.say(head).await;

    assert_eq!((status, answer.as_str()), (0, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_after_it_was_served() {
    let server = server_with(SHORT).await;
    let front = Listening::to(&server).await;

    let (status, answer) = front.say("GET /login HTTP/1.1\r\nHost: hallmark.test\r\n\r\n").await;

    assert_eq!(status, 200);
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_and_asks_and_never_reads_is_hung_up_on() {
    let server = server_with(SHORT).await;
    let front = Listening::to(&server).await;
    let (_reader, mut writer) = front.connect().await.into_split();
    let request = b"GET /static/main.css HTTP/1.1\r\nHost: hallmark.test\r\n\r\n".repeat(100);

    // The reader is never read: sending works until the buffers between are full, and fails once the server gave up.
    let refused = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while writer.write_all(&request).await.is_ok() {}
    });
    refused.await.expect("the server hangs up");
}
