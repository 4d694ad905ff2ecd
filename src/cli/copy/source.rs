//! Source: the store that is copied, which nobody else has open, or of which nobody may.

use sha2::{Digest as _, Sha256};

use crate::cli::answer::{CommandError, Exit};
use crate::cli::copy::place::Place;
use crate::config::store::StoreSettings;
use crate::store::kept::decode;
use crate::store::postgres::PostgresStore;
use crate::store::sled::{SledStore, holds_store};
use crate::store::{Keys, Portable, Snapshot};

/// The store that is copied.
pub enum Source {
    /// An embedded one.
    Embedded(Box<SledStore>),
    /// A shared one.
    Shared(Box<PostgresStore>),
}

impl Source {
    /// Opens it.
    ///
    /// # Errors
    /// [`CommandError`] says who has it, that there is none, or that it is not whole.
    pub async fn open(place: &Place, settings: &StoreSettings) -> Result<Self, CommandError> {
        match place {
            Place::Folder(folder) if !holds_store(folder) => {
                Err(CommandError::failed(format!("there is no store in {}", folder.display())))
            }
            Place::Folder(folder) => {
                let store = SledStore::open(folder, settings.cache_mib).map_err(|error| {
                    let error = CommandError::from(error);
                    match error.exit {
                        Exit::Locked => CommandError::locked(format!("{error}; stop it first")),
                        _ => error,
                    }
                })?;
                Ok(Self::Embedded(Box::new(store)))
            }
            Place::Database(opening) => Ok(Self::Shared(Box::new(PostgresStore::open(opening).await?))),
        }
    }

    /// What tells this store from every other: what only its key-encryption key opens.
    ///
    /// # Errors
    /// [`CommandError`] if the store fails.
    pub async fn identity(&self) -> Result<[u8; 32], CommandError> {
        let check = match self {
            Self::Embedded(store) => store.seal_check().await?,
            Self::Shared(store) => {
                store.single("seal_check").await?.map(|record| decode::<Vec<u8>>("seal_check", &record)).transpose()?
            }
        };
        Ok(Sha256::digest(check.unwrap_or_default()).into())
    }

    /// Everything as it is at this moment.
    ///
    /// # Errors
    /// [`CommandError`] if the store fails.
    pub fn snapshot(&self) -> Result<Box<dyn Snapshot>, CommandError> {
        Ok(match self {
            Self::Embedded(store) => store.snapshot()?,
            Self::Shared(store) => store.snapshot()?,
        })
    }

    /// Whether its indexes follow from what they lead to, so that they can be compared: the embedded store's may lead nowhere.
    pub fn indexes_follow(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    /// Lets go of it.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refused it.
    pub async fn close(&self) -> Result<(), CommandError> {
        match self {
            Self::Embedded(store) => Ok(store.close().await?),
            Self::Shared(store) => {
                store.close();
                Ok(())
            }
        }
    }
}
