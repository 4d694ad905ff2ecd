//! The refusal of a request whose client is known: told to the client, and remembered for who wrote it.

use rocket::request::Request;
use rocket::response::{Responder, Result};

use crate::authorization_server::AuthorizationServer;
use crate::domain::id::ClientId;
use crate::http::guards::{request_id, server_of};
use crate::http::oauth::introspection;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::RefusedJwt;
use crate::telemetry::refusals::Refusal;

/// An error, and the client whose request it ends, if that is known.
pub struct Refused {
    error: OAuthError,
    of: Option<(ClientId, &'static str)>,
}

impl Refused {
    /// The error that ends a request of `client` at `endpoint`.
    pub fn of(client: &ClientId, endpoint: &'static str, error: OAuthError) -> Self {
        Self { error, of: Some((client.clone(), endpoint)) }
    }
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Self { error, of: None }
    }
}

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        if let (Some((client, endpoint)), Some(server)) = (&self.of, server_of(request)) {
            remember(server, client, endpoint, &self.error, request_id::of(request));
        }
        self.error.respond_to(request)
    }
}

/// Remembers that `client` was refused at `endpoint`, for the page that its developers read.
pub fn remember(
    server: &AuthorizationServer,
    client: &ClientId,
    endpoint: &'static str,
    error: &OAuthError,
    request_id: &str,
) {
    remember_as(server, client, endpoint, (error, error.description()), request_id);
}

/// Remembers why a request that an app signed was not taken: the resource that asked is not told.
pub fn remember_jwt(server: &AuthorizationServer, refused: &RefusedJwt, request_id: &str) {
    refused.remember(server, introspection::PATH, request_id);
}

/// As [`remember`], in words that the client was not told.
pub fn remember_as(
    server: &AuthorizationServer,
    client: &ClientId,
    endpoint: &'static str,
    (error, description): (&OAuthError, String),
    request_id: &str,
) {
    let refusal = Refusal {
        at: server.now(),
        endpoint,
        code: error.error_code(),
        description,
        remedy: error.remedy(),
        request_id: request_id.to_owned(),
    };
    server.telemetry.last_refusals.remember(client, refusal);
}
