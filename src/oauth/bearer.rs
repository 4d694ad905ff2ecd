//! Who calls this server itself with an access token, RFC 6750: for whichever resource the token is, as live as introspection
//! would find it.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{AccessToken, Subject};
use crate::domain::client::Client;
use crate::domain::grant::Grant;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::domain::user::User;
use crate::secrets::token::{TokenKind, read};
use crate::store::{Credential, Owner, StoreError};

/// A live access token of a person who consented, or of a client for itself.
pub struct LiveToken {
    /// What it was issued as.
    pub token: AccessToken,
    /// To whom.
    pub client: Arc<Client>,
    /// Where it is good.
    pub site: Arc<Site>,
    /// For whom, and what they allowed; nobody where the client acts for itself.
    pub person: Option<(User, Grant)>,
}

impl LiveToken {
    /// What of its scope was not taken back since.
    pub fn effective(&self) -> Scope {
        self.token.scope.filter(|token| {
            let consented = self.person.as_ref().is_none_or(|(_, grant)| grant.scope.contains(token));
            consented && self.client.allows_token(token)
        })
    }
}

/// The token that `bearer` is, if it is live. Those of installed apps are not taken: they say who they are where they are
/// introspected, and the gateway's are for the gateway.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn live(server: &AuthorizationServer, bearer: &str) -> Result<Option<LiveToken>, StoreError> {
    let Some(key) = read(TokenKind::Access, bearer) else { return Ok(None) };
    let Some(credential) = server.store.credential(key).await? else { return Ok(None) };
    let Credential { token, client: Some(client), site: Some(site), owner, .. } = credential else { return Ok(None) };
    if token.expires.has_passed(server.now()) {
        return Ok(None);
    }
    let person = match (&token.subject, owner) {
        (Subject::Client, _) => None,
        (Subject::User { epoch, .. }, Some(Owner { user: Some(user), grant: Some(grant), family_is_live: true }))
            if user.honours(*epoch) && grant.sites.contains(&site.id) =>
        {
            Some((user, grant))
        }
        _ => return Ok(None),
    };
    if let Some((user, _)) = &person
        && server.store.member(site.id, user.id).await?.is_none()
    {
        return Ok(None);
    }
    Ok(Some(LiveToken { token, client, site, person }))
}
