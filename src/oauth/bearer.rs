//! Who calls this server itself with an access token, RFC 6750: for whichever resource the token is, as live as introspection
//! would find it.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::AccessToken;
use crate::domain::client::Client;
use crate::domain::id::SiteId;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::oauth::bounds::{Bounds, bounds};
use crate::secrets::token::{TokenKind, read};
use crate::store::{Credential, StoreError};

/// A live access token, and what bounds it on a site.
pub struct LiveToken {
    /// Where it is found.
    pub key: TokenKey,
    /// What it was issued as.
    pub token: AccessToken,
    /// To whom.
    pub client: Arc<Client>,
    /// Where it is good.
    pub site: Arc<Site>,
    /// For whom, and for what at most.
    pub bounds: Bounds,
}

impl LiveToken {
    /// What of its scope was not taken back since.
    pub fn effective(&self) -> Scope {
        self.token.scope.filter(|token| self.bounds.consent(token) && self.bounds.approve(&self.client, token))
    }

    /// The same token on another site; `None` if it is not good there.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn on(&self, server: &AuthorizationServer, site: SiteId) -> Result<Option<LiveToken>, StoreError> {
        live_on(server, self.key, Some(site)).await
    }
}

/// The token that `bearer` is, if it is live.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn live(server: &AuthorizationServer, bearer: &str) -> Result<Option<LiveToken>, StoreError> {
    match read(TokenKind::Access, bearer) {
        Some(key) => live_on(server, key, None).await,
        None => Ok(None),
    }
}

async fn live_on(
    server: &AuthorizationServer,
    key: TokenKey,
    site: Option<SiteId>,
) -> Result<Option<LiveToken>, StoreError> {
    let Some(credential) = server.store.credential(key, site).await? else { return Ok(None) };
    let Credential { token, client: Some(client), site: Some(site), authority, owner } = credential else {
        return Ok(None);
    };
    if token.expires.has_passed(server.now()) {
        return Ok(None);
    }
    let bounds = bounds(&token, &client, &site, authority, owner);
    Ok(bounds.map(|bounds| LiveToken { key, token, client, site, bounds }))
}
