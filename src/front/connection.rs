//! One connection, from its handshake to its end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rocket::local::asynchronous::Client;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::front::dispatch::dispatch;
use crate::front::express::Lane;
use crate::front::gateway::Forwarder;
use crate::front::patience::Patient;
use crate::front::terms::Terms;

/// The longest head of a request; a longer one is answered with 431.
const MAX_HEAD: usize = 32 * 1024;

/// What every connection is handed.
pub struct Shared {
    pub rocket: Arc<Client>,
    pub express: Option<Arc<Lane>>,
    pub gateway: Option<Arc<Forwarder>>,
    pub terms: Arc<Terms>,
}

impl Shared {
    /// How long the peer of a new connection may say nothing: half of what a head may take, so that both together are no longer
    /// than one and a half.
    pub fn silence(&self) -> Duration {
        Duration::from(self.terms.settings.connections.head) / 2
    }
}

/// Whether the peer of a new connection says something within that time.
pub async fn speaks(stream: &TcpStream, patience: Duration, mut draining: watch::Receiver<()>) -> bool {
    // That a new socket can be read is said before anybody knows whether it can; only a look at what is there tells.
    let mut first = [0];
    tokio::select! {
        said = timeout(patience, stream.peek(&mut first)) => matches!(said, Ok(Ok(1))),
        _ = draining.changed() => false,
    }
}

/// Serves a connection until it ends, or, once `draining` says so, until the request under way is answered.
pub async fn serve(stream: TcpStream, peer: SocketAddr, shared: Shared, draining: watch::Receiver<()>) {
    match &shared.terms.certificate {
        None => speak(stream, peer, &shared, draining).await,
        Some(certificate) => {
            let patience = shared.terms.settings.connections.head.into();
            if let Ok(Ok(stream)) = timeout(patience, certificate.acceptor.accept(stream)).await {
                speak(stream, peer, &shared, draining).await;
            }
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    shared: &Shared,
    mut draining: watch::Receiver<()>,
) {
    let limits = &shared.terms.settings.connections;
    let stream = TokioIo::new(Patient::new(stream, limits.write.into()));
    let service = service_fn(|request: hyper::Request<Incoming>| dispatch(shared, peer, limits.body.into(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from(limits.head))
        .max_header_size(MAX_HEAD)
        .max_buf_size(2 * MAX_HEAD)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    // However a connection ends, there is nobody left to tell.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = draining.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    /// Both ends of a new connection.
    async fn connection() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (ours, theirs) = tokio::join!(listener.accept(), TcpStream::connect(address));
        (ours.expect("accepted").0, theirs.expect("connected"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_speaks_once_its_peer_does_and_not_by_being_new() {
        let (_drain, draining) = watch::channel(());
        let patience = Duration::from_secs(5);

        let (ours, mut theirs) = connection().await;
        assert!(!speaks(&ours, patience, draining.clone()).await);
        theirs.write_all(b"G").await.expect("sent");
        assert!(speaks(&ours, patience, draining.clone()).await);

        let (ours, theirs) = connection().await;
        drop(theirs);
        assert!(!speaks(&ours, patience, draining).await, "who hung up says nothing any more");
    }
}
