//! trait Keys: the signing keys, and the proof that the store was sealed under one key-encryption key.

use async_trait::async_trait;

use crate::domain::signing_key::KeyRing;
use crate::store::Result;

/// The signing keys of this server. There are few, and each change of one depends on the others, so that they are kept as
/// one record.
#[async_trait]
pub trait Keys {
    /// Every key; none where nothing was kept yet.
    async fn key_ring(&self) -> Result<KeyRing>;

    /// Replaces `old` by `new`; `false` if it is no longer `old`.
    async fn replace_key_ring(&self, old: &KeyRing, new: &KeyRing) -> Result<bool>;

    /// What was sealed when the store was first used, by which the right key-encryption key is known; `None` until then.
    async fn seal_check(&self) -> Result<Option<Vec<u8>>>;

    /// Keeps `check` as that, unless there is one; the one that is kept.
    async fn begin_seal_check(&self, check: &[u8]) -> Result<Vec<u8>>;
}
