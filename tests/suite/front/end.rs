//! The end of a server: what is under way is answered, and who idles does not delay it.

use std::sync::Arc;

use hallmark::front::Settings;
use rocket::State;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use crate::support::listening::{Listening, rest_of};

/// One permit says that a request began, another that it may go on.
#[derive(Default)]
struct Gate {
    began: Option<Arc<Semaphore>>,
    go_on: Option<Arc<Semaphore>>,
}

#[rocket::get("/waits")]
async fn waits(gate: &State<Gate>) -> &'static str {
    if let (Some(began), Some(go_on)) = (&gate.began, &gate.go_on) {
        began.add_permits(1);
        go_on.acquire().await.expect("a permit").forget();
    }
    "answered"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_answered_and_idle_connections_are_closed() {
    let (began, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Gate { began: Some(began.clone()), go_on: Some(go_on.clone()) };
    let rocket = rocket::build().manage(gate).mount("/", rocket::routes![waits]);
    let front = Listening::with(rocket, Settings::default()).await;
    let (mut idle, mut busy) = (front.connect().await, front.connect().await);
    busy.write_all(b"GET /waits HTTP/1.1\r\nHost: hallmark.test\r\n\r\n").await.expect("sent");
    began.acquire().await.expect("a permit").forget();

    let address = front.address;
    let ending = tokio::spawn(front.end());
    assert_eq!(rest_of(&mut idle).await, "", "who idles is told at once");
    go_on.add_permits(1);

    let answer = rest_of(&mut busy).await;
    assert!(answer.ends_with("answered"), "{answer}");
    ending.await.expect("no panic");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_does_not_keep_the_server_from_ending() {
    let (began, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gate = Gate { began: Some(began.clone()), go_on: Some(go_on) };
    let rocket = rocket::build().manage(gate).mount("/", rocket::routes![waits]);
    let mut settings = Settings::default();
    settings.connections.drain = hallmark::domain::time::Lifetime::seconds(1);
    let front = Listening::with(rocket, settings).await;
    let mut busy = front.connect().await;
    busy.write_all(b"GET /waits HTTP/1.1\r\nHost: hallmark.test\r\n\r\n").await.expect("sent");
    began.acquire().await.expect("a permit").forget();

    front.end().await;
}
