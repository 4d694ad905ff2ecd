//! Introspection, RFC 7662: the hot path. One point read of each noun, no write, no hash but SHA-256.

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Subject;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::oauth::error::OAuthError;
use crate::oauth::parameters::Parameters;
use crate::secrets::digest::base64url;
use crate::secrets::token::{TokenKind, read};
use crate::store::{Credential, Owner};

/// What a protected resource learns about a token: everything, or nothing but that it is not live for the asker.
pub enum Introspection {
    /// Exactly `{"active":false}`: not live, not known, or not meant for the asker. Which of these is not told.
    Inactive,
    /// A live token that is meant for the asker.
    Active(Box<ActiveToken>),
}

/// The answer about a live token, by the names of RFC 7662 section 2.2; what follows `credential` is ours.
#[derive(Serialize)]
pub struct ActiveToken {
    active: bool,
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    token_type: &'static str,
    scope: String,
    iat: u64,
    exp: u64,
    jti: String,
    credential: CredentialKind,
    site: SiteClaim,
    scopes: Scopes,
}

/// Which system the credential belongs to.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum CredentialKind {
    /// An OAuth app for a person who consented.
    OauthUser,
    /// An OAuth app for itself.
    OauthApp,
}

#[derive(Serialize)]
struct SiteClaim {
    id: String,
    url: String,
    workspace_id: String,
}

/// Why the effective scope is what it is.
#[derive(Serialize)]
struct Scopes {
    approved: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consented: Option<Vec<String>>,
    effective: Vec<String>,
}

/// Answers `asker` about the token in `parameters`. `token_type_hint` is not looked at: a token is found by its digest.
///
/// # Errors
/// `invalid_request` if `token` is missing; `server_error` if the store fails.
pub async fn introspect(
    server: &AuthorizationServer,
    asker: &ProtectedResource,
    parameters: &Parameters<'_>,
) -> Result<Introspection, OAuthError> {
    let Some(key) = read(TokenKind::Access, parameters.required("token")?) else {
        return Ok(Introspection::Inactive);
    };
    let credential = server.store.credential(key).await?;
    Ok(credential.map_or(Introspection::Inactive, |credential| judge(server, asker, key, credential)))
}

fn judge(
    server: &AuthorizationServer,
    asker: &ProtectedResource,
    key: TokenKey,
    credential: Credential,
) -> Introspection {
    let Credential { token, client: Some(client), site: Some(site), owner } = credential else {
        return Introspection::Inactive;
    };
    if token.expires.has_passed(server.now()) || !asker.is_meant_by(&token) {
        return Introspection::Inactive;
    }
    let (username, consented, kind) = match (&token.subject, owner) {
        (Subject::Client, _) => (None, None, CredentialKind::OauthApp),
        (Subject::User { epoch, .. }, Some(Owner { user: Some(user), grant: Some(grant), family: Some(family) }))
            if user.honours(*epoch) && family.is_live() && grant.sites.contains(&site.id) =>
        {
            (Some(user.email.as_str().to_owned()), Some(grant.scope), CredentialKind::OauthUser)
        }
        (Subject::User { .. }, _) => return Introspection::Inactive,
    };
    let consents = |name: &str| consented.as_ref().is_none_or(|consented| consented.contains(name));
    let is_effective = |name: &str| asker.scope.contains(name) && client.allows_token(name) && consents(name);
    let effective = if token.scope.iter().all(is_effective) { token.scope } else { token.scope.filter(is_effective) };

    let approved = asker.scope.filter(|name| client.allows_token(name));
    Introspection::Active(Box::new(ActiveToken {
        active: true,
        iss: server.config.issuer.url.as_str().to_owned(),
        aud: asker.audience().to_owned(),
        sub: token.subject.claim(&client.id),
        client_id: client.id.into(),
        username,
        token_type: "Bearer",
        scopes: Scopes {
            approved: names(&approved),
            consented: consented.map(|consented| names(&asker.scope.intersection(&consented))),
            effective: names(&effective),
        },
        scope: effective.to_string(),
        iat: token.issued.0,
        exp: token.expires.0,
        // Half of the digest: names the token in logs, and opens nothing.
        jti: base64url(&key.digest.0[..16]),
        credential: kind,
        site: SiteClaim { id: site.id.to_string(), url: site.url, workspace_id: site.workspace_id.to_string() },
    }))
}

fn names(scope: &Scope) -> Vec<String> {
    scope.iter().map(str::to_owned).collect()
}
