//! What a handler may ask for in its signature.

pub mod address;
pub mod asker;
pub mod bearer;
pub mod browser;
pub mod client_request;
pub mod cookies;
pub mod csrf;
pub mod json_body;
pub mod request_id;
pub mod signed_in;
pub mod site_admin;
pub mod upload;
pub mod user_agent;

use std::sync::Arc;

use rocket::Request;

use crate::authorization_server::AuthorizationServer;

/// The server that answers `request`; `None` only if it was launched without one.
pub fn server_of<'r>(request: &'r Request<'_>) -> Option<&'r Arc<AuthorizationServer>> {
    request.rocket().state::<Arc<AuthorizationServer>>()
}
