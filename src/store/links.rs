//! trait Links: one-time links.

use async_trait::async_trait;

use crate::domain::link::OneTimeLink;
use crate::domain::secret::TokenKey;
use crate::store::Result;

/// One-time links.
#[async_trait]
pub trait Links {
    /// Keeps a link; one for set-up voids the former.
    async fn add_link(&self, key: TokenKey, link: &OneTimeLink) -> Result<()>;

    /// The link, unless it was used or voided. Whether it expired is for the caller to judge.
    async fn link(&self, key: TokenKey) -> Result<Option<OneTimeLink>>;

    /// Uses a link up. Of any number of callers at once, one gets `true`.
    async fn take_link(&self, key: TokenKey) -> Result<bool>;
}
