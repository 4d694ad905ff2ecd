//! The token of an import source. It carries no scope, which would open every import of the site: what it is good for stands in its
//! authorization details alone (RFC 9396), so that whoever does not read them refuses it.

use std::sync::Arc;

use crate::access::container_token::{LiveContainerToken, find};
use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::container::IMPORT_SCOPE;
use crate::domain::resource::ProtectedResource;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::client_ip;
use crate::oauth::parameters::Parameters;

/// A live container token, for the resource that imports are made at.
pub struct ActiveContainerToken<'s> {
    pub(super) server: &'s AuthorizationServer,
    pub(super) asker: Arc<ProtectedResource>,
    pub(super) live: LiveContainerToken,
}

/// The container token `token`, if imports are made at `asker`.
pub(super) async fn introspect<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    token: &str,
    parameters: &Parameters<'_>,
) -> Result<Option<ActiveContainerToken<'s>>, OAuthError> {
    if !asker.scope.contains(IMPORT_SCOPE) {
        return Ok(None);
    }
    let Some(live) = find(server, token).await? else { return Ok(None) };
    if let Some(named) = parameters.once("site")?
        && sites::named(server, named).await?.is_none_or(|site| site.id != live.site.id)
    {
        return Ok(None);
    }
    server.note_use(live.token.key, client_ip(parameters)?);
    Ok(Some(ActiveContainerToken { server, asker, live }))
}
