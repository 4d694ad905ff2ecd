//! From settings to a server on its store.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use crate::authorization_server::{AuthorizationServer, Clock, StartError};
use crate::cli::answer::CommandError;
use crate::cli::kek;
use crate::config::Config;
use crate::domain::site::Site;
use crate::store::Sites;
use crate::store::sled::{Acknowledges, Opening, SledStore};

/// Only its owner may look into the data folder.
pub const FOLDER_MODE: u32 = 0o700;

/// A server and the store beneath it, which must be closed at the end.
pub struct Opened {
    /// The server.
    pub server: Arc<AuthorizationServer>,
    store: Arc<SledStore>,
}

impl Opened {
    /// Opens the store in the configured folder, which is made if need be.
    ///
    /// # Errors
    /// [`CommandError`] names the process that has the folder, or what is wrong with it.
    pub async fn open(config: Config) -> Result<Self, CommandError> {
        let store = open_store(&config)?;
        Self::begin(config, store).await
    }

    /// Opens a new store, whose site is this one.
    ///
    /// # Errors
    /// As [`Opened::open`].
    pub async fn open_with_site(config: Config, site: &Site) -> Result<Self, CommandError> {
        let store = open_store(&config)?;
        store.default_site(site).await?;
        Self::begin(config, store).await
    }

    async fn begin(config: Config, store: Arc<SledStore>) -> Result<Self, CommandError> {
        let sealing = kek::sealing_key(&config, store.as_ref()).await?;
        let server = AuthorizationServer::new(config, store.clone(), sealing, Clock::System).await?;
        Ok(Self { server: Arc::new(server), store })
    }

    /// Makes everything durable and lets another process have the folder.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refused it.
    pub async fn close(self) -> Result<(), CommandError> {
        drop(self.server);
        Ok(self.store.close().await?)
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

fn open_store(config: &Config) -> Result<Arc<SledStore>, CommandError> {
    make_folder(&config.store.folder)?;
    let opening = Opening {
        cache_mib: config.store.cache_mib,
        free_space_mib: config.store.free_space_mib,
        acknowledges: Acknowledges::WhenDurable,
    };
    Ok(Arc::new(SledStore::open_as(&config.store.folder, opening)?))
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
