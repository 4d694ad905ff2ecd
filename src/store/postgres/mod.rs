//! The shared store: every noun on PostgreSQL, for any number of nodes.
//!
//! Keys and records are the bytes that the embedded store keeps (`kept`); the columns beside them are what statements join by
//! and decide by. Each verb that must happen once is one statement, at READ COMMITTED, which decides on a row that it locks:
//! nothing depends on what a node remembers. Nothing is remembered either, but for what a key of the record's own bytes proves
//! (`declared`), and for which partitions there are.
//!
//! A change is durable once its statement returned, as durable as the database was told to make it: with synchronous standbys
//! on as many machines as it waits for. What may be lost (`later!`) is committed without that wait, and is as durable as
//! the next change.

mod activity;
mod api_tokens;
mod apps;
mod clients;
mod connections;
mod containers;
mod declared;
mod events;
mod examine;
mod grants;
mod groups;
mod guesses;
mod keys;
mod links;
mod measured;
mod migrate;
mod opening;
mod partitions;
mod portable;
mod prefix;
mod record;
mod registry;
mod requests;
mod resources;
mod roles;
mod sessions;
mod sites;
mod standby;
mod statement;
mod sweep;
mod tls;
mod tokens;
mod users;

pub use examine::{Examined, OLDEST};
pub use migrate::{MIGRATIONS, Migration, SCHEMA};
pub use opening::{Opening, Statements, Unusable, holds_password};

use tokio_postgres::Row;

use crate::store::postgres::connections::Connections;
use crate::store::postgres::declared::Declared;
use crate::store::postgres::events::Trail;
use crate::store::postgres::measured::Size;
use crate::store::postgres::partitions::Known;
use crate::store::postgres::standby::Standby;
use crate::store::postgres::statement::{Param, Statement};
use crate::store::{Result as StoreResult, StoreError};

/// The shared store.
pub struct PostgresStore {
    connections: Connections,
    standby: Option<Standby>,
    known: Known,
    declared: Declared,
    trail: Trail,
    size: Size,
}

/// Has the transaction of a statement committed without waiting for the disk: `FROM` this, whatever else it reads.
///
/// It is written in the log before every later change, so that it is lost only together with all of them.
macro_rules! later {
    () => {
        "(SELECT set_config('synchronous_commit', 'off', true)) AS later"
    };
}
use later;

/// The key before which everything that is kept by the hour of its end is over, swept away or not.
macro_rules! swept {
    () => {
        "COALESCE((SELECT record FROM singles WHERE key = 'swept'), '')"
    };
}
use swept;

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are no good.
    #[error(transparent)]
    Settings(#[from] Unusable),
    /// It failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is of a version that this program does not know.
    #[error("the database is PostgreSQL {found}, and this program needs 15 or later")]
    TooOld {
        /// Its version.
        found: i32,
    },
    /// Its schema is older than this program, and nobody migrated it.
    #[error("the database has schema {found}, and this program needs {SCHEMA}: run `hallmark store migrate`")]
    Behind {
        /// Its newest migration.
        found: i32,
    },
    /// A copy into it is not complete.
    #[error(
        "the database is being copied into, and not everything is there: run the same `hallmark store copy` again, which goes on \
         where it was"
    )]
    Copying,
}

impl PostgresStore {
    /// A store on a database that need not answer yet.
    ///
    /// # Errors
    /// [`Unusable`] says what is wrong with the settings.
    pub fn new(opening: &Opening) -> Result<Self, Unusable> {
        let standby = opening.standby.as_ref().map(|url| Connections::new(&opening.at(url.clone()))).transpose()?;
        Ok(Self {
            connections: Connections::new(opening)?,
            standby: standby.map(Standby::new),
            known: Known::default(),
            declared: Declared::default(),
            trail: Trail::default(),
            size: Size::default(),
        })
    }

    /// Opens the store, which is migrated by now and whole.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong.
    pub async fn open(opening: &Opening) -> Result<Self, OpenError> {
        let store = Self::open_to_copy(opening).await?;
        match store.copying().await? {
            None => Ok(store),
            Some(_) => Err(OpenError::Copying),
        }
    }

    /// Opens a store that is copied into, and perhaps not whole.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong.
    pub async fn open_to_copy(opening: &Opening) -> Result<Self, OpenError> {
        let store = Self::new(opening)?;
        store.require_known_version().await?;
        let found = store.schema().await?;
        if found < SCHEMA {
            return Err(OpenError::Behind { found });
        }
        if found > SCHEMA {
            return Err(migrate::later(found).into());
        }
        store.learn_parts().await?;
        store.measure().await?;
        Ok(store)
    }

    /// The first row that a question about a credential returns: from a standby where there is one that is up to date, or else
    /// from the primary.
    async fn credential_row(&self, statement: &Statement, params: &[Param<'_>]) -> StoreResult<Option<Row>> {
        if let Some(standby) = &self.standby
            && let Some(row) = standby.row(&self.connections, statement, params).await
        {
            return Ok(row);
        }
        self.connections.row(statement, params).await
    }

    /// Lets go of the database.
    pub fn close(&self) {
        self.connections.close();
    }
}
