//! Sites on sled.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::id::SiteId;
use crate::domain::site::Site;
use crate::store::sled::{ONLY, SledStore};
use crate::store::{Result, Sites};

#[async_trait]
impl Sites for SledStore {
    async fn site(&self, id: SiteId) -> Result<Option<Arc<Site>>> {
        Ok(self.sites.get(id.as_bytes()))
    }

    // The site first, then the head that makes it the default: a crash between leaves a site that nobody knows of.
    async fn default_site(&self, new: &Site) -> Result<Arc<Site>> {
        if self.default_site.get(ONLY)?.is_none() {
            self.sites.put(new.id.as_bytes(), &Arc::new(new.clone()))?;
            if !self.default_site.add(ONLY, &new.id)? {
                self.sites.remove(new.id.as_bytes())?;
            }
        }
        let id = self.default_site.get(ONLY)?.ok_or_else(|| self.default_site.damaged())?;
        let site = self.sites.get(id.as_bytes()).ok_or_else(|| self.sites.damaged())?;
        self.durable(site).await
    }
}
