//! Where the records of a backup come from: the running server where there is one, else the store here, or the database.

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::time::sleep;

use crate::cli::answer::{CommandError, Exit};
use crate::cli::backup::crossing::{self, EXPORT};
use crate::cli::backup::stream::Header;
use crate::cli::control::{self, Reply, Unreached};
use crate::cli::open::Opened;
use crate::cli::reach::{ATTEMPTS, PAUSE};
use crate::cli::settings::Settings;
use crate::store::sled::holds_store;
use crate::store::{Records, Snapshot};

/// Everything that is kept, on its way.
pub enum Source {
    /// From the running server.
    Running(BufReader<UnixStream>),
    /// From the store, which this process opened.
    Here(Box<dyn Snapshot>, Opened),
}

impl Source {
    /// Cuts: what is acknowledged by now comes, and nothing that begins later.
    ///
    /// # Errors
    /// [`CommandError`] says why nothing can be read.
    pub async fn open(settings: &Settings) -> Result<(Self, Header), CommandError> {
        let folder = &settings.config.store.folder;
        let mut attempts = 1..=ATTEMPTS;
        loop {
            match control::ask(folder, EXPORT).await {
                Ok((Reply::Answer(answer), rest)) => {
                    let header = serde_json::from_value(answer.json)
                        .map_err(|_| CommandError::failed("the running server is of another version; restart it"))?;
                    return Ok((Self::Running(rest), header));
                }
                Ok((Reply::Error(error), _)) => return Err(error),
                Err(Unreached::Failed(error)) => return Err(error),
                Err(Unreached::NobodyThere) => {}
            }
            if settings.config.store.url.is_none() && !holds_store(folder) {
                let message = format!("there is no store in {}; name another folder with --data", folder.display());
                return Err(CommandError::failed(message));
            }
            match Opened::open(settings.config.clone()).await {
                Ok(opened) => {
                    let header = crossing::begin(&opened.server).await;
                    return Ok((Self::Here(opened.server.store.snapshot()?, opened), header));
                }
                Err(error) if error.exit == Exit::Locked && attempts.next().is_some() => sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// The next records; `None` at the end.
    ///
    /// # Errors
    /// [`CommandError`] if they cannot be read.
    pub async fn next(&mut self) -> Result<Option<Records>, CommandError> {
        match self {
            Self::Running(stream) => crossing::receive(stream).await,
            Self::Here(snapshot, _) => Ok(snapshot.next().await?),
        }
    }

    /// Lets go of the store.
    ///
    /// # Errors
    /// [`CommandError`] if it could not be closed in order.
    pub async fn close(self) -> Result<(), CommandError> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Here(snapshot, opened) => {
                drop(snapshot);
                opened.close().await
            }
        }
    }
}
