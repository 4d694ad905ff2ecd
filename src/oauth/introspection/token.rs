//! An access token, found by its digest.

use std::sync::Arc;

use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Client;
use crate::domain::id::SiteId;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::oauth::bounds::{Bounds, bounds};
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::claims::CredentialKind;
use crate::oauth::introspection::{ActiveToken, BASIC, levels};
use crate::oauth::parameters::Parameters;
use crate::secrets::token::{TokenKind, name, read};
use crate::store::Credential;

/// The token, if it is live and meant for `asker`.
pub(super) async fn introspect<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    token: &str,
    parameters: &Parameters<'_>,
) -> Result<Option<ActiveToken<'s>>, OAuthError> {
    match (read(TokenKind::Access, token), parameters.once("site")?) {
        (None, _) => Ok(None),
        (Some(key), None) => credential(server, asker, key, None).await,
        (Some(key), Some(named)) => match sites::named(server, named).await? {
            Some(site) => credential(server, asker, key, Some(site.id)).await,
            None => Ok(None),
        },
    }
}

/// The access token that is asked about, if it is one and no site is named.
pub(super) fn by_itself(parameters: &Parameters<'_>) -> Result<Option<TokenKey>, OAuthError> {
    let token = match (parameters.once("token")?, parameters.once("token_type_hint")?, parameters.once("site")?) {
        (Some(token), hint, None) if hint != Some(BASIC) => token,
        _ => return Ok(None),
    };
    Ok(read(TokenKind::Access, token))
}

async fn credential(
    server: &AuthorizationServer,
    asker: Arc<ProtectedResource>,
    key: TokenKey,
    site: Option<SiteId>,
) -> Result<Option<ActiveToken<'_>>, OAuthError> {
    let credential = server.store.credential(key, site).await?;
    Ok(credential.and_then(|credential| judge(server, asker, key, credential)))
}

/// What the credential under `key` is to `asker`: nothing, unless it is live and meant for it.
pub(super) fn judge(
    server: &AuthorizationServer,
    asker: Arc<ProtectedResource>,
    key: TokenKey,
    credential: Credential,
) -> Option<ActiveToken<'_>> {
    let Credential { token, client: Some(client), site: Some(site), authority, owner } = credential else {
        return None;
    };
    if token.expires.has_passed(server.now()) || !asker.is_meant_by(&token) {
        return None;
    }
    let bounds = bounds(&token, &client, &site, authority, owner)?;
    let effective = match bounds.is_of_connect() {
        true => levels::covered(&asker, bounds.level(&client, &token.scope)),
        false => effective(&asker, &token.scope, &client, &bounds),
    };
    let kind = CredentialKind::of(&token.subject, &bounds);
    let jti = name(key);
    Some(ActiveToken { server, asker, jti, kind, token, client, site, bounds, effective, roles: None })
}

/// What of `scope` is the asker's, approved and allowed.
fn effective(asker: &ProtectedResource, scope: &Scope, client: &Client, bounds: &Bounds) -> Scope {
    let is_effective = |name: &str| bounds.consent(name) && asker.scope.contains(name) && bounds.approve(client, name);
    if scope.iter().all(is_effective) { scope.clone() } else { scope.filter(is_effective) }
}
