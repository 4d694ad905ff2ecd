//! Layers 1 and 2 for a person's script: whose API token this is, on which site, and what its owner may there at the moment.

use std::sync::Arc;

use crate::access::basic::Basic;
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::ApiToken;
use crate::domain::id::SiteId;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::{Scope, is_of_admins};
use crate::domain::site::{Member, Site, decides};
use crate::domain::user::{User, UserState};
use crate::secrets::token::{TokenKind, read};
use crate::store::{ApiCredential, StoreError};

/// How a script shows its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// By itself, as a bearer token.
    Alone(&'a str),
    /// As the payload of a Basic header, beside its owner's e-mail address.
    Basic(&'a str),
}

/// A live API token on a site.
pub struct LiveApiToken {
    /// The token.
    pub token: ApiToken,
    /// Its owner.
    pub user: User,
    /// Where.
    pub site: Arc<Site>,
    /// What its owner is there.
    pub member: Member,
}

impl LiveApiToken {
    /// What it may be used for at a resource: no more than its owner may there by now.
    pub fn scope_at(&self, resource: &ProtectedResource) -> Scope {
        let reached = resource.reached_by(&self.token.reach);
        if self.is_of_an_admin() { reached } else { reached.filter(|name| !is_of_admins(name)) }
    }

    /// Whether its owner decides about the site.
    pub fn is_of_an_admin(&self) -> bool {
        decides(&self.user, Some(self.member.standing))
    }
}

/// The live token that is shown, on `site`, or where none is named on its own, or else on the default one. Whoever it is of, what is
/// no token is told without asking the store, and what is none of theirs after the same questions as what is.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn find(
    server: &AuthorizationServer,
    shown: Shown<'_>,
    site: Option<SiteId>,
) -> Result<Option<LiveApiToken>, StoreError> {
    let Some((Owned { token, user }, place)) = owned(server, shown, site).await? else { return Ok(None) };
    let (Some(site), Some(member)) = place else { return Ok(None) };
    let is_there = token.site_id.is_none_or(|only| only == site.id);
    Ok(is_there.then_some(LiveApiToken { token, user, site, member }))
}

/// A live API token and its owner, whatever site they are on.
pub struct Owned {
    /// The token.
    pub token: ApiToken,
    /// Its owner.
    pub user: User,
}

/// The live token that is shown, for what concerns no site; none if it is for one site alone.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn find_for_no_site(server: &AuthorizationServer, shown: Shown<'_>) -> Result<Option<Owned>, StoreError> {
    let found = owned(server, shown, None).await?;
    Ok(found.map(|(owned, _)| owned).filter(|owned| owned.token.site_id.is_none()))
}

type Place = (Option<Arc<Site>>, Option<Member>);

async fn owned(
    server: &AuthorizationServer,
    shown: Shown<'_>,
    site: Option<SiteId>,
) -> Result<Option<(Owned, Place)>, StoreError> {
    let (key, basic) = match shown {
        Shown::Alone(token) => (read(TokenKind::Api, token), None),
        Shown::Basic(payload) => {
            let basic = Basic::read(payload);
            (basic.as_ref().map(|basic| basic.key), basic)
        }
    };
    let Some(key) = key else { return Ok(None) };
    let found = server.store.api_credential(key, site, server.site.id).await?;
    let Some(ApiCredential { token, user: Some(user), site, member }) = found else { return Ok(None) };
    let is_theirs = basic.is_none_or(|basic| basic.name(&user));
    let is_live = token.is_live(server.now()) && user.state == UserState::Active;
    Ok((is_theirs && is_live).then_some((Owned { token, user }, (site, member))))
}
