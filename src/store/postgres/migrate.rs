//! Migrations: numbered files of SQL, each run once and never edited after it was released.
//!
//! Any number of nodes may begin at once: an advisory lock lets one of them at a time look which are missing, and each migration
//! commits together with the note that it ran.

use tokio_postgres::types::{ToSql, Type};

use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::unavailable;
use crate::store::{Result, StoreError};

/// A migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its number, one more than that of the one before.
    pub number: i32,
    /// What it is called.
    pub name: &'static str,
    sql: &'static str,
}

/// All of them, in order.
pub const MIGRATIONS: &[Migration] =
    &[Migration { number: 1, name: "tables", sql: include_str!("migrations/0001_tables.sql") }];

/// The newest, which is what this program expects.
pub const SCHEMA: i32 = MIGRATIONS.len() as i32;

/// Under this number nodes take turns at changing the schema: "hallmark" as digits of the alphabet.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8112131211)";

/// Another node's migration is waited for however long it takes, and so is this one.
const UNBOUNDED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";

const NOTES: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())";

impl PostgresStore {
    /// Brings the schema up to what this program expects; the migrations that ran.
    ///
    /// # Errors
    /// [`StoreError::Format`] if the schema is of a later program, [`StoreError::Unavailable`] if the database fails or refuses.
    pub async fn migrate(&self) -> Result<Vec<Migration>> {
        let mut object = self.connections.connection().await?;
        let transaction = object.transaction().await.map_err(unavailable)?;
        transaction.batch_execute(UNBOUNDED).await.map_err(unavailable)?;
        transaction.batch_execute(LOCK).await.map_err(unavailable)?;
        transaction.batch_execute(NOTES).await.map_err(unavailable)?;
        let newest = "SELECT COALESCE(max(number), 0) FROM migrations";
        let newest: i32 =
            transaction.query_typed_one(newest, &[]).await.and_then(|row| row.try_get(0)).map_err(unavailable)?;
        if newest > SCHEMA {
            return Err(later(newest));
        }
        let missing = MIGRATIONS.iter().filter(|migration| migration.number > newest).copied().collect::<Vec<_>>();
        for migration in &missing {
            transaction.batch_execute(migration.sql).await.map_err(unavailable)?;
            let note = "INSERT INTO migrations (number, name) VALUES ($1, $2)";
            let params: [(&(dyn ToSql + Sync), Type); 2] =
                [(&migration.number, Type::INT4), (&migration.name, Type::TEXT)];
            transaction.query_typed(note, &params).await.map_err(unavailable)?;
        }
        transaction.commit().await.map_err(unavailable)?;
        Ok(missing)
    }

    /// The newest migration that ran; 0 where none did.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn schema(&self) -> Result<i32> {
        let object = self.connections.connection().await?;
        let there = "SELECT to_regclass('migrations') IS NOT NULL";
        let there: bool =
            object.query_typed_one(there, &[]).await.and_then(|row| row.try_get(0)).map_err(unavailable)?;
        if !there {
            return Ok(0);
        }
        let newest = "SELECT COALESCE(max(number), 0) FROM migrations";
        object.query_typed_one(newest, &[]).await.and_then(|row| row.try_get(0)).map_err(unavailable)
    }
}

/// A schema that a later program made.
pub fn later(found: i32) -> StoreError {
    StoreError::Format { found: found.to_string(), expected: SCHEMA.unsigned_abs() }
}
