//! Introspection, RFC 7662: the hot path. One point read of each noun, no write, no hash but SHA-256; the answer is written
//! from what was read, without a copy of it.

use std::fmt::Display;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{AccessToken, Subject, SubjectClaim};
use crate::domain::client::Client;
use crate::domain::id::SiteId;
use crate::domain::installation::AppAccount;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::domain::site::Site;
use crate::oauth::bounds::{Bounds, bounds};
use crate::oauth::error::OAuthError;
use crate::oauth::parameters::Parameters;
use crate::secrets::digest::base64url;
use crate::secrets::token::{TokenKind, read};
use crate::store::Credential;
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
        (Some(key), Some(named)) => match sites::named(server, named).await? {
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
