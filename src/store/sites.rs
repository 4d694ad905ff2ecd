//! trait Sites: tenants, and who is a member of them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::id::{SiteId, UserId};
use crate::domain::site::{Member, Site};
use crate::store::{Added, Result};

/// Tenants and their members. One site is made when the store is new; whatever names no site is on that one.
#[async_trait]
pub trait Sites {
    /// The site of that name.
    async fn site(&self, id: SiteId) -> Result<Option<Arc<Site>>>;

    /// The site that people reach at `url`.
    async fn site_at(&self, url: &str) -> Result<Option<Arc<Site>>>;

    /// The site that a workspace belongs to.
    async fn site_of_workspace(&self, workspace: SiteId) -> Result<Option<Arc<Site>>>;

    /// Every site, by name.
    async fn sites(&self) -> Result<Vec<Arc<Site>>>;

    /// The site that everything belongs to which names none; `new` if there is none yet.
    async fn default_site(&self, new: &Site) -> Result<Arc<Site>>;

    /// Adds a site whose URL no other has.
    async fn add_site(&self, site: &Site) -> Result<Added>;

    /// Gives a site the name and the URL of `site`, unless another site has the URL; `None` if there is no such site.
    async fn change_site(&self, site: &Site) -> Result<Option<Added>>;

    /// A person on a site; `None` if they are no member of it.
    async fn member(&self, site: SiteId, user: UserId) -> Result<Option<Member>>;

    /// Who is a member of a site.
    async fn members(&self, site: SiteId) -> Result<Vec<Member>>;

    /// Of which sites a person is a member.
    async fn memberships(&self, user: UserId) -> Result<Vec<Member>>;

    /// Makes a person a member of a site, or changes what they may do there. Who becomes one begins anew: nothing that they
    /// allowed on the site in an earlier membership comes back, nor an API token that was for the site alone.
    async fn put_member(&self, member: &Member) -> Result<()>;

    /// Ends a membership: from then on nothing of the person is good on the site. What they allowed apps there is taken out
    /// of their grants, and a grant or an API token that was for this site alone ends. `false` if there was no membership.
    async fn remove_member(&self, site: SiteId, user: UserId) -> Result<bool>;
}
