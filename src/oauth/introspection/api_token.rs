//! An API token of a person, shown by itself or in Basic credentials. It is good at whichever resource owns a scope of it.

use std::sync::Arc;

use crate::access::api_token::{LiveApiToken, Shown, find};
use crate::access::roles::ToldRoles;
use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::{RolesAre, client_ip};
use crate::oauth::parameters::Parameters;

/// A live API token that is good for something at the asker.
pub struct ActiveApiToken<'s> {
    pub(super) server: &'s AuthorizationServer,
    pub(super) asker: Arc<ProtectedResource>,
    pub(super) live: LiveApiToken,
    pub(super) effective: Scope,
    pub(super) is_basic: bool,
    pub(super) roles: Option<ToldRoles>,
}

/// The API token that is shown, if it is good for anything at `asker`.
pub(super) async fn introspect<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    shown: Shown<'_>,
    (parameters, roles): (&Parameters<'_>, RolesAre),
) -> Result<Option<ActiveApiToken<'s>>, OAuthError> {
    let site = match parameters.once("site")? {
        None => None,
        Some(named) => match sites::named(server, named).await? {
            Some(site) => Some(site.id),
            None => return Ok(None),
        },
    };
    let Some(live) = find(server, shown, site).await? else { return Ok(None) };
    // What was made for scopes of the asker and is bare of them by now is still its own to tell about, and refused by layer 2.
    if asker.reached_by(&live.token.reach).is_empty() {
        return Ok(None);
    }
    server.note_use(live.token.key, client_ip(parameters)?);
    let effective = match roles {
        RolesAre::Untold => live.scope_at(&asker),
        RolesAre::Told | RolesAre::JudgedHere => asker.reached_by(&live.token.reach),
    };
    let is_basic = matches!(shown, Shown::Basic(_));
    Ok(Some(ActiveApiToken { server, asker, live, effective, is_basic, roles: None }))
}
