//! Introspection, RFC 7662: the hot path. One point read of each noun, no write, no hash but SHA-256; the answer is written
//! from what was read, without a copy of it.

use std::fmt::Display;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{AccessToken, Presence, Subject, SubjectClaim};
use crate::domain::client::Client;
use crate::domain::grant::Grant;
use crate::domain::id::SiteId;
use crate::domain::installation::{AppAccount, Authority};
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::domain::user::User;
use crate::oauth::error::OAuthError;
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::secrets::digest::base64url;
use crate::secrets::token::{TokenKind, read};
use crate::store::{Credential, Owner};
use crate::telemetry::IntrospectionOutcome;

/// What a protected resource learns about a token: everything, or nothing but that it is not live for the asker.
pub enum Introspection<'s> {
    /// Exactly `{"active":false}`: not live, not known, or not meant for the asker. Which of these is not told.
    Inactive,
    /// A live token that is meant for the asker.
    Active(Box<ActiveToken<'s>>),
}

/// A live token, and everything that makes it so.
pub struct ActiveToken<'s> {
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    key: TokenKey,
    token: AccessToken,
    client: Arc<Client>,
    site: Arc<Site>,
    bounds: Bounds,
    effective: Scope,
}

/// For whom a token is good, and what it may be used for at most.
pub(super) struct Bounds {
    /// The person it stands for, if it stands for one.
    pub(super) user: Option<User>,
    /// What they allowed, if they were there.
    grant: Option<Grant>,
    /// What an admin of the site approved, if it is a token of a deployed app.
    authority: Option<Authority>,
    /// Whether the app acts for somebody who is away.
    away: bool,
}

impl Bounds {
    /// Whether the client's version asks for the scope and the site's admin approved it.
    pub(super) fn approve(&self, client: &Client, token: &str) -> bool {
        match &self.authority {
            None => client.allows_token(token),
            Some(authority) if self.away => authority.allows_away(client, token),
            Some(authority) => authority.allows(client, token),
        }
    }

    /// Whether the person allowed it, where one must have.
    pub(super) fn consent(&self, token: &str) -> bool {
        self.grant.as_ref().is_none_or(|grant| grant.scope.contains(token))
    }
}

/// Answers `asker` about the token in `parameters`, on the `site` that they name if they name one. `token_type_hint` is not
/// looked at: a token is found by its digest.
///
/// # Errors
/// `invalid_request` if `token` is missing; `server_error` if the store fails.
pub async fn introspect<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    parameters: &Parameters<'_>,
) -> Result<Introspection<'s>, OAuthError> {
    let active = match (read(TokenKind::Access, parameters.required("token")?), parameters.once("site")?) {
        (None, _) => None,
        (Some(key), None) => credential(server, asker, key, None).await?,
        (Some(key), Some(named)) => match installed::site_named(server, named).await? {
            Some(site) => credential(server, asker, key, Some(site.id)).await?,
            None => None,
        },
    };
    server.telemetry.introspected(match active {
        Some(_) => IntrospectionOutcome::Active,
        None => IntrospectionOutcome::Inactive,
    });
    Ok(active.map_or(Introspection::Inactive, |token| Introspection::Active(Box::new(token))))
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

fn judge(
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
    let is_effective = |name: &str| bounds.consent(name) && asker.scope.contains(name) && bounds.approve(&client, name);
    let all = token.scope.iter().all(is_effective);
    let effective = if all { token.scope.clone() } else { token.scope.filter(is_effective) };
    Some(ActiveToken { server, asker, key, token, client, site, bounds, effective })
}

/// What bounds a token on `site`; `None` if it is not good there for anything.
pub(super) fn bounds(
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

impl Serialize for Introspection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Introspection::Inactive => Inactive { active: false }.serialize(serializer),
            Introspection::Active(token) => token.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

impl Serialize for ActiveToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { server, asker, key, token, client, site, bounds, effective } = self;
        let consented = bounds.grant.as_ref().map(|grant| &grant.scope);
        Claims {
            active: true,
            iss: server.config.issuer.url.as_str(),
            aud: asker.audience(),
            sub: token.subject.claim(&client.id),
            act: token.subject.actor().map(|sub| Actor { sub }),
            client_id: client.id.as_str(),
            username: bounds.user.as_ref().map(|user| user.email.as_str()),
            token_type: "Bearer",
            scope: effective.as_str(),
            iat: token.issued.0,
            exp: token.expires.0,
            // Half of the digest: names the token in logs, and opens nothing.
            jti: base64url(&key.digest.0[..16]),
            credential: CredentialKind::of(&token.subject),
            site: SiteClaim { id: site.id, url: server.url_of(site), workspace_id: site.workspace_id },
            installation: bounds.authority.as_ref().map(|authority| InstallationClaim {
                id: authority.installation.id.ari(),
                app: authority.installation.deployment.app_id.ari(),
            }),
            scopes: Scopes {
                approved: asker.scope.iter().filter(|name| bounds.approve(client, name)).collect(),
                consented: consented.map(|scope| asker.scope.iter().filter(|name| scope.contains(name)).collect()),
                effective: effective.iter().collect(),
            },
        }
        .serialize(serializer)
    }
}

/// The answer by the names of RFC 7662 section 2.2; what follows `credential` is ours.
#[derive(Serialize)]
struct Claims<'a> {
    active: bool,
    iss: &'a str,
    aud: &'a str,
    #[serde(serialize_with = "text")]
    sub: SubjectClaim<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    token_type: &'static str,
    scope: &'a str,
    iat: u64,
    exp: u64,
    jti: String,
    credential: CredentialKind,
    site: SiteClaim<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installation: Option<InstallationClaim>,
    scopes: Scopes<'a>,
}

/// Which system the credential belongs to.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum CredentialKind {
    /// An OAuth app for a person who consented.
    OauthUser,
    /// An OAuth app for itself.
    OauthApp,
    /// An app on a site for a person.
    ForgeUser,
    /// An app on a site for itself.
    ForgeApp,
}

impl CredentialKind {
    fn of(subject: &Subject) -> Self {
        match subject {
            Subject::User { .. } => CredentialKind::OauthUser,
            Subject::Client => CredentialKind::OauthApp,
            Subject::Acting { .. } => CredentialKind::ForgeUser,
            Subject::App { .. } | Subject::Gateway { .. } => CredentialKind::ForgeApp,
        }
    }
}

/// Who acts for the subject (RFC 8693 section 4.1).
#[derive(Serialize)]
struct Actor {
    #[serde(serialize_with = "text")]
    sub: AppAccount,
}

/// On whose account an app is on the site.
#[derive(Serialize)]
struct InstallationClaim {
    id: String,
    app: String,
}

#[derive(Serialize)]
struct SiteClaim<'a> {
    id: SiteId,
    url: &'a str,
    workspace_id: SiteId,
}

/// Why the effective scope is what it is.
#[derive(Serialize)]
struct Scopes<'a> {
    approved: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consented: Option<Vec<&'a str>>,
    effective: Vec<&'a str>,
}

fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
