//! How far a copy into this database has come. As long as it says so the store does not open: what is there is not whole.

use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use crate::store::kept::{Copying, encode};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::unavailable;
use crate::store::postgres::portable::heads::{HEADS, OTHERS};
use crate::store::postgres::record::only;
use crate::store::postgres::statement::Param::Bytes;
use crate::store::postgres::statement::Statement;
use crate::store::{Records, Result, StoreError};

const COPYING: Statement = Statement::reading("copying", "SELECT record FROM singles WHERE key = 'copying'");

const BEGIN: Statement = Statement::writing(
    "begin_copy",
    "INSERT INTO singles (key, record) VALUES ('copying', $1) ON CONFLICT (key) DO NOTHING",
);

const END: Statement = Statement::writing("end_copy", "DELETE FROM singles WHERE key = 'copying'");

const SINGLE: Statement = Statement::reading("single", "SELECT record FROM singles WHERE key = $1");

/// What `singles` holds of a store that was used, besides what a node notes there.
const USED: &str = "WHERE key IN ('setup_link', 'forgotten', 'key_ring', 'seal_check', 'default_site')";

/// Notes how far a copy has come, in place of `before`, which another process may not have changed.
pub async fn note(tx: &Transaction<'_>, before: &Copying, after: &Copying) -> Result<()> {
    let (before, after) = (encode(before)?, encode(after)?);
    let params = [&after, &before].map(|record| (record as &(dyn ToSql + Sync), Type::BYTEA));
    let sql = "UPDATE singles SET record = $1 WHERE key = 'copying' AND record = $2";
    match tx.execute_typed(sql, &params).await.map_err(unavailable)? {
        0 => Err(StoreError::Locked { owner: "another copy into the same database".into() }),
        _ => Ok(()),
    }
}

impl PostgresStore {
    /// The copy into this database that is not complete, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn copying(&self) -> Result<Option<Copying>> {
        only(self.connections.row(&COPYING, &[]).await?, "singles")
    }

    /// Begins a copy, unless one is under way: from now on the store does not open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn begin_copy(&self, copying: &Copying) -> Result<()> {
        self.connections.execute(&BEGIN, &[Bytes(&encode(copying)?)]).await.map(drop)
    }

    /// Brings records in, and notes how far the copy has come by them.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process copies here too, [`StoreError::Corrupt`] if a record is damaged,
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn carry(&self, records: Records, copying: &Copying) -> Result<Copying> {
        let after = copying.after(&records);
        self.bring_in(records, Some((copying, &after))).await?;
        Ok(after)
    }

    /// Ends the copy: everything that came in is durable, and the store opens.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn end_copy(&self) -> Result<()> {
        self.connections.execute(&END, &[]).await.map(drop)
    }

    /// A table in which something is kept; `None` if the database is empty.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn occupied(&self) -> Result<Option<&'static str>> {
        let object = self.connections.connection().await?;
        for table in HEADS.iter().map(|head| head.table).chain(OTHERS) {
            let which = if table == "singles" { USED } else { "" };
            let sql = format!("SELECT FROM {table} {which} LIMIT 1");
            if !object.query_typed(&sql, &[]).await.map_err(unavailable)?.is_empty() {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }

    /// Empties a database whose copy is to begin anew.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails or refuses.
    pub async fn empty(&self) -> Result<()> {
        let tables: Vec<_> = HEADS.iter().map(|head| head.table).chain(OTHERS).collect();
        self.connections.script(&format!("TRUNCATE {}", tables.join(", "))).await
    }

    /// The value of a table that holds one, as the embedded store keeps it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database fails.
    pub async fn single(&self, table: &str) -> Result<Option<Vec<u8>>> {
        let row = self.connections.row(&SINGLE, &[Bytes(table.as_bytes())]).await?;
        row.map(|row| row.try_get(0).map_err(unavailable)).transpose()
    }
}
