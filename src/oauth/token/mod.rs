//! The token endpoint, RFC 6749 section 3.2: one file for each `grant_type`.

pub mod as_app;
pub mod authorization_code;
pub mod client_credentials;
pub mod jwt_bearer;
pub mod of_installation;
pub mod refresh_token;
pub mod token_exchange;

use serde::Serialize;

use crate::access::issue::{MintedAccess, MintedRefresh};
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::{Client, GrantType};
use crate::domain::grant::Grant;
use crate::domain::id::{GrantId, SiteId, UserId};
use crate::domain::installation::Authority;
use crate::domain::scope::{OFFLINE_ACCESS, Scope};
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::oauth::error::{GrantFault, OAuthError};
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::telemetry::IssuedToken;

/// A successful answer, RFC 6749 section 5.1.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
    /// RFC 8693 section 2.2.1, where a token was exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

impl TokenResponse {
    pub(super) fn new(access: &MintedAccess, refresh: Option<&MintedRefresh>, now: Timestamp) -> Self {
        let scope = &access.record.scope;
        Self {
            access_token: access.minted.token.expose().clone(),
            token_type: "Bearer",
            expires_in: access.record.expires.remaining(now).as_secs(),
            refresh_token: refresh.map(|refresh| refresh.minted.token.expose().clone()),
            // Who gets a refresh token was allowed offline_access; the client reads here that it was.
            scope: if refresh.is_some() { format!("{scope} {OFFLINE_ACCESS}") } else { scope.to_string() },
            issued_token_type: None,
        }
    }
}

impl TokenResponse {
    /// The access token alone.
    pub(super) fn into_access_token(self) -> String {
        self.access_token
    }
}

/// Answers a token request of an authenticated client.
///
/// # Errors
/// Those of RFC 6749 section 5.2, and `invalid_target`.
pub async fn grant(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    let grant_type: GrantType =
        parameters.required("grant_type")?.parse().map_err(|_| OAuthError::UnsupportedGrantType)?;
    if !client.may_use(grant_type) {
        return Err(OAuthError::UnauthorizedClient("this client is not registered for this grant_type"));
    }
    let response = match grant_type {
        GrantType::AuthorizationCode => authorization_code::redeem(server, client, parameters).await,
        GrantType::RefreshToken => refresh_token::refresh(server, client, parameters).await,
        GrantType::ClientCredentials if client.deployment.is_some() => as_app::issue(server, client, parameters).await,
        GrantType::ClientCredentials => client_credentials::issue(server, client, parameters).await,
        GrantType::TokenExchange => token_exchange::exchange(server, client, parameters).await,
        GrantType::JwtBearer => jwt_bearer::issue(server, client, parameters).await,
    }?;
    server.telemetry.issued(IssuedToken::Access);
    if response.refresh_token.is_some() {
        server.telemetry.issued(IssuedToken::Refresh);
    }
    Ok(response)
}

/// What bounds the tokens of a grant on a site: what the person allowed, and of a deployed app what was approved there.
struct Bounds {
    grant: Grant,
    authority: Option<Authority>,
}

impl Bounds {
    /// requested ∩ allowed to the client's version ∩ approved on the installation ∩ consented by the person.
    fn effective(&self, requested: &Scope, client: &Client) -> Scope {
        let approved = |token: &str| self.authority.as_ref().is_none_or(|authority| authority.allows(client, token));
        requested.filter(|token| {
            // It belongs to this server, so that no admin approves it.
            self.grant.scope.contains(token)
                && client.allows_token(token)
                && (token == OFFLINE_ACCESS || approved(token))
        })
    }
}

/// What a grant still gives on a site: nothing once it was withdrawn or its person suspended or given a new password, they are
/// no member of the site any more, or the app is not on it.
async fn live_grant(
    server: &AuthorizationServer,
    client: &Client,
    (grant_id, site_id): (GrantId, SiteId),
    (user_id, epoch): (UserId, Epoch),
) -> Result<Bounds, OAuthError> {
    let grant = server.store.grant(grant_id).await?.ok_or(GrantFault::Withdrawn)?;
    let user = server.store.user(user_id).await?;
    if !user.is_some_and(|user| user.honours(epoch)) || !grant.sites.contains(&site_id) {
        return Err(GrantFault::Withdrawn.into());
    }
    server.store.member(site_id, user_id).await?.ok_or(GrantFault::NotMember)?;
    let authority = match client.deployment {
        None => None,
        Some(deployment) => {
            let installation = server.store.installation_on(site_id, deployment).await?;
            let id = installation.ok_or(GrantFault::NotInstalled)?.id;
            Some(installed::live(server, client, id).await?)
        }
    };
    Ok(Bounds { grant, authority })
}
