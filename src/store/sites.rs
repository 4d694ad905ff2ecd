//! trait Sites: tenants.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::id::SiteId;
use crate::domain::site::Site;
use crate::store::Result;

/// Tenants. There is one, made when the store is new, until apps can be installed on several.
#[async_trait]
pub trait Sites {
    /// The site of that name.
    async fn site(&self, id: SiteId) -> Result<Option<Arc<Site>>>;

    /// The site that everything belongs to; `new` if there is none yet.
    async fn default_site(&self, new: &Site) -> Result<Arc<Site>>;
}
