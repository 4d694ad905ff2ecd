//! Who calls this server itself with an access token, RFC 6750: one for whichever resource, and as live as introspection
//! would find it.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{AccessToken, Subject};
use crate::domain::client::Client;
use crate::domain::id::SiteId;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::domain::user::User;
use crate::oauth::bounds::{Bounds, bounds};
use crate::secrets::token::{TokenKind, read};
use crate::store::{Credential, StoreError};

/// A live access token on a site on which it is good.
pub struct LiveToken {
    /// Where.
    pub site: Arc<Site>,
    token: AccessToken,
    client: Arc<Client>,
    bounds: Bounds,
}

impl LiveToken {
    /// For whom it is; nobody where an app acts for itself.
    pub fn person(&self) -> Option<&User> {
        self.bounds.user.as_ref()
    }

    /// What of its scope is good on the site.
    pub fn effective(&self) -> Scope {
        self.token.scope.filter(|token| self.bounds.consent(token) && self.bounds.approve(&self.client, token))
    }
}

/// The token that `bearer` is, on each site on which it is good; none if it is good on none. What a person allowed an OAuth
/// app is good on every site that they allowed, any other token on its own.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn places(server: &AuthorizationServer, bearer: &str) -> Result<Vec<LiveToken>, StoreError> {
    let Some(key) = read(TokenKind::Access, bearer) else { return Ok(Vec::new()) };
    let mut places = Vec::new();
    for site in sites(server, key).await? {
        places.extend(server.store.credential(key, Some(site)).await?.and_then(|credential| judge(server, credential)));
    }
    places.sort_by(|a: &LiveToken, b| a.site.name.cmp(&b.site.name).then_with(|| a.site.id.cmp(&b.site.id)));
    Ok(places)
}

/// The sites on which the token may be good.
async fn sites(server: &AuthorizationServer, key: TokenKey) -> Result<Vec<SiteId>, StoreError> {
    let Some(Credential { token, owner, .. }) = server.store.credential(key, None).await? else {
        return Ok(Vec::new());
    };
    Ok(match (&token.subject, owner.and_then(|owner| owner.grant)) {
        (Subject::User { .. }, Some(grant)) => grant.sites,
        _ => vec![token.site_id],
    })
}

fn judge(server: &AuthorizationServer, credential: Credential) -> Option<LiveToken> {
    let Credential { token, client: Some(client), site: Some(site), authority, owner } = credential else {
        return None;
    };
    if token.expires.has_passed(server.now()) {
        return None;
    }
    let bounds = bounds(&token, &client, &site, authority, owner)?;
    Some(LiveToken { site, token, client, bounds })
}
