//! The token endpoint, RFC 6749 section 3.2: one file for each `grant_type`.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use serde::Serialize;

use crate::access::issue::{MintedAccess, MintedRefresh};
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::{Client, GrantType};
use crate::domain::grant::Grant;
use crate::domain::id::{GrantId, SiteId, UserId};
use crate::domain::scope::{OFFLINE_ACCESS, Scope};
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::oauth::error::{GrantFault, OAuthError};
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
}

impl TokenResponse {
    fn new(access: &MintedAccess, refresh: Option<&MintedRefresh>, now: Timestamp) -> Self {
        let scope = &access.record.scope;
        Self {
            access_token: access.minted.token.expose().clone(),
            token_type: "Bearer",
            expires_in: access.record.expires.remaining(now).as_secs(),
            refresh_token: refresh.map(|refresh| refresh.minted.token.expose().clone()),
            // Who gets a refresh token was allowed offline_access; the client reads here that it was.
            scope: if refresh.is_some() { format!("{scope} {OFFLINE_ACCESS}") } else { scope.to_string() },
        }
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
        GrantType::ClientCredentials => client_credentials::issue(server, client, parameters).await,
    }?;
    server.telemetry.issued(IssuedToken::Access);
    if response.refresh_token.is_some() {
        server.telemetry.issued(IssuedToken::Refresh);
    }
    Ok(response)
}

/// What a grant still gives on a site: nothing once it was withdrawn there, its person suspended, given a new password or
/// removed from the site.
async fn live_grant(
    server: &AuthorizationServer,
    (grant_id, site_id): (GrantId, SiteId),
    user_id: UserId,
    epoch: Epoch,
) -> Result<Grant, OAuthError> {
    let grant = server.store.grant(grant_id).await?.ok_or(GrantFault::Withdrawn)?;
    let user = server.store.user(user_id).await?;
    if !user.is_some_and(|user| user.honours(epoch)) {
        return Err(GrantFault::Withdrawn.into());
    }
    if server.store.member(site_id, user_id).await?.is_none() {
        return Err(GrantFault::NoMember.into());
    }
    if grant.sites.contains(&site_id) { Ok(grant) } else { Err(GrantFault::Withdrawn.into()) }
}

/// requested ∩ allowed to the client ∩ consented by the person.
fn effective(requested: &Scope, client: &Client, grant: &Grant) -> Scope {
    requested.filter(|token| grant.scope.contains(token) && client.allows_token(token))
}
