//! What a database says of itself, for the operator who asks whether it will do.

use std::time::{Duration, Instant};

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::domain::time::Timestamp;
use crate::store::Result;
use crate::store::postgres::connections::unavailable;
use crate::store::postgres::partitions::names_ahead;
use crate::store::postgres::{OpenError, PostgresStore};

/// The oldest version of PostgreSQL that this program knows, as the server counts them.
pub const OLDEST: i32 = 150_000;

/// What was found.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The version, for people.
    pub version: String,
    /// The version as the server counts.
    pub number: i32,
    /// Whether it follows another, and so takes no writes.
    pub follows: bool,
    /// Whether it was told to take no writes.
    pub read_only: bool,
    /// `synchronous_commit`, as it is for this server.
    pub synchronous_commit: String,
    /// `synchronous_standby_names`.
    pub standbys: String,
    /// `fsync`.
    pub fsync: bool,
    /// How many connections it takes of roles such as this.
    pub room: i64,
    /// How many there are of all.
    pub taken: i64,
    /// What its clock says.
    pub clock: Timestamp,
    /// How long a question took that reads no table.
    pub round_trip: Duration,
}

const QUESTION: &str = "
    SELECT current_setting('server_version'),
           current_setting('server_version_num')::integer,
           pg_is_in_recovery(),
           current_setting('default_transaction_read_only')::boolean,
           current_setting('synchronous_commit'),
           current_setting('synchronous_standby_names'),
           current_setting('fsync')::boolean,
           current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
           extract(epoch FROM clock_timestamp())::bigint";

impl PostgresStore {
    /// Asks the database what it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::store::StoreError) if it does not answer.
    pub async fn examine(&self) -> Result<Examined> {
        let object = self.connections.connection().await?;
        let row = object.query_typed_one(QUESTION, &[]).await.map_err(unavailable)?;
        let asked = Instant::now();
        object.query_typed("SELECT 1", &[]).await.map_err(unavailable)?;
        read(&row, asked.elapsed()).map_err(unavailable)
    }

    /// Which of the partitions of the next hours are not there.
    ///
    /// # Errors
    /// As [`PostgresStore::examine`].
    pub async fn missing_partitions(&self, now: Timestamp) -> Result<Vec<String>> {
        const MISSING: &str = "SELECT name FROM unnest($1) AS name WHERE to_regclass(name) IS NULL";
        let object = self.connections.connection().await?;
        let names = names_ahead(now);
        let rows = object.query_typed(MISSING, &[(&names, Type::TEXT_ARRAY)]).await.map_err(unavailable)?;
        rows.iter().map(|row| row.try_get(0).map_err(unavailable)).collect()
    }

    /// Whether the database is of a version that this program knows.
    ///
    /// # Errors
    /// [`OpenError::TooOld`] if not.
    pub async fn require_known_version(&self) -> std::result::Result<(), OpenError> {
        const VERSION: &str = "SELECT current_setting('server_version_num')::integer";
        let object = self.connections.connection().await?;
        let found = object.query_typed_one(VERSION, &[]).await.and_then(|row| row.try_get::<_, i32>(0));
        match found.map_err(unavailable)? {
            found if found < OLDEST => Err(OpenError::TooOld { found: found / 10_000 }),
            _ => Ok(()),
        }
    }
}

fn read(row: &Row, round_trip: Duration) -> std::result::Result<Examined, tokio_postgres::Error> {
    Ok(Examined {
        version: row.try_get(0)?,
        number: row.try_get(1)?,
        follows: row.try_get(2)?,
        read_only: row.try_get(3)?,
        synchronous_commit: row.try_get(4)?,
        standbys: row.try_get(5)?,
        fsync: row.try_get(6)?,
        room: row.try_get(7)?,
        taken: row.try_get(8)?,
        clock: Timestamp(row.try_get::<_, i64>(9)?.unsigned_abs()),
        round_trip,
    })
}
