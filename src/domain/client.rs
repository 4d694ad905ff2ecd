//! Client: the OAuth client of an app: metadata, grant types, authentication method.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::app::Deployment;
use crate::domain::id::ClientId;
use crate::domain::scope::{OFFLINE_ACCESS, Scope};
use crate::domain::secret::Digest;
use crate::domain::time::Timestamp;
use crate::domain::uri::{LoopbackPorts, RedirectUri};

/// At most so many secrets are live at once, so that one can be rotated while the other still works.
pub const MAX_SECRETS: usize = 2;

/// An OAuth client. Operators register clients, so each is trusted (RFC 9700 section 4.11.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its name in the protocol.
    pub id: ClientId,
    /// What people call the app.
    pub name: String,
    /// Who publishes the app; people read it on the consent page.
    pub publisher: Option<String>,
    /// Where the publisher tells how it treats what it learns.
    pub policy_uri: Option<String>,
    /// The terms of use.
    pub tos_uri: Option<String>,
    /// How it authenticates.
    pub credentials: Credentials,
    /// Where answers may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<GrantType>,
    /// Scopes that a person allows together or not at all.
    pub scope: Scope,
    /// Scopes that a person may leave out.
    pub optional_scope: Scope,
    /// Whether authorization requests must be pushed.
    pub authorization_requests: AuthorizationRequests,
    /// When it was registered.
    pub created: Timestamp,
    /// Whose habits it relies on.
    pub profile: Profile,
    /// Whether it may do without PKCE.
    pub pkce: Pkce,
    /// The app that it belongs to, where that was declared by a manifest.
    pub deployment: Option<Deployment>,
}

/// Whose habits a client relies on, where they differ from the standards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Those of the RFCs.
    #[default]
    Rfc,
    /// Those of Atlassian's 3LO: a refused refresh is 403, an unknown place is `unauthorized_client`, and a refresh may be
    /// repeated for ten minutes.
    Atlassian,
}

/// Whether a client must prove that it began what it ends (RFC 7636).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    /// By S256, always.
    #[default]
    Required,
    /// An operator let this confidential client do without: real 3LO clients send no challenge.
    Exempt,
}

impl Profile {
    /// The name by which operators choose it.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Rfc => "rfc",
            Profile::Atlassian => "atlassian",
        }
    }
}

impl FromStr for Profile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rfc" => Ok(Profile::Rfc),
            "atlassian" => Ok(Profile::Atlassian),
            other => Err(format!("{other:?} is no profile: one of rfc, atlassian")),
        }
    }
}

impl Pkce {
    /// Whether a client of this kind may do without. One that cannot keep a secret has nothing else that tells it from a
    /// thief of its code (RFC 9700 section 2.1.1), and one that follows the RFCs can send a challenge.
    pub fn may_be_exempt(profile: Profile, confidential: bool) -> bool {
        profile == Profile::Atlassian && confidential
    }
}

/// What is to be said of a client from now on; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientChange {
    /// Who publishes the app.
    pub publisher: Option<String>,
    /// Where answers may be sent.
    pub redirect_uris: Option<Vec<RedirectUri>>,
}

/// How a client may begin an authorization (RFC 9126 section 6, `require_pushed_authorization_requests`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationRequests {
    /// By parameters in the front channel, or pushed.
    Any,
    /// Only pushed.
    PushedOnly,
}

/// How a client or a protected resource proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Credentials {
    /// Not at all: a public client (RFC 6749 section 2.1).
    Public,
    /// By a shared secret, in a Basic header or in the body (RFC 6749 section 2.3.1).
    Secrets(Vec<ClientSecret>),
    /// By a signed assertion, `private_key_jwt` (RFC 7523 section 2.2).
    PrivateKeyJwt(Vec<PublicKey>),
}

/// One live secret of a client. Only its digest is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// SHA-256 of the secret.
    pub digest: Digest,
    /// When it was made; the older one goes first.
    pub created: Timestamp,
}

/// A public key of a client, as a JSON Web Key (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The `kid`, where the key has one.
    pub kid: Option<String>,
    /// The key as JSON text.
    pub jwk: String,
}

impl Credentials {
    /// Whether the client can keep a secret (RFC 6749 section 2.1).
    pub fn is_confidential(&self) -> bool {
        !matches!(self, Credentials::Public)
    }

    /// Whether `digest` is that of a live secret. Every secret is compared, each in constant time.
    pub fn accepts(&self, digest: &Digest) -> bool {
        match self {
            Credentials::Secrets(secrets) => {
                secrets.iter().fold(false, |found, secret| found | (secret.digest == *digest))
            }
            Credentials::Public | Credentials::PrivateKeyJwt(_) => false,
        }
    }

