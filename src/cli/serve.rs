//! `serve`: configuration, store, control socket, sweep and pages, until a signal.

use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;

use crate::access::keys;
use crate::accounts::people::{self, PeopleError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{CommandError, Exit};
use crate::cli::arguments::Place;
use crate::cli::control::Listener;
use crate::cli::open::Opened;
use crate::cli::reload::{self, Reload};
use crate::cli::settings::Settings;
use crate::cli::signals::{Asked, Signals};
use crate::cli::{logs, operations, service, setup_link};
use crate::domain::event::Actor;
use crate::front::{self, Front, FrontError, memory};
use crate::launch;
use crate::secrets::random;
use crate::store::Swept;

const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Serves until a signal comes, then drains, makes everything durable and lets the folder go.
///
/// # Errors
/// [`CommandError`] says why it could not begin, or why it ended.
pub async fn serve(place: Place) -> Result<Exit, CommandError> {
    let settings = Settings::read(&place)?;
    let log = logs::begin(&settings.config.log.filter);
    // What is touched once, at the start, need not be fast.
    memory::take_huge_pages(false);
    let opened = Opened::open_to_serve(settings.config.clone()).await?;
    if let Some(dropped) = log.dropped_lines() {
        opened.server.telemetry.adopt_dropped_lines(dropped);
    }
    memory::take_huge_pages(true);
    let ended = serve_on(&opened, (place, settings), log.filter()).await;
    let closed = opened.close().await;
    ended.and(closed).map(|()| Exit::Done)
}

async fn serve_on(
    opened: &Opened,
    (place, settings): (Place, Settings),
    log: logs::Filter,
) -> Result<(), CommandError> {
    let server = opened.server.clone();
    let mut signals = Signals::listen()?;
    keys::advance(&server).await?;
    let welcome = welcome(&server).await?;
    let address: String = settings.figment.extract_inner("address").unwrap_or_default();
    let port: u16 = settings.figment.extract_inner("port").unwrap_or_default();
    // Whoever finds the server reachable finds it at both places, so the socket for commands comes first.
    let mut beside = JoinSet::new();
    let listener = Listener::bind(&server.config.store.folder);
    let operations = operations::bind(&server, &settings.figment).await?;
    let running = Mutex::new(reload::keys(&settings.figment));
    let rocket = launch::rocket(server.clone(), settings.figment);
    let kept = front::Settings::of(&server.config).counted_by(&server.telemetry);
    let front = Front::bind(rocket, (&address, port), kept).await?;
    let front = front.with_express(launch::express(server.clone())).with_gateway(launch::gateway(server.clone()));
    let reload = Arc::new(Reload { place, server: server.clone(), front: front.adjuster(), log, running });
    match listener {
        Ok(listener) => drop(beside.spawn(listener.listen(reload.clone()))),
        Err(error) => tracing::warn!(%error, "no control socket: commands cannot reach this server while it runs"),
    }
    if let Some(operations) = operations {
        // It answers until the very end, so that whoever asks meanwhile learns that this is one.
        beside.spawn(operations.serve(std::future::pending()));
    }
    tell(&welcome);
    service::ready();

    beside.spawn(sweep(server.clone()));
    let (end, ended) = oneshot::channel();
    let ending = server.clone();
    beside.spawn(async move {
        while signals.next().await == Asked::Reload {
            // Nobody waits for the answer; the log has it.
            let _ = reload.run().await;
        }
        service::stopping();
        ending.readiness.drain();
        let _ = end.send(());
        // Whoever asks twice does not want to wait. What was promised is durable already.
        while signals.next().await == Asked::Reload {}
        std::process::exit(Exit::Failed as i32);
    });
    front.serve(async move { ended.await.unwrap_or_default() }).await;
    server.settle_uses().await;
    beside.shutdown().await;
    Ok(())
}

/// Every minute, lets signing keys age and drops what expired, a bounded number of records at a time so that requests come
/// in between.
pub(super) async fn sweep(server: Arc<AuthorizationServer>) {
    let mut minutes = tokio::time::interval(SWEEP_EVERY);
    minutes.tick().await;
    // Nodes that are started together do not sweep together after that.
    minutes.reset_after(random::part_of(SWEEP_EVERY));
    loop {
        server.settle_uses().await;
        if let Err(error) = keys::advance(&server).await {
            tracing::error!(%error, "the signing keys could not be rotated");
        }
        let horizon = server.horizon();
        loop {
            let began = Instant::now();
            match server.store.sweep(horizon).await {
                // However much expired at once, a quarter of a core is all that it takes.
                Ok(Swept::MoreLeft) => tokio::time::sleep(began.elapsed() * 3).await,
                Ok(Swept::Clean) => break,
                Err(error) => {
                    tracing::error!(%error, "what expired could not be dropped");
                    break;
                }
            }
        }
        minutes.tick().await;
    }
}

/// What to say once the server can be reached.
enum Welcome {
    /// There is an admin, so nothing needs to be done.
    Running { address: String, folder: PathBuf },
    /// There is none: this link makes the first.
    FirstRun { address: String, folder: PathBuf, link: String, lasts: String },
}

async fn welcome(server: &AuthorizationServer) -> Result<Welcome, CommandError> {
    let folder = server.config.store.folder.clone();
    let address = server.config.issuer.url.to_string();
    match people::setup_link(server, Actor::Operator).await {
        Ok(link) => {
            let lasts = server.config.lifetimes.setup_link.to_string();
            Ok(Welcome::FirstRun { address, folder, link, lasts })
        }
        Err(PeopleError::AdminExists) => {
            let _ = std::fs::remove_file(setup_link::file(&folder));
            Ok(Welcome::Running { address, folder })
        }
        Err(error) => Err(error.into()),
    }
}

/// Says it on a terminal. A link is a secret for half an hour, so elsewhere it goes into a file that only its owner reads,
/// because what is printed there ends up in logs.
fn tell(welcome: &Welcome) {
    match welcome {
        Welcome::FirstRun { folder, link, .. } if !std::io::stdout().is_terminal() => match write_link(folder, link) {
            Ok(path) => tracing::info!(file = %path.display(), "no admin yet: the one-time setup link is in this file"),
            Err(error) => tracing::error!(%error, "the setup link could not be written; run: hallmark setup-link"),
        },
        Welcome::FirstRun { address, folder, link, lasts } => {
            println!("\n  Hallmark is running at   {address}");
            println!("  First admin sign-in      {link}   (valid {lasts}, one use)");
            println!("  Missed it?               hallmark --data {} setup-link", folder.display());
            println!("  Data                     {}\n", folder.display());
        }
        Welcome::Running { address, folder } if std::io::stdout().is_terminal() => {
            println!("\n  Hallmark is running at   {address}\n  Data                     {}\n", folder.display());
        }
        Welcome::Running { .. } => {}
    }
    let (Welcome::FirstRun { address, .. } | Welcome::Running { address, .. }) = welcome;
    tracing::info!(issuer = %address, "serving");
}

fn write_link(folder: &Path, link: &str) -> std::io::Result<PathBuf> {
    let path = setup_link::file(folder);
    // A file that is there may be open to others; a new one is not.
    let _ = std::fs::remove_file(&path);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    writeln!(file, "{link}")?;
    Ok(path)
}

impl From<FrontError> for CommandError {
    fn from(error: FrontError) -> Self {
        match error {
            FrontError::Address { .. } => {
                Self::failed(format!("{error}; choose another with ROCKET_PORT and ROCKET_ADDRESS"))
            }
            FrontError::Tls(fault) => Self::configuration(format!("configuration: {fault}")),
            FrontError::Rocket(fault) => Self::failed(format!("the server could not run: {fault}")),
        }
    }
}
