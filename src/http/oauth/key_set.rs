//! GET /oauth/jwks (RFC 7517, named as `jwks_uri` by the metadata), and its alias where many look first.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::json::Cached;
use crate::oauth::error::OAuthError;
use crate::oauth::key_set::{self, KeySet};

/// The public signing keys. Whoever verifies may keep a copy for a while, never for as long as a key is published ahead.
#[rocket::get("/oauth/jwks")]
pub async fn keys(server: &State<Arc<AuthorizationServer>>) -> Result<Cached<KeySet>, OAuthError> {
    Ok(Cached { body: key_set::key_set(server).await?, lasts: server.config.keys.cache })
}

/// The same.
#[rocket::get("/.well-known/jwks.json")]
pub async fn keys_alias(server: &State<Arc<AuthorizationServer>>) -> Result<Cached<KeySet>, OAuthError> {
    keys(server).await
}

/// The preflight of a script's request; the headers come from `fairings::cors`.
#[rocket::options("/oauth/jwks")]
pub fn keys_preflight() -> Status {
    Status::NoContent
}

/// As for the other path.
#[rocket::options("/.well-known/jwks.json")]
pub fn keys_alias_preflight() -> Status {
    Status::NoContent
}