    /// These credentials with one more secret; of those before, only the newest stays.
    pub fn with_secret(self, digest: Digest, now: Timestamp) -> Credentials {
        let mut secrets = match self {
            Credentials::Secrets(secrets) => secrets,
            Credentials::Public | Credentials::PrivateKeyJwt(_) => Vec::new(),
        };
        secrets.push(ClientSecret { digest, created: now });
        let excess = secrets.len().saturating_sub(MAX_SECRETS);
        secrets.drain(..excess);
        Credentials::Secrets(secrets)
    }
}

/// What a client may ask the token endpoint for, by the names of RFC 6749.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 section 4.1.
    AuthorizationCode,
    /// RFC 6749 section 6.
    RefreshToken,
    /// RFC 6749 section 4.4.
    ClientCredentials,
    /// RFC 8693 section 2.1: an invocation for a token that acts for its person.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 7523 section 2.1: an app says for whom it acts.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

impl GrantType {
    /// All of them, in the order in which the metadata lists them.
    pub const ALL: [GrantType; 5] = [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::ClientCredentials,
        GrantType::TokenExchange,
        GrantType::JwtBearer,
    ];

    /// The value of the `grant_type` parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
            GrantType::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            GrantType::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A `grant_type` that this server does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not one of authorization_code, refresh_token, client_credentials")]
pub struct UnsupportedGrantType;

impl FromStr for GrantType {
    type Err = UnsupportedGrantType;
    fn from_str(text: &str) -> Result<Self, UnsupportedGrantType> {
        GrantType::ALL.into_iter().find(|grant_type| grant_type.as_str() == text).ok_or(UnsupportedGrantType)
    }
}

impl Client {
    /// The client as `change` has it.
    pub fn changed(&self, change: &ClientChange) -> Client {
        let mut client = self.clone();
        if let Some(publisher) = &change.publisher {
            client.publisher = Some(publisher.clone());
        }
        if let Some(redirect_uris) = &change.redirect_uris {
            client.redirect_uris.clone_from(redirect_uris);
        }
        client
    }

    /// Whether a code may be given to it without a challenge. That it can be exempt at all is asked each time, so that a
    /// record which says what could not be registered exempts nobody.
    pub fn is_exempt_from_pkce(&self) -> bool {
        self.pkce == Pkce::Exempt && Pkce::may_be_exempt(self.profile, self.credentials.is_confidential())
    }

    /// Whether it may use `grant_type`.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Every scope it may ever be given.
    pub fn allowed_scope(&self) -> Scope {
        self.scope.union(&self.optional_scope)
    }

    /// Whether `scope` is within what it may ever be given; allocates nothing.
    pub fn allows_token(&self, token: &str) -> bool {
        self.scope.contains(token) || self.optional_scope.contains(token)
    }

    /// The registered URI that `requested` means. `localhost` says whether that name counts as a loopback address.
    /// Patterns are how open redirects begin: only the port of a native client's loopback address may differ.
    pub fn redirect_uri(&self, requested: &str, localhost: LoopbackPorts) -> Option<RedirectUri> {
        let ports = if self.credentials.is_confidential() { LoopbackPorts::Exact } else { localhost };
        let registered = self.redirect_uris.iter().any(|uri| uri.matches(requested, ports));
        registered.then(|| requested.parse().ok()).flatten()
    }

    /// Whether a person's earlier consent may answer without asking again: never where another app on the device
    /// could take this one's place (RFC 8252 section 8.6).
    pub fn may_be_remembered(&self, redirect_uri: &RedirectUri) -> bool {
        self.credentials.is_confidential() || redirect_uri.is_claimed_https()
    }

    /// Whether a refresh token can follow from `consented`.
    pub fn refreshes(&self, consented: &Scope) -> bool {
        self.may_use(GrantType::RefreshToken) && consented.contains(OFFLINE_ACCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_secret_ends_the_oldest() {
        let digest = |n| Digest([n; 32]);
        let credentials = (1..=3).fold(Credentials::Secrets(Vec::new()), |credentials, n| {
            credentials.with_secret(digest(n), Timestamp(u64::from(n)))
        });
        assert!(!credentials.accepts(&digest(1)) && credentials.accepts(&digest(2)) && credentials.accepts(&digest(3)));
        assert!(!Credentials::Public.accepts(&digest(1)));
    }
}
