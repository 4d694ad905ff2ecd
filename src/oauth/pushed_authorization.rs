//! Pushed authorization requests, RFC 9126.

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_request::{AuthorizationRequest, PushedRequest};
use crate::domain::client::Client;
use crate::oauth::authorization::checks::Channel;
use crate::oauth::authorization::request::{PageFault, bind, checked};
use crate::oauth::error::{OAuthError, RequestFault};
use crate::oauth::parameters::Parameters;
use crate::secrets::token::{TokenKind, mint, read};

/// What every `request_uri` of ours begins with (section 2.2).
pub const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// The answer to a request that was taken (section 2.2).
#[derive(Serialize)]
pub struct PushedResponse {
    request_uri: String,
    expires_in: u64,
}

/// Keeps the request of an authenticated client until a browser brings its `request_uri`.
///
/// # Errors
/// The same as the authorization endpoint has, told to the client at once (section 2.3).
pub async fn push(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<PushedResponse, OAuthError> {
    parameters.each_once()?;
    let bound = bind(server, client, parameters).map_err(|fault| match fault {
        PageFault::Unreadable(error) => error,
        PageFault::Store(error) => error.into(),
        _ => RequestFault::REDIRECT_URI.into(),
    })?;
    let request = checked(server, client, bound, parameters, Channel::Pushed).await?;

    let lifetime = server.config.lifetimes.pushed_request;
    let expires = server.now() + lifetime;
    let minted = mint(TokenKind::Pushed, expires);
    server.store.push_request(minted.key, &PushedRequest { request, expires }).await?;
    Ok(PushedResponse { request_uri: format!("{URN}{}", minted.token.expose()), expires_in: lifetime.as_secs() })
}

/// The request that `request_uri` stands for, which is used up by this (section 4).
///
/// # Errors
/// [`PageFault::PushedRequest`] if it is unknown, used, expired or another client's, which leaves it as it was.
pub async fn take(
    server: &AuthorizationServer,
    client: &Client,
    request_uri: &str,
) -> Result<AuthorizationRequest, PageFault> {
    let name = request_uri.strip_prefix(URN).unwrap_or_default();
    let key = read(TokenKind::Pushed, name).ok_or(PageFault::PushedRequest)?;
    let pushed = server.store.pushed_request(key).await?.ok_or(PageFault::PushedRequest)?;
    if pushed.request.client_id != client.id || pushed.expires.has_passed(server.now()) {
        return Err(PageFault::PushedRequest);
    }
    let taken = server.store.take_pushed_request(key).await?;
    taken.map(|pushed| pushed.request).ok_or(PageFault::PushedRequest)
}
