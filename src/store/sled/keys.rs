//! Keys on sled: one record of all signing keys, and one of the seal's check.

use async_trait::async_trait;

use crate::domain::signing_key::KeyRing;
use crate::store::kept::ONLY;
use crate::store::sled::SledStore;
use crate::store::{Keys, Result};

#[async_trait]
impl Keys for SledStore {
    async fn key_ring(&self) -> Result<KeyRing> {
        Ok(self.key_ring.get(ONLY)?.unwrap_or_default())
    }

    async fn replace_key_ring(&self, old: &KeyRing, new: &KeyRing) -> Result<bool> {
        let is_first = old.keys().is_empty() && self.key_ring.add(ONLY, new)?;
        let replaced = is_first || self.key_ring.replace(ONLY, old, new)?;
        self.durable(replaced).await
    }

    async fn seal_check(&self) -> Result<Option<Vec<u8>>> {
        self.seal_check.get(ONLY)
    }

    async fn begin_seal_check(&self, check: &[u8]) -> Result<Vec<u8>> {
        self.seal_check.add(ONLY, &check.to_vec())?;
        let kept = self.seal_check.get(ONLY)?.ok_or_else(|| self.seal_check.damaged())?;
        self.durable(kept).await
    }
}

impl SledStore {
    /// Replaces the check `old` by `new`, for whoever seals everything anew; `false` if it is no longer `old`.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError) if the store fails.
    pub async fn replace_seal_check(&self, old: &[u8], new: &[u8]) -> Result<bool> {
        let replaced = self.seal_check.replace(ONLY, &old.to_vec(), &new.to_vec())?;
        self.durable(replaced).await
    }
}
