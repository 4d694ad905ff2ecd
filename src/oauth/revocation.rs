//! Revocation, RFC 7009: an access token alone, a refresh token with its whole family.

use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::id::{ClientId, FamilyId};
use crate::domain::refresh_token::FamilyEnd;
use crate::domain::secret::TokenKey;
use crate::oauth::error::{GrantFault, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::secrets::refresh_token;
use crate::secrets::token::{TokenKind, kind_of, read};

/// Revokes the token of a request. A token that is not known is as good as revoked (section 2.2).
///
/// # Errors
/// `invalid_grant` if it was issued to another client, which leaves it as it was; `server_error` if it may still be live.
pub async fn revoke(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<(), OAuthError> {
    let token = parameters.required("token")?;
    match kind_of(token) {
        Some(kind @ TokenKind::Access) => match read(kind, token) {
            Some(key) => access_token(server, client, key).await,
            None => Ok(()),
        },
        Some(TokenKind::Refresh) => match refresh_token::read(token) {
            Some(presented) => family(server, client, presented.family).await,
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

async fn access_token(server: &AuthorizationServer, client: &Client, key: TokenKey) -> Result<(), OAuthError> {
    let Some(token) = server.store.access_token(key).await? else {
        // Perhaps another request removed it a moment ago: the answer must not come before that is durable.
        return Ok(server.store.settled().await?);
    };
    owned(server, client, &token.client_id).await?;
    server.store.revoke_access_token(key).await?;
    server.record(Event::TokenRevoked { client_id: client.id.clone() }).await;
    Ok(())
}

async fn family(server: &AuthorizationServer, client: &Client, id: FamilyId) -> Result<(), OAuthError> {
    let Some(family) = server.store.family(id).await? else {
        return Ok(server.store.settled().await?);
    };
    owned(server, client, &family.client_id).await?;
    let end = FamilyEnd::Revoked;
    server.store.end_family(id, end, server.now() + server.config.lifetimes.access_token).await?;
    server.record(Event::FamilyEnded { client_id: client.id.clone(), end }).await;
    Ok(())
}

async fn owned(server: &AuthorizationServer, client: &Client, owner: &ClientId) -> Result<(), OAuthError> {
    if *owner == client.id {
        return Ok(());
    }
    server.record(Event::ForeignTokenPresented { client_id: client.id.clone(), owner: owner.clone() }).await;
    Err(GrantFault::OtherClient.into())
}
