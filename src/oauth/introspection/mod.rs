//! Introspection, RFC 7662: the hot path. One point read of each noun, no write, no hash but SHA-256 (and HMAC of what a Connect
//! app signed); the answer is written from what was read, without a copy of it.
//!
//! | file | what |
//! |---|---|
//! | `token` | an access token |
//! | `request_jwt` | a request that a Connect app signed |
//! | `api_token` | an API token of a person, by itself or in Basic credentials |
//! | `container_token` | the token of an import source |
//! | `facts` | what of it a decision asks |
//! | `levels` | what a Connect app may, in the scopes of the resource that asks |
//! | `claims` | the answer |

mod api_token;
mod claims;
mod container_token;
mod facts;
mod levels;
mod request_jwt;
mod token;

pub use api_token::ActiveApiToken;
pub use container_token::ActiveContainerToken;
pub use facts::Facts;
pub use request_jwt::RefusedJwt;

use std::net::IpAddr;
use std::sync::Arc;

use crate::access::api_token::Shown;
use crate::access::connect::request_jwt::may_be;
use crate::access::roles::{self, ToldRoles};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::AccessToken;
use crate::domain::client::Client;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::oauth::bounds::Bounds;
use crate::oauth::client_authentication::{self, Presented};
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::claims::CredentialKind;
use crate::oauth::parameters::Parameters;
use crate::secrets::token::{TokenKind, kind_of};
use crate::store::Asked;
use crate::telemetry::IntrospectionOutcome;

/// What a protected resource learns about a credential: everything, or nothing but that it is not live for the asker.
pub enum Introspection<'s> {
    /// Exactly `{"active":false}`: not live, not known, or not meant for the asker. Which of these is not told to the asker; of
    /// a request that an app signed its developer is told why.
    Inactive(Option<Box<RefusedJwt>>),
    /// A live credential that is meant for the asker.
    Active(Box<ActiveToken<'s>>),
    /// An API token that is good for something at the asker.
    ApiToken(Box<ActiveApiToken<'s>>),
    /// A container token, at the resource that imports are made at.
    ContainerToken(Box<ActiveContainerToken<'s>>),
}

/// A live credential, and everything that makes it so.
pub struct ActiveToken<'s> {
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    /// What names it in logs, and opens nothing.
    jti: String,
    kind: CredentialKind,
    token: AccessToken,
    client: Arc<Client>,
    site: Arc<Site>,
    bounds: Bounds,
    effective: Scope,
    roles: Option<ToldRoles>,
}

/// The hint that `token` is the payload of a Basic header.
const BASIC: &str = "basic";

/// Answers whoever presents itself at `endpoint`, once it proved to be a protected resource, about the credential in `parameters`, on
/// the `site` that they name if they name one. A token is found by its form and digest; no `token_type_hint` is looked at but
/// `basic`, which names another form.
///
/// # Errors
/// As [`client_authentication::resource`]; `invalid_request` if `token` is missing; `server_error` if the store fails.
pub async fn introspect<'s>(
    server: &'s AuthorizationServer,
    presented: &Presented,
    endpoint: &str,
    parameters: &Parameters<'_>,
) -> Result<Introspection<'s>, OAuthError> {
    let roles = if parameters.once("roles")? == Some("true") { RolesAre::Told } else { RolesAre::Untold };
    let Some(key) = token::by_itself(parameters)? else {
        let asker = client_authentication::resource(server, presented, endpoint).await?;
        return introspect_where(server, asker, parameters, roles).await;
    };
    // Who asks and what is asked about are both known by name: one question of the store.
    let Asked { asker, credential } = server.store.asked(&presented.id, key).await?;
    let asker = client_authentication::proven_resource(server, presented, asker, endpoint).await?;
    let active = credential.and_then(|credential| token::judge(server, asker, key, credential));
    told(server, active.map(Introspection::from), roles).await
}

/// As [`introspect`], for an asker that is known, with what becomes of roles. Of an API token the scopes that are an admin's stand in for roles where nobody
/// judges by these.
///
/// # Errors
/// As [`introspect`].
pub async fn introspect_where<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    parameters: &Parameters<'_>,
    roles: RolesAre,
) -> Result<Introspection<'s>, OAuthError> {
    let credential = parameters.required("token")?;
    let answer = if parameters.once("token_type_hint")? == Some(BASIC) {
        let active = api_token::introspect(server, asker, Shown::Basic(credential), (parameters, roles)).await?;
        active.map(Introspection::from)
    } else if may_be(credential) {
        Some(request_jwt::introspect(server, asker, credential, parameters).await?)
    } else {
        match kind_of(credential) {
            Some(TokenKind::Access) => {
                let active = token::introspect(server, asker, credential, parameters).await?;
                active.map(Introspection::from)
            }
            Some(TokenKind::Api) => {
                let active =
                    api_token::introspect(server, asker, Shown::Alone(credential), (parameters, roles)).await?;
                active.map(Introspection::from)
            }
            Some(TokenKind::Container) => {
                let active = container_token::introspect(server, asker, credential, parameters).await?;
                active.map(|token| Introspection::ContainerToken(Box::new(token)))
            }
            _ => None,
        }
    };
    told(server, answer, roles).await
}

/// What is told of what was found, if anything was.
async fn told<'s>(
    server: &AuthorizationServer,
    found: Option<Introspection<'s>>,
    roles: RolesAre,
) -> Result<Introspection<'s>, OAuthError> {
    let mut answer = found.unwrap_or(Introspection::Inactive(None));
    if roles == RolesAre::Told {
        answer.tell_roles(server).await?;
    }
    server.telemetry.introspected(match answer {
        Introspection::Inactive(_) => IntrospectionOutcome::Inactive,
        Introspection::Active(_) | Introspection::ApiToken(_) | Introspection::ContainerToken(_) => {
            IntrospectionOutcome::Active
        }
    });
    Ok(answer)
}

/// What becomes of the roles of whom a credential stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolesAre {
    /// The asker is not told of them.
    Untold,
    /// The asker is told, and judges.
    Told,
    /// This server judges.
    JudgedHere,
}

impl Introspection<'_> {
    /// Adds the roles that are held on the site, if the asker declares any.
    async fn tell_roles(&mut self, server: &AuthorizationServer) -> Result<(), OAuthError> {
        let Some(facts) = self.facts().await? else { return Ok(()) };
        let realm = facts.realm();
        let Some(access) = server.store.access(&realm.resource_id).await? else { return Ok(()) };
        let told = roles::told(server, (&realm, &access), &facts.site, &facts.principal).await?;
        match self {
            Introspection::Active(token) => token.roles = Some(told),
            Introspection::ApiToken(token) => token.roles = Some(told),
            Introspection::ContainerToken(_) | Introspection::Inactive(_) => {}
        }
        Ok(())
    }
}

impl<'s> From<ActiveToken<'s>> for Introspection<'s> {
    fn from(token: ActiveToken<'s>) -> Self {
        Introspection::Active(Box::new(token))
    }
}

impl<'s> From<ActiveApiToken<'s>> for Introspection<'s> {
    fn from(token: ActiveApiToken<'s>) -> Self {
        Introspection::ApiToken(Box::new(token))
    }
}

/// Where the credential was shown to the asker, if the asker says so in a form that can be read.
fn client_ip(parameters: &Parameters<'_>) -> Result<Option<IpAddr>, OAuthError> {
    Ok(parameters.once("client_ip")?.and_then(|text| text.parse().ok()))
}
