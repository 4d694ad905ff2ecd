//! A Rocket behind the front, spoken to in bytes through a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use hallmark::front::{Front, Settings};
use rocket::{Build, Rocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::server::TestServer;

/// Longer than any test has to wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// A front that listens until it is told to end, or this is dropped.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Listening {
    /// The front of `server`, as its settings say.
    pub async fn to(server: &TestServer) -> Self {
        let figment = rocket::figment::Figment::from(rocket::Config::release_default());
        let rocket = hallmark::launch::rocket(server.core.clone(), figment);
        Self::express_before(rocket, server).await
    }

    /// The front of `server` at a port, for whoever must find it at its issuer.
    pub async fn at(server: &TestServer, port: u16) -> Self {
        let figment = rocket::figment::Figment::from(rocket::Config::release_default());
        let rocket = hallmark::launch::rocket(server.core.clone(), figment);
        let settings = Settings::of(&server.core.config);
        Self::begin(Front::bind(rocket, ("127.0.0.1", port), settings).await.expect("a front"))
    }

    /// The front of any Rocket, with the express lane of `server` before it.
    pub async fn express_before(rocket: Rocket<Build>, server: &TestServer) -> Self {
        let settings = Settings::of(&server.core.config);
        let front = Front::bind(rocket, ("127.0.0.1", 0), settings).await.expect("a front");
        let front = front.with_express(hallmark::launch::express(server.core.clone()));
        Self::begin(front.with_gateway(hallmark::launch::gateway(server.core.clone())))
    }

    /// The front of any Rocket.
    pub async fn with(rocket: Rocket<Build>, settings: Settings) -> Self {
        Self::begin(Front::bind(rocket, ("127.0.0.1", 0), settings).await.expect("a front"))
    }

    fn begin(front: Front) -> Self {
        let address = front.address().expect("an address");
        let (end, ended) = oneshot::channel::<()>();
        let serving = tokio::spawn(front.serve(async move { ended.await.unwrap_or_default() }));
        Self { address, end, serving }
    }

    /// A connection to it.
    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("a connection")
    }

    /// Everything that it answers to these bytes on a connection of their own: the status of the first answer, and all.
    pub async fn say(&self, bytes: impl AsRef<[u8]>) -> (u16, String) {
        let mut socket = self.connect().await;
        // The server may close before everything is sent; what it answered is still there.
        let _ = socket.write_all(bytes.as_ref()).await;
        let answer = rest_of(&mut socket).await;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, answer)
    }

    /// Tells it to end, and waits until it has.
    pub async fn end(self) {
        drop(self.end);
        timeout(PATIENCE, self.serving).await.expect("it ends").expect("no panic");
    }
}

/// Everything that still comes on a connection, until the other side closes it.
pub async fn rest_of(socket: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the connection is closed");
    String::from_utf8_lossy(&answer).into_owned()
}
