//! GET /.well-known/oauth-authorization-server (RFC 8414 section 3), and the preflights of what scripts may call.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::json::NoStore;
use crate::oauth::error::OAuthError;
use crate::oauth::metadata::{self, Metadata};

/// What this server can do.
#[rocket::get("/.well-known/oauth-authorization-server")]
pub async fn document(server: &State<Arc<AuthorizationServer>>) -> Result<NoStore<Metadata>, OAuthError> {
    Ok(NoStore(metadata::metadata(server).await?))
}

/// The preflight of a script's request; the headers come from `fairings::cors`.
#[rocket::options("/.well-known/oauth-authorization-server")]
pub fn document_preflight() -> Status {
    Status::NoContent
}

/// As for the metadata.
#[rocket::options("/oauth/token")]
pub fn token_preflight() -> Status {
    Status::NoContent
}

/// As for the metadata.
#[rocket::options("/oauth/revoke")]
pub fn revocation_preflight() -> Status {
    Status::NoContent
}
