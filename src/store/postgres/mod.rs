//! The shared store: every noun on PostgreSQL, for any number of nodes.
//!
//! Keys and records are the bytes that the embedded store keeps (`kept`); the columns beside them are what statements join by
//! and decide by. Each verb that must happen once is one statement, at READ COMMITTED, which decides on a row that it locks:
//! nothing depends on what a node remembers. Nothing is remembered either, but for what a key of the record's own bytes proves
//! (`declared`), and for which partitions there are.
//!
//! A change is durable once its statement returned, as durable as the database was told to make it: with synchronous standbys
//! on as many machines as it waits for. What may be lost (`LATER`) is committed without that wait, and is as durable as
//! the next change.

mod activity;
mod api_tokens;
mod apps;
mod clients;
mod connections;
mod containers;
mod events;
mod grants;
mod groups;
mod guesses;
mod keys;
mod links;
mod measured;
mod migrate;
mod partitions;
mod portable;
mod prefix;
mod record;
mod requests;
mod resources;
mod roles;
mod sessions;
mod sites;
mod statement;
mod sweep;
mod tls;
mod tokens;
mod users;

pub use connections::{Opening, Statements, Unusable};
pub use migrate::{MIGRATIONS, Migration, SCHEMA};

use crate::store::StoreError;
use crate::store::postgres::connections::Connections;
use crate::store::postgres::partitions::{Known, PARTED};

/// The shared store.
pub struct PostgresStore {
    connections: Connections,
    known: Known,
}

/// Has the transaction of a statement committed without waiting for the disk: `FROM` this, whatever else it reads.
///
/// It is written in the log before every later change, so that it is lost only together with all of them.
const LATER: &str = "(SELECT set_config('synchronous_commit', 'off', true)) AS later";

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are no good.
    #[error(transparent)]
    Settings(#[from] Unusable),
    /// It failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its schema is older than this program, and nobody migrated it.
    #[error("the database has schema {found}, and this program needs {SCHEMA}: run `hallmark store migrate`")]
    Behind {
        /// Its newest migration.
        found: i32,
    },
}

impl PostgresStore {
    /// A store on a database that need not answer yet.
    ///
    /// # Errors
    /// [`Unusable`] says what is wrong with the settings.
    pub fn new(opening: &Opening) -> std::result::Result<Self, Unusable> {
        Ok(Self { connections: Connections::new(opening)?, known: Known::default() })
    }

    /// Opens the store, which is migrated by now.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong.
    pub async fn open(opening: &Opening) -> std::result::Result<Self, OpenError> {
        let store = Self::new(opening)?;
        let found = store.schema().await?;
        if found < SCHEMA {
            return Err(OpenError::Behind { found });
        }
        if found > SCHEMA {
            return Err(migrate::later(found).into());
        }
        for parted in PARTED {
            for part in store.parts(parted).await? {
                store.known.add(parted, part);
            }
        }
        Ok(store)
    }

    /// Lets go of the database.
    pub fn close(&self) {
        self.connections.close();
    }
}
