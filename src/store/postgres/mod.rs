//! The shared store: every noun on PostgreSQL, for any number of nodes.
//!
//! Keys and records are the bytes that the embedded store keeps (`kept`); the columns beside them are what statements join by
//! and decide by. Each verb that must happen once is one statement, at READ COMMITTED, which decides on a row that it locks:
//! nothing depends on what a node remembers. Nothing is remembered either, but for what the bytes of the record prove
//! (`declared`, `decoded`), and for which partitions there are.
//!
//! A change is durable once its statement returned, as durable as the database was told to make it: with synchronous standbys
//! on as many machines as it waits for. What may be lost (`later!`) is committed without that wait, and is as durable as
//! the next change.

mod activity;
mod api_tokens;
mod apps;
mod asking;
mod clients;
mod connections;
mod containers;
mod declared;
mod decoded;
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

use std::sync::Arc;

use crate::domain::site::Site;
use crate::store::StoreError;
use crate::store::kept::registry::Registration;
use crate::store::postgres::asking::{Asking, LANES};
use crate::store::postgres::connections::Connections;
use crate::store::postgres::declared::Declared;
use crate::store::postgres::decoded::Decoded;
use crate::store::postgres::events::Trail;
use crate::store::postgres::measured::{Size, Times};
use crate::store::postgres::partitions::Known;
use crate::store::postgres::standby::{Nearest, Standby};

/// The shared store.
pub struct PostgresStore {
    connections: Arc<Connections>,
    nearest: Nearest,
    asking: Asking,
    known: Arc<Known>,
    declared: Declared,
    registrations: Decoded<Registration>,
    sites: Decoded<Arc<Site>>,
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
        let times = Arc::<Times>::default();
        let pool = |opening: &Opening| Connections::new(opening, Arc::clone(&times));
        let connections = Arc::new(pool(opening)?);
        let standby = opening.standby.as_ref().map(|url| pool(&opening.at(url.clone()))).transpose()?;
        let standby = standby.map(|standby| Arc::new(Standby::new(standby)));
        let asking = Arc::new(pool(&Opening { connections: LANES, ..opening.clone() })?);
        let known = Arc::<Known>::default();
        Ok(Self {
            nearest: Nearest::new(Arc::clone(&connections), standby.clone()),
            asking: Asking::new(Nearest::new(asking, standby), Arc::clone(&known)),
            connections,
            known,
            declared: Declared::default(),
            registrations: Decoded::default(),
            sites: Decoded::default(),
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

    /// Lets go of the database.
    pub fn close(&self) {
        self.connections.close();
        self.asking.close();
    }
}
