//! The front: accepts connections, limits how long each may take and how many there are, and hands every whole request to
//! Rocket. Rocket's own listener closes no slow or idle connection, so that a few hundred of them stop all service.
//!
//! | file | what |
//! |---|---|
//! | `limits` | how many connections there are, in all and from one address |
//! | `descriptors` | how many connections the machine lets us have |
//! | `connection` | one connection: TLS, the head's time limit, drain |
//! | `dispatch` | one request: hyper's to Rocket's, and its answer back |
//! | `express` | one request that needs no Rocket |
//! | `gateway` | one call that is forwarded to a protected resource |
//! | `memory` | how much of it the machine sees in use |
//! | `patience` | a stream whose reader may not take for ever |
//! | `terms` | on which terms connections are served, which may change |
//! | `tls`, `validity` | the certificate, and when it ends |

mod connection;
mod descriptors;
mod dispatch;
pub mod express;
pub mod gateway;
mod limits;
pub mod memory;
mod patience;
mod terms;
mod tls;
mod validity;

pub use descriptors::most_descriptors;
pub use terms::{Adjuster, Prepared, Renewed};
pub use tls::validity;
pub use validity::Validity;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::config::Config;
use crate::config::connections::Connections;
use crate::config::proxies::Proxies;
use crate::config::tls::Tls;
use crate::front::connection::{Shared, serve, speaks};
pub use crate::front::dispatch::LongBodies;
use crate::front::express::{Express, Lane};
use crate::front::gateway::{Forwarder, Gateway};
use crate::front::limits::{Limits, Seat};
use crate::front::memory::Crowd;
use crate::front::terms::Terms;
use crate::telemetry::{self, Telemetry};

/// How many connections may wait to be accepted; the kernel may hold fewer. One client that connects ten thousand times at
/// once fills a shorter queue now and then, and then waits a second before it tries again.
const WAITING: u32 = 8192;

/// How long the front rests when the machine has no descriptor or no memory for another connection.
const REST: Duration = Duration::from_millis(100);

/// Why a front cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// The address is taken, or is not this machine's.
    #[error("{address} cannot be listened at: {fault}")]
    Address {
        /// Where.
        address: String,
        /// What the operating system says.
        fault: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error("{0}")]
    Tls(String),
    /// Rocket does not begin.
    #[error("{0}")]
    Rocket(String),
}

/// What a front is told beside the Rocket.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How patient it is, and how many connections it holds.
    pub connections: Connections,
    /// Whose connections are not counted by their address: they stand for many people.
    pub proxies: Proxies,
    /// The certificate, where it speaks TLS.
    pub tls: Option<Tls>,
    /// Where its connections are counted.
    pub tally: Arc<telemetry::connections::Connections>,
}

/// A Rocket that can be reached.
pub struct Front {
    listener: TcpListener,
    rocket: Arc<Client>,
    express: Option<Arc<Lane>>,
    gateway: Option<Arc<Forwarder>>,
    adjuster: Adjuster,
}

/// Listens at the first address of that name that can be listened at.
async fn listen(address: (&str, u16)) -> io::Result<TcpListener> {
    let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host(address).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // Connections of a process that just ended keep its address for a minute.
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(WAITING)) {
            Ok(listener) => return Ok(listener),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

impl Settings {
    /// As `config` says.
    pub fn of(config: &Config) -> Self {
        Self {
            connections: config.connections.clone(),
            proxies: config.proxies.clone(),
            tls: config.tls.clone(),
            tally: Arc::default(),
        }
    }

    /// These, of a front whose connections are counted by `telemetry`.
    pub fn counted_by(self, telemetry: &Telemetry) -> Self {
        Self { tally: Arc::clone(&telemetry.connections), ..self }
    }
}

impl Front {
    /// Begins to listen; connections wait until [`Front::serve`].
    ///
    /// # Errors
    /// [`FrontError`] says what cannot be listened at or used.
    pub async fn bind(rocket: Rocket<Build>, address: (&str, u16), settings: Settings) -> Result<Self, FrontError> {
        descriptors::raise_limit();
        let limits = Limits::new(&settings.connections);
        let terms = Arc::new(ArcSwap::from_pointee(Terms::new(settings)?));
        let unusable = |fault| FrontError::Address { address: format!("{}:{}", address.0, address.1), fault };
        let listener = listen(address).await.map_err(unusable)?;
        let rocket = Client::untracked(rocket).await.map_err(|error| FrontError::Rocket(error.kind().to_string()))?;
        Ok(Self {
            listener,
            rocket: Arc::new(rocket),
            express: None,
            gateway: None,
            adjuster: Adjuster { terms, limits },
        })
    }

    /// The same front, with an express lane.
    #[must_use]
    pub fn with_express(self, express: Box<dyn Express>) -> Self {
        Self { express: Some(Arc::new(Lane::new(express))), ..self }
    }

    /// The same front, with a gateway.
    #[must_use]
    pub fn with_gateway(self, gateway: Box<dyn Gateway>) -> Self {
        Self { gateway: Forwarder::new(gateway).map(Arc::new), ..self }
    }

    /// What changes its terms while it serves.
    pub fn adjuster(&self) -> Adjuster {
        self.adjuster.clone()
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `end`, then takes no more connections, closes idle ones at once, and waits for requests under way as
    /// long as the settings say.
    pub async fn serve(self, end: impl Future<Output = ()>) {
        let (drain, draining) = watch::channel(());
        tokio::select! {
            () = end => {}
            () = self.accept(&draining) => {}
        }
        drop(self.listener);
        drop(draining);
        // Every connection sees this, ends after the request under way, and drops its receiver.
        let _ = drain.send(());
        let _ = timeout(self.adjuster.terms.load().settings.connections.drain.into(), drain.closed()).await;
    }

    async fn accept(&self, draining: &watch::Receiver<()>) {
        let limits = &self.adjuster.limits;
        let mut crowd = Crowd::default();
        loop {
            let place = limits.place().await;
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                // Somebody hung up before we came to it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    sleep(REST).await;
                    continue;
                }
            };
            let terms = self.adjuster.terms.load_full();
            let Some(seat) = limits.seat(place, peer.ip(), &terms.settings.proxies) else {
                terms.settings.tally.refused.increment();
                continue;
            };
            crowd.see(terms.settings.tally.open());
            self.converse(stream, peer, (seat, terms), draining.clone());
        }
    }

    fn converse(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        (seat, terms): (Seat, Arc<Terms>),
        draining: watch::Receiver<()>,
    ) {
        let open = terms.settings.tally.opened();
        let shared = Shared {
            rocket: Arc::clone(&self.rocket),
            express: self.express.clone(),
            gateway: self.gateway.clone(),
            terms,
        };
        tokio::spawn(async move {
            // An answer is written at once and whole; waiting for more to send would only delay it.
            let _ = stream.set_nodelay(true);
            // Whoever says nothing has a socket here and no room for a request: that is made once there is one.
            if speaks(&stream, shared.silence(), draining.clone()).await {
                Box::pin(serve(stream, peer, shared, draining)).await;
            }
            drop((seat, open));
        });
    }
}
