//! What bounds a live token: the person, what they allowed, and what an admin of the site approved. Asked at each use, so that
//! whatever was taken back since is not had.

use crate::domain::access_token::{AccessToken, Presence, Subject};
use crate::domain::client::Client;
use crate::domain::connect::{ACT_AS_USER, Level};
use crate::domain::grant::Grant;
use crate::domain::installation::Authority;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::domain::user::User;
use crate::store::Owner;

/// For whom a token is good, and what it may be used for at most.
pub struct Bounds {
    /// The person it stands for, if it stands for one.
    pub user: Option<User>,
    /// What they allowed, if they were there.
    pub grant: Option<Grant>,
    /// What an admin of the site approved, if it is a token of a deployed app.
    pub authority: Option<Authority>,
    /// Whether the app acts for somebody who is away.
    pub away: bool,
}

impl Bounds {
    /// Whether the client's version asks for the scope and the site's admin approved it.
    pub fn approve(&self, client: &Client, token: &str) -> bool {
        match &self.authority {
            None => client.allows_token(token),
            Some(authority) if self.away => authority.allows_away(client, token),
            Some(authority) => authority.allows(client, token),
        }
    }

    /// Whether it is a credential of a Connect app, whose scopes are its own and not those of a resource.
    pub fn is_of_connect(&self) -> bool {
        self.authority.as_ref().is_some_and(|authority| authority.installation.tenancy.is_some())
    }

    /// What a Connect app may by a credential of these scopes: no more than its version asks for and the site's admin approved;
    /// nothing as a person, unless it may act as one at all.
    pub fn level(&self, client: &Client, scope: &Scope) -> Option<Level> {
        if self.away && !self.approve(client, ACT_AS_USER) {
            return None;
        }
        Some(Level::highest(scope.iter())?.min(self.authority.as_ref()?.level(client)?))
    }

    /// Whether the person allowed it, where one must have.
    pub fn consent(&self, token: &str) -> bool {
        self.grant.as_ref().is_none_or(|grant| grant.scope.contains(token))
    }
}

/// What bounds a token on `site`; `None` if it is not good there for anything.
pub fn bounds(
    token: &AccessToken,
    client: &Client,
    site: &Site,
    authority: Option<Authority>,
    owner: Option<Owner>,
) -> Option<Bounds> {
    // Every app that was deployed is on a site by an installation that is on, and the token hangs from it.
    match (client.deployment, &authority) {
        (None, None) => {}
        (Some(deployment), Some(authority))
            if authority.installation.is_active() && authority.installation.deployment == deployment => {}
        _ => return None,
    }
    // Only what a person allowed an OAuth app is good on more sites than the one it was issued for.
    if token.site_id != site.id && !matches!(token.subject, Subject::User { .. }) {
        return None;
    }
    let (epoch, away) = match &token.subject {
        Subject::Gateway { .. } => return None,
        Subject::Client | Subject::App { .. } => {
            return Some(Bounds { user: None, grant: None, authority, away: false });
        }
        Subject::User { epoch, .. } => (*epoch, false),
        Subject::Acting { epoch, presence, .. } => (*epoch, *presence == Presence::Away),
    };
    let Owner { user: Some(user), grant, member_since: Some(since), family_is_live: true } = owner? else {
        return None;
    };
    let covered = match &grant {
        Some(grant) => grant.sites.contains(&site.id),
        None => away && since <= token.issued,
    };
    (covered && user.honours(epoch)).then_some(Bounds { user: Some(user), grant, authority, away })
}
