//! Links on sled.

use async_trait::async_trait;

use crate::domain::link::{LinkPurpose, OneTimeLink};
use crate::domain::secret::TokenKey;
use crate::store::kept::ONLY;
use crate::store::sled::SledStore;
use crate::store::{Links, Result};

#[async_trait]
impl Links for SledStore {
    // The link first, then the head that makes it the one for set-up: a crash between leaves the former one good.
    async fn add_link(&self, key: TokenKey, link: &OneTimeLink) -> Result<()> {
        self.links.put(key.to_bytes(), link)?;
        if link.purpose == LinkPurpose::Setup {
            self.setup_link.put(ONLY, &key)?;
        }
        self.durable(()).await
    }

    async fn link(&self, key: TokenKey) -> Result<Option<OneTimeLink>> {
        let link = self.links.get(key.to_bytes())?;
        let voided = |link: &OneTimeLink| -> Result<bool> {
            let is_setup = link.purpose == LinkPurpose::Setup;
            Ok(is_setup && self.setup_link.get(ONLY)? != Some(key))
        };
        match link {
            Some(link) if !voided(&link)? => Ok(Some(link)),
            _ => Ok(None),
        }
    }

    async fn take_link(&self, key: TokenKey) -> Result<bool> {
        let taken = self.spend_link(key)?;
        self.durable(taken).await
    }
}

impl SledStore {
    /// The head decides over a link for set-up, so that one which was voided meanwhile is not used; over every other
    /// link its record does.
    fn spend_link(&self, key: TokenKey) -> Result<bool> {
        let Some(link) = self.links.get(key.to_bytes())? else { return Ok(false) };
        if link.purpose == LinkPurpose::Setup && !self.setup_link.remove_if(ONLY, &key)? {
            return Ok(false);
        }
        let removed = self.links.remove(key.to_bytes())?;
        Ok(removed || link.purpose == LinkPurpose::Setup)
    }
}
