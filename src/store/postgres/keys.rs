//! Keys on PostgreSQL: one record of all signing keys, and one of the seal's check.

use async_trait::async_trait;

use crate::domain::signing_key::KeyRing;
use crate::store::kept::encode;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::record::only;
use crate::store::postgres::statement::Param::Bytes;
use crate::store::postgres::statement::Statement;
use crate::store::{Keys, Result, StoreError};

const KEY_RING: Statement = Statement::reading("key_ring", "SELECT record FROM singles WHERE key = 'key_ring'");

// Where nothing was kept yet, the ring is one without keys.
const BEGIN_KEY_RING: Statement = Statement::writing(
    "begin_key_ring",
    "INSERT INTO singles (key, record) VALUES ('key_ring', $2)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record WHERE singles.record = $1",
);

const REPLACE_KEY_RING: Statement =
    Statement::writing("replace_key_ring", "UPDATE singles SET record = $2 WHERE key = 'key_ring' AND record = $1");

const SEAL_CHECK: Statement = Statement::reading("seal_check", "SELECT record FROM singles WHERE key = 'seal_check'");

const BEGIN_SEAL_CHECK: Statement = Statement::writing(
    "begin_seal_check",
    "INSERT INTO singles (key, record) VALUES ('seal_check', $1) ON CONFLICT (key) DO NOTHING",
);

const REPLACE_SEAL_CHECK: Statement =
    Statement::writing("replace_seal_check", "UPDATE singles SET record = $2 WHERE key = 'seal_check' AND record = $1");

#[async_trait]
impl Keys for PostgresStore {
    async fn key_ring(&self) -> Result<KeyRing> {
        Ok(only(self.connections.row(&KEY_RING, &[]).await?, "key_ring")?.unwrap_or_default())
    }

    async fn replace_key_ring(&self, old: &KeyRing, new: &KeyRing) -> Result<bool> {
        let statement = if old.keys().is_empty() { BEGIN_KEY_RING } else { REPLACE_KEY_RING };
        let (old, new) = (encode(old)?, encode(new)?);
        Ok(self.connections.execute(&statement, &[Bytes(&old), Bytes(&new)]).await? > 0)
    }

    async fn seal_check(&self) -> Result<Option<Vec<u8>>> {
        only(self.connections.row(&SEAL_CHECK, &[]).await?, "seal_check")
    }

    async fn begin_seal_check(&self, check: &[u8]) -> Result<Vec<u8>> {
        self.connections.execute(&BEGIN_SEAL_CHECK, &[Bytes(&encode(check)?)]).await?;
        self.seal_check().await?.ok_or(StoreError::Corrupt { place: "seal_check" })
    }
}

impl PostgresStore {
    /// Replaces the check `old` by `new`, for whoever seals everything anew; `false` if it is no longer `old`.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn replace_seal_check(&self, old: &[u8], new: &[u8]) -> Result<bool> {
        let (old, new) = (encode(old)?, encode(new)?);
        Ok(self.connections.execute(&REPLACE_SEAL_CHECK, &[Bytes(&old), Bytes(&new)]).await? > 0)
    }
}
