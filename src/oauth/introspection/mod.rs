//! Introspection, RFC 7662: the hot path. One point read of each noun, no write, no hash but SHA-256 (and HMAC of what a Connect
//! app signed); the answer is written from what was read, without a copy of it.
//!
//! | file | what |
//! |---|---|
//! | `token` | an access token |
//! | `request_jwt` | a request that a Connect app signed |
//! | `levels` | what a Connect app may, in the scopes of the resource that asks |
//! | `claims` | the answer |

mod claims;
mod levels;
mod request_jwt;
mod token;

pub use request_jwt::RefusedJwt;

use std::sync::Arc;

use crate::access::connect::request_jwt::may_be;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::AccessToken;
use crate::domain::client::Client;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::oauth::bounds::Bounds;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::claims::CredentialKind;
use crate::oauth::parameters::Parameters;
use crate::telemetry::IntrospectionOutcome;

/// What a protected resource learns about a credential: everything, or nothing but that it is not live for the asker.
pub enum Introspection<'s> {
    /// Exactly `{"active":false}`: not live, not known, or not meant for the asker. Which of these is not told to the asker; of
    /// a request that an app signed its developer is told why.
    Inactive(Option<Box<RefusedJwt>>),
    /// A live credential that is meant for the asker.
    Active(Box<ActiveToken<'s>>),
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
}

/// Answers `asker` about the credential in `parameters`, on the `site` that they name if they name one. `token_type_hint` is not
/// looked at: a token is found by its digest, and has another form than a JWT.
///
/// # Errors
/// `invalid_request` if `token` is missing; `server_error` if the store fails.
pub async fn introspect<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    parameters: &Parameters<'_>,
) -> Result<Introspection<'s>, OAuthError> {
    let credential = parameters.required("token")?;
    let answer = if may_be(credential) {
        request_jwt::introspect(server, asker, credential, parameters).await?
    } else {
        let active = token::introspect(server, asker, credential, parameters).await?;
        active.map_or(Introspection::Inactive(None), |token| Introspection::Active(Box::new(token)))
    };
    server.telemetry.introspected(match answer {
        Introspection::Active(_) => IntrospectionOutcome::Active,
        Introspection::Inactive(_) => IntrospectionOutcome::Inactive,
    });
    Ok(answer)
}
