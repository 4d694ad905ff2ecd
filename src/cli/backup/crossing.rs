//! How records cross the control socket: after the reply's line, each as a length and a part in postcard.
//!
//! The server reads its store; the process that was called writes the file. So a backup belongs to whoever asked for it,
//! a relative path means their folder, and a passphrase never leaves their process.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::backup::stream::{Header, LONGEST};
use crate::domain::event::{Actor, Event};
use crate::store::sled::FORMAT;
use crate::store::{Record, Records};

/// The line that asks for everything.
pub const EXPORT: &str = "\"export\"";

/// How long either side waits for the other. Whoever is slower than that keeps a snapshot for too long.
const PATIENCE: Duration = Duration::from_secs(60);

/// One part of what crosses.
#[derive(Serialize, Deserialize)]
enum Part {
    /// Records of a table.
    Records { table: String, records: Vec<Record> },
    /// There are no more.
    End,
    /// There are, but they could not be read.
    Failed(CommandError),
}

/// What a backup of this server says of it, which is about to be made: the trail has it, and so has the backup.
pub async fn begin(server: &AuthorizationServer) -> Header {
    server.record(Event::BackupRead { by: Actor::Operator }).await;
    // Events wait in memory for a moment, where no snapshot finds them. A store that cannot write can still be read.
    if let Err(error) = server.store.settled().await {
        tracing::warn!(%error, "the backup may lack the newest events");
    }
    Header {
        store_format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        moment: server.now(),
        site: server.site.id.to_string(),
    }
}

/// Sends everything the server keeps.
///
/// # Errors
/// What the socket says.
pub async fn send(to: &mut (impl AsyncWriteExt + Unpin), server: &AuthorizationServer) -> std::io::Result<()> {
    let mut snapshot = match server.store.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) => return send_part(to, &Part::Failed(error.into())).await,
    };
    loop {
        let part = match snapshot.next().await {
            Ok(Some(Records { table, records })) => Part::Records { table, records },
            Ok(None) => Part::End,
            Err(error) => Part::Failed(error.into()),
        };
        send_part(to, &part).await?;
        if !matches!(part, Part::Records { .. }) {
            return Ok(());
        }
    }
}

async fn send_part(to: &mut (impl AsyncWriteExt + Unpin), part: &Part) -> std::io::Result<()> {
    let body = postcard::to_stdvec(part).map_err(std::io::Error::other)?;
    let bytes = [&(body.len() as u32).to_be_bytes(), body.as_slice()].concat();
    timeout(PATIENCE, to.write_all(&bytes)).await?
}

/// The next records that a server sends; `None` at the end.
///
/// # Errors
/// [`CommandError`] if the server failed, or is gone.
pub async fn receive(from: &mut (impl AsyncReadExt + Unpin)) -> Result<Option<Records>, CommandError> {
    let broken = |fault: &str| CommandError::failed(format!("the running server {fault}; look at its log"));
    let body = match timeout(PATIENCE, receive_part(from)).await {
        Ok(body) => body.map_err(|error| broken(&format!("hung up: {error}")))?,
        Err(_) => return Err(broken("sent nothing for a minute")),
    };
    match postcard::from_bytes(&body).map_err(|_| broken("sent something else"))? {
        Part::Records { table, records } => Ok(Some(Records { table, records })),
        Part::End => Ok(None),
        Part::Failed(error) => Err(error),
    }
}

async fn receive_part(from: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let length = from.read_u32().await?;
    if length > LONGEST {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length as usize];
    from.read_exact(&mut body).await?;
    Ok(body)
}
