//! From settings to a server on its store: the embedded one in the data folder, or the database that they name.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use crate::authorization_server::{AuthorizationServer, Clock, StartError};
use crate::cli::answer::CommandError;
use crate::cli::{database, kek};
use crate::config::Config;
use crate::domain::site::Site;
use crate::store::Store;
use crate::store::postgres::PostgresStore;
use crate::store::sled::{Acknowledges, Opening, SledStore};

/// Only its owner may look into the data folder.
pub const FOLDER_MODE: u32 = 0o700;

/// A server and the store beneath it, which must be closed at the end.
pub struct Opened {
    /// The server.
    pub server: Arc<AuthorizationServer>,
    kept: Kept,
}

/// The store beneath, as what lets go of it.
enum Kept {
    /// In the data folder, which is this process's alone.
    Embedded(Arc<SledStore>),
    /// In a database, beside other processes.
    Shared(Arc<PostgresStore>),
}

impl Opened {
    /// Opens the store: that in the configured folder, which is made if need be, or the database, whose schema must be up to date.
    ///
    /// # Errors
    /// [`CommandError`] names the process that has the folder, or what is wrong with it or with the database.
    pub async fn open(config: Config) -> Result<Self, CommandError> {
        let kept = Kept::open(&config).await?;
        Self::begin(config, kept).await
    }

    /// As [`Opened::open`], for a server: it brings the schema of a database up to date, unless that is done by hand.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub async fn open_to_serve(config: Config) -> Result<Self, CommandError> {
        database::bring_up(&config.store).await?;
        Self::open(config).await
    }

    /// Opens a new store, whose site is this one.
    ///
    /// # Errors
    /// As [`Opened::open`], and for a database that is in use.
    pub async fn open_with_site(config: Config, site: &Site) -> Result<Self, CommandError> {
        database::bring_up(&config.store).await?;
        let kept = Kept::open(&config).await?;
        let store = kept.store();
        if !store.sites().await?.is_empty() || !store.users().await?.is_empty() {
            return Err(CommandError::failed(
                "the database that store.url names is in use, and people and apps would be added to it; name an empty one, \
                 or none by taking HALLMARK_STORE__URL out of the environment",
            ));
        }
        store.default_site(site).await?;
        Self::begin(config, kept).await
    }

    async fn begin(config: Config, kept: Kept) -> Result<Self, CommandError> {
        let store = kept.store();
        let sealing = kek::sealing_key(&config, store.as_ref()).await?;
        let server = AuthorizationServer::new(config, store, sealing, Clock::System).await;
        let server = server.map_err(|error| match (error, &kept) {
            (StartError::OtherSealingKey, Kept::Shared(_)) => CommandError::integrity(
                "the database was sealed under another key-encryption key than the one of this node: every node needs the same, \
                 so copy it from a node that serves, to the file kek in the data folder, the systemd credential kek or the \
                 file that HALLMARK_KEYS__KEK_FILE names",
            ),
            (error, _) => error.into(),
        })?;
        Ok(Self { server: Arc::new(server), kept })
    }

    /// Whether the data folder is this process's alone, so that whatever others left in it is of nobody any more.
    pub fn has_the_folder(&self) -> bool {
        matches!(self.kept, Kept::Embedded(_))
    }

    /// Makes everything durable and lets another process have the folder.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refused it.
    pub async fn close(self) -> Result<(), CommandError> {
        drop(self.server);
        match self.kept {
            Kept::Embedded(store) => store.close().await?,
            Kept::Shared(store) => store.close(),
        }
        Ok(())
    }
}

impl Kept {
    async fn open(config: &Config) -> Result<Self, CommandError> {
        let settings = &config.store;
        make_folder(&settings.folder)?;
        if let Some(opening) = database::opening(settings) {
            return Ok(Self::Shared(Arc::new(PostgresStore::open(&opening).await?)));
        }
        let opening = Opening {
            cache_mib: settings.cache_mib,
            free_space_mib: settings.free_space_mib,
            acknowledges: Acknowledges::WhenDurable,
        };
        Ok(Self::Embedded(Arc::new(SledStore::open_as(&settings.folder, opening)?)))
    }

    fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(store) => store.clone(),
            Self::Shared(store) => store.clone(),
        }
    }
}

impl From<StartError> for CommandError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Passwords(fault) => Self::configuration(format!("configuration: passwords: {fault}")),
            StartError::OtherSealingKey => Self::integrity(
                "the store was sealed under another key-encryption key: bring that one back, as the file kek in the data \
                 folder, the systemd credential kek or the file that HALLMARK_KEYS__KEK_FILE names",
            ),
            StartError::Store(error) => error.into(),
        }
    }
}

/// Makes the data folder; one that is there and empty is closed to others, one with contents is left as it is.
fn make_folder(folder: &Path) -> Result<(), CommandError> {
    let made = match DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder) {
        Ok(()) if is_empty(folder) => std::fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)),
        other => other,
    };
    made.map_err(|error| {
        let message = format!("the data folder {} cannot be used: {error}; name another with --data", folder.display());
        match error.kind() {
            ErrorKind::StorageFull => CommandError::temporary(message),
            _ => CommandError::failed(message),
        }
    })
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
