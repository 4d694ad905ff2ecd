//! Mint tokens of every kind, for every grant. Nothing here is kept; a use case gives the store what it must keep.

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{AccessToken, Subject};
use crate::domain::client::Client;
use crate::domain::id::{FamilyId, ResourceId, SiteId};
use crate::domain::refresh_token::{Family, RefreshToken, Rotation};
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::secrets::random;
use crate::secrets::refresh_token::{self, Presented};
use crate::secrets::token::{self, Minted, TokenKind};

/// An access token to hand out, and its record.
pub struct MintedAccess {
    /// The token and its key.
    pub minted: Minted,
    /// What it stands for.
    pub record: AccessToken,
}

/// What an access token is for.
pub struct Purpose {
    /// Whom it stands for.
    pub subject: Subject,
    /// With which scope.
    pub scope: Scope,
    /// At which resource.
    pub resource: ResourceId,
    /// On which site.
    pub site_id: SiteId,
}

/// A random access token of the configured lifetime, cut short where `no_later_than` comes first.
pub fn access_token(
    server: &AuthorizationServer,
    client: &Client,
    purpose: Purpose,
    no_later_than: Option<Timestamp>,
    now: Timestamp,
) -> MintedAccess {
    let configured = now + server.config.lifetimes.access_token;
    let expires = no_later_than.map_or(configured, |latest| configured.min(latest));
    access_record(client, purpose, token::mint(TokenKind::Access, expires), expires, now)
}

fn access_record(
    client: &Client,
    purpose: Purpose,
    minted: Minted,
    expires: Timestamp,
    now: Timestamp,
) -> MintedAccess {
    let record = AccessToken {
        client_id: client.id.clone(),
        subject: purpose.subject,
        scope: purpose.scope,
        resource: purpose.resource,
        site_id: purpose.site_id,
        issued: now,
        expires,
    };
    MintedAccess { minted, record }
}

/// A refresh token to hand out, and its record.
pub struct MintedRefresh {
    /// The token and its key.
    pub minted: Minted,
    /// What the family keeps of it.
    pub record: RefreshToken,
}

/// The first refresh token of a new family that ends at `family_expires`, and the name of that family.
pub fn refresh_token(
    server: &AuthorizationServer,
    family_expires: Timestamp,
    now: Timestamp,
) -> (FamilyId, MintedRefresh) {
    let expires = family_expires.min(now + server.config.lifetimes.refresh_token_idle);
    let (family, minted) = refresh_token::begin(family_expires);
    (family, refresh_record(minted, expires))
}

fn refresh_record(minted: Minted, expires: Timestamp) -> MintedRefresh {
    let record = RefreshToken { digest: minted.key.digest, expires };
    MintedRefresh { minted, record }
}

/// What one presented refresh token is exchanged for. Both successors are derived from the secret of the presented one
/// and a salt that the family keeps, so that a retry within the leeway finds the same strings, and so that what the
/// family keeps recovers nothing without the presented token.
pub struct Successors {
    /// The next access token.
    pub access: MintedAccess,
    /// The next refresh token.
    pub refresh: MintedRefresh,
    /// What a retry needs.
    pub rotation: Rotation,
}

/// The successors of `presented` at its first rotation.
pub fn rotate(
    server: &AuthorizationServer,
    client: &Client,
    family: &Family,
    presented: &Presented<'_>,
    (scope, resource): (Scope, ResourceId),
    now: Timestamp,
) -> Successors {
    let access_expires = family.expires.min(now + server.config.lifetimes.access_token);
    let rotation =
        Rotation { presented: presented.digest, salt: random::salt(), at: now, access_expires, scope, resource };
    let refresh_expires = family.expires.min(now + server.config.lifetimes.refresh_token_idle);
    successors(client, family, presented, rotation, refresh_expires)
}

/// The successors that `rotation` fixed and `current` is the record of, once more.
pub fn repeat(
    client: &Client,
    family: &Family,
    presented: &Presented<'_>,
    (rotation, current): (Rotation, &RefreshToken),
) -> Successors {
    successors(client, family, presented, rotation, current.expires)
}

fn successors(
    client: &Client,
    family: &Family,
    presented: &Presented<'_>,
    rotation: Rotation,
    refresh_expires: Timestamp,
) -> Successors {
    let secret = |label| presented.derive(&rotation.salt, label);
    let access = token::from_secret(TokenKind::Access, rotation.access_expires, secret(b"access"));
    let refresh = presented.successor(secret(b"refresh"));
    let purpose = Purpose {
        subject: subject(presented.family, family),
        scope: rotation.scope.clone(),
        resource: rotation.resource.clone(),
        site_id: family.site_id,
    };
    Successors {
        access: access_record(client, purpose, access, rotation.access_expires, rotation.at),
        refresh: refresh_record(refresh, refresh_expires),
        rotation,
    }
}

/// The person a family stands for.
pub fn subject(id: FamilyId, family: &Family) -> Subject {
    Subject::User { user_id: family.user_id, epoch: family.epoch, grant_id: family.grant_id, family: id }
}
