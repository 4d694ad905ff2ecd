//! A token that somebody found in public: whoever has it may end it, and whoever it was of is told.

use std::net::IpAddr;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Subject;
use crate::domain::event::{Event, LeakedKind};
use crate::domain::id::UserId;
use crate::domain::link::LinkPurpose;
use crate::domain::refresh_token::FamilyEnd;
use crate::domain::secret::TokenKey;
use crate::secrets::refresh_token;
use crate::secrets::token::{TokenKind, read};
use crate::store::StoreError;

/// What is ended for whoever has it. A code is over in a minute, and whoever redeems it must prove more than to have it; a client
/// secret is no token, and its owner replaces it.
const KINDS: [TokenKind; 6] =
    [TokenKind::Access, TokenKind::Refresh, TokenKind::Api, TokenKind::Container, TokenKind::Session, TokenKind::Link];

/// What was ended.
struct Ended {
    kind: LeakedKind,
    user_id: Option<UserId>,
    name: Option<String>,
}

/// Ends the token `text`, of whichever kind it is: of a refresh token its whole family. What is no token, or over already, is as good as
/// ended.
///
/// # Errors
/// [`StoreError`] if the store fails: it may still be live.
pub async fn end(server: &AuthorizationServer, text: &str, address: Option<IpAddr>) -> Result<(), StoreError> {
    let ended = match KINDS.into_iter().find(|kind| text.starts_with(kind.prefix())) {
        Some(TokenKind::Refresh) => refresh_token(server, text).await?,
        Some(kind) => match read(kind, text) {
            Some(key) => of_kind(server, kind, key).await?,
            None => None,
        },
        None => None,
    };
    match ended {
        Some(Ended { kind, user_id, name }) => {
            server.record(Event::LeakedTokenEnded { kind, user_id, name, address }).await;
            Ok(())
        }
        // Perhaps somebody ended it a moment ago: the answer must not come before that is durable.
        None => server.store.settled().await,
    }
}

async fn of_kind(server: &AuthorizationServer, kind: TokenKind, key: TokenKey) -> Result<Option<Ended>, StoreError> {
    match kind {
        TokenKind::Access => access_token(server, key).await,
        TokenKind::Api => api_token(server, key).await,
        TokenKind::Container => container_token(server, key).await,
        TokenKind::Session => session(server, key).await,
        TokenKind::Link => one_time_link(server, key).await,
        _ => Ok(None),
    }
}

async fn access_token(server: &AuthorizationServer, key: TokenKey) -> Result<Option<Ended>, StoreError> {
    let Some(token) = server.store.access_token(key).await? else { return Ok(None) };
    let user_id = match token.subject {
        Subject::User { user_id, .. } | Subject::Acting { user_id, .. } => Some(user_id),
        Subject::Client | Subject::App { .. } | Subject::Gateway { .. } => None,
    };
    let ended = server.store.revoke_access_token(key).await?;
    Ok(ended.then(|| Ended { kind: LeakedKind::AccessToken, user_id, name: Some(token.client_id.to_string()) }))
}

async fn refresh_token(server: &AuthorizationServer, text: &str) -> Result<Option<Ended>, StoreError> {
    let Some(presented) = refresh_token::read(text) else { return Ok(None) };
    let Some(family) = server.store.family(presented.family).await? else { return Ok(None) };
    let forget = server.now() + server.config.lifetimes.access_token;
    let ended = server.store.end_family(presented.family, FamilyEnd::Leaked, forget).await?;
    let name = Some(family.client_id.to_string());
    Ok(ended.then_some(Ended { kind: LeakedKind::RefreshToken, user_id: Some(family.user_id), name }))
}

async fn api_token(server: &AuthorizationServer, key: TokenKey) -> Result<Option<Ended>, StoreError> {
    let Some(token) = server.store.api_token(key).await? else { return Ok(None) };
    let ended = server.store.revoke_api_token(key).await?;
    let name = Some(token.label.to_string());
    Ok(ended.then_some(Ended { kind: LeakedKind::ApiToken, user_id: Some(token.user_id), name }))
}

async fn session(server: &AuthorizationServer, key: TokenKey) -> Result<Option<Ended>, StoreError> {
    let Some(session) = server.store.session(key).await? else { return Ok(None) };
    let ended = server.store.end_session(key).await?;
    Ok(ended.then_some(Ended { kind: LeakedKind::Session, user_id: Some(session.user_id), name: None }))
}

async fn one_time_link(server: &AuthorizationServer, key: TokenKey) -> Result<Option<Ended>, StoreError> {
    let Some(link) = server.store.link(key).await? else { return Ok(None) };
    let user_id = match link.purpose {
        LinkPurpose::Setup => None,
        LinkPurpose::Invite(user) | LinkPurpose::PasswordReset(user) => Some(user),
    };
    let ended = server.store.take_link(key).await?;
    Ok(ended.then_some(Ended { kind: LeakedKind::OneTimeLink, user_id, name: None }))
}

async fn container_token(server: &AuthorizationServer, key: TokenKey) -> Result<Option<Ended>, StoreError> {
    let Some(found) = server.store.container_credential(key).await? else { return Ok(None) };
    let ended = server.store.end_container_token(found.container.id, key).await?;
    let user_id = found.token.made_by.user();
    Ok(ended.then_some(Ended {
        kind: LeakedKind::ContainerToken,
        user_id,
        name: Some(found.container.label.to_string()),
    }))
}
