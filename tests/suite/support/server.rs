//! TestServer: in-process, fixed clock, cheap password hashes, a store of its own.

use std::sync::Arc;

use hallmark::authorization_server::{AuthorizationServer, Clock};
use hallmark::config::Config;
use hallmark::domain::time::Timestamp;
use hallmark::launch;
use hallmark::secrets::seal::SealingKey;
use hallmark::store::Swept;
use rocket::figment::Figment;
use rocket::figment::providers::{Format, Toml};
use rocket::local::asynchronous::Client;

use crate::support::faulty_store::{Faults, FaultyStore};
use crate::support::kept::KeptIn;

/// When every test begins: 24 November 2025, 16:00 UTC.
pub const NOW: Timestamp = Timestamp(1_764_000_000);

const SETTINGS: &str = r#"
[default]
ident = false
ip_header = false
log_level = "off"
[default.issuer]
url = "https://hallmark.test"
[default.passwords]
memory_kib = 64
iterations = 1
[default.connect]
allow_private_addresses = true
"#;

/// A server that a test talks to.
pub struct TestServer {
    /// Speaks HTTP to it without a socket.
    pub local: Client,
    /// Its inside, for what no endpoint shows.
    pub core: Arc<AuthorizationServer>,
    figment: Figment,
    kept: KeptIn,
}

/// A server with nothing in it.
pub async fn server() -> TestServer {
    server_with("").await
}

/// A server with more settings, in TOML.
pub async fn server_with(settings: &str) -> TestServer {
    begin(KeptIn::nothing().await, figment(settings), Clock::fixed(NOW), Faults::default()).await
}

/// A server whose store fails when `faults` says so.
pub async fn server_with_faults(faults: Faults) -> TestServer {
    begin(KeptIn::nothing().await, figment(""), Clock::fixed(NOW), faults).await
}

fn figment(settings: &str) -> Figment {
    Figment::from(rocket::Config::release_default())
        .merge(Toml::string(SETTINGS).nested())
        .merge(Toml::string(settings).nested())
}

async fn begin(kept: KeptIn, figment: Figment, clock: Clock, faults: Faults) -> TestServer {
    let config = Config::read(&figment).expect("settings");
    let store = Arc::new(FaultyStore::new(kept.open().await, faults));
    let sealing = SealingKey::new([7; 32]);
    let core = AuthorizationServer::new(config, store, sealing, clock).await.expect("a server");
    let core = Arc::new(core);
    let rocket = launch::rocket(core.clone(), figment.clone());
    // Not tracked: the tests say themselves which cookies a browser sends.
    let local = Client::untracked(rocket).await.expect("a rocket");
    TestServer { local, core, figment, kept }
}

impl TestServer {
    /// Drops what is over by now, all of it.
    pub async fn sweep(&self) {
        while self.core.store.sweep(self.core.horizon()).await.expect("a store") == Swept::MoreLeft {}
    }

    /// The server after it stopped and began again on the same store, at the same time.
    pub async fn restarted(self) -> TestServer {
        let TestServer { local, core, figment, kept } = self;
        let clock = core.clock.clone();
        drop(local);
        drop(core);
        begin(kept, figment, clock, Faults::default()).await
    }
}
