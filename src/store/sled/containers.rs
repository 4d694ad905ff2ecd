//! Containers on sled. A container's token is the head under the container's name; what leads there from its key opens nothing by
//! itself, so that a new token ends the former in the write that puts it there.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::container::{Container, ContainerToken};
use crate::domain::id::{ContainerId, SiteId};
use crate::domain::secret::TokenKey;
use crate::store::sled::SledStore;
use crate::store::{Added, ContainerCredential, Containers, Result};

#[async_trait]
impl Containers for SledStore {
    async fn add_container(&self, container: &Container) -> Result<Added> {
        let added = self.containers.update(container.id.as_bytes(), |old| match old {
            None => Some(Arc::new(container.clone())),
            Some(_) => None,
        })?;
        let added = if added.is_some() { Added::Done } else { Added::Taken(container.id.to_string()) };
        self.durable(added).await
    }

    async fn container(&self, id: ContainerId) -> Result<Option<Arc<Container>>> {
        Ok(self.containers.get(id.as_bytes()))
    }

    async fn containers(&self) -> Result<Vec<Arc<Container>>> {
        let mut all = self.containers.all().map(|entry| Ok(entry?.1)).collect::<Result<Vec<_>>>()?;
        all.sort_by(|a, b| (a.site_id, a.label.as_str(), a.id).cmp(&(b.site_id, b.label.as_str(), b.id)));
        Ok(all)
    }

    async fn containers_on(&self, site: SiteId) -> Result<Vec<Arc<Container>>> {
        let mut there = Containers::containers(self).await?;
        there.retain(|container| container.site_id == site);
        Ok(there)
    }

    // The head of the token first, then the container: a crash leaves one without a token.
    async fn remove_container(&self, id: ContainerId) -> Result<bool> {
        let token = self.container_tokens.take(id.as_bytes())?;
        let removed = self.containers.remove(id.as_bytes())?;
        if let Some(token) = token {
            self.forget_container_key(token.key)?;
        }
        self.durable(removed).await
    }

    async fn container_token(&self, id: ContainerId) -> Result<Option<ContainerToken>> {
        self.container_tokens.get(id.as_bytes())
    }

    // What leads to the head first: until the head is there it leads nowhere.
    async fn set_container_token(&self, id: ContainerId, token: &ContainerToken) -> Result<bool> {
        if !self.containers.contains(id.as_bytes()) {
            return Ok(false);
        }
        self.container_keys.put(token.key.to_bytes(), &id)?;
        let mut former = None;
        self.container_tokens.update(id.as_bytes(), |old| {
            former = old;
            Some(token.clone())
        })?;
        if let Some(former) = former {
            self.forget_container_key(former.key)?;
        }
        // Somebody may have removed the container meanwhile, and took no token away.
        let kept = self.containers.contains(id.as_bytes());
        if !kept {
            self.container_tokens.remove(id.as_bytes())?;
            self.forget_container_key(token.key)?;
        }
        self.durable(kept).await
    }

    async fn end_container_token(&self, id: ContainerId, key: TokenKey) -> Result<bool> {
        let ended = match self.container_tokens.get(id.as_bytes())? {
            Some(token) if token.key == key => self.container_tokens.remove_if(id.as_bytes(), &token)?,
            _ => false,
        };
        self.forget_container_key(key)?;
        self.durable(ended).await
    }

    async fn container_credential(&self, key: TokenKey) -> Result<Option<ContainerCredential>> {
        let Some(id) = self.container_keys.get(key.to_bytes())? else { return Ok(None) };
        let Some(container) = self.containers.get(id.as_bytes()) else { return Ok(None) };
        let token = self.container_tokens.get(id.as_bytes())?.filter(|token| token.key == key);
        let site = self.sites.get(container.site_id.as_bytes());
        Ok(token.map(|token| ContainerCredential { container, token, site }))
    }
}

impl SledStore {
    /// Removes what leads to a token, and what is known of its use.
    pub(super) fn forget_container_key(&self, key: TokenKey) -> Result<()> {
        self.container_keys.remove(key.to_bytes())?;
        self.token_uses.remove(key.to_bytes()).map(drop)
    }

    /// As [`SledStore::forget_container_key`], for a token that expired.
    pub(super) fn drop_container_key(&self, key: &[u8]) -> Result<()> {
        self.forget_container_key(TokenKey::from_bytes(key).ok_or_else(|| self.container_keys.damaged())?)
    }
}
