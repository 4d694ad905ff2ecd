//! trait Grants: what people allowed clients.

use async_trait::async_trait;

use crate::domain::authorization_code::AuthorizationCode;
use crate::domain::grant::Grant;
use crate::domain::id::{ClientId, GrantId, SiteId, UserId};
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;
use crate::store::Result;

/// What people allowed clients. Removing a grant ends every code, family and token that hangs from it.
#[async_trait]
pub trait Grants {
    /// The grant of that name.
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>>;

    /// What a person allowed a client.
    async fn grant_between(&self, user: UserId, client: &ClientId) -> Result<Option<Grant>>;

    /// What a person allowed, and when each was last used to get a token.
    async fn grants_of(&self, user: UserId) -> Result<Vec<(Grant, Option<Timestamp>)>>;

    /// Records a consent: adds `answer`, or extends the grant there already is. Returns the grant as it then is.
    async fn record_consent(&self, answer: &Grant) -> Result<Grant>;

    /// Ends a grant and with it everything that hangs from it; the grant that was ended, if there was one.
    async fn end_grant(&self, id: GrantId) -> Result<Option<Grant>>;

    /// Takes a site out of a grant, which ends with its last one; the grant as it then is, if the site was in it.
    async fn narrow_grant(&self, id: GrantId, site: SiteId) -> Result<Option<Grant>>;

    /// Keeps a code of a grant.
    async fn add_code(&self, key: TokenKey, code: &AuthorizationCode) -> Result<()>;
}
