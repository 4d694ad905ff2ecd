//! The one place where a refusal of the gateway gets its status code: in the words of the token endpoint, and under the header
//! by which the client library of Forge knows that the answer is not the resource's.

use std::sync::Arc;

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{Responder, Result};
use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::server_of;
use crate::http::responses::json::{of_text, written};
use crate::http::responses::oauth_error::Told;
use crate::oauth::error::OAuthError;
use crate::oauth::gateway::GatewayRefusal;

/// The header that an answer of a resource never has.
pub const PROXY_ERROR: &str = "forge-proxy-error";

/// What an app is told in place of an answer.
pub struct ToldApp {
    /// The status.
    pub status: Status,
    /// What [`PROXY_ERROR`] says.
    pub code: &'static str,
    /// JSON.
    pub body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl ToldApp {
    /// How an app is told of a refusal.
    ///
    /// # Errors
    /// 500 if it cannot be written as JSON.
    pub fn of(refusal: &GatewayRefusal, server: Option<&AuthorizationServer>) -> std::result::Result<Self, Status> {
        let (status, error, code) = match refusal {
            GatewayRefusal::Refused(error) => return Self::of_error(error, server),
            GatewayRefusal::SystemToken => (401, "invalid_token", "INVALID_SYSTEM_TOKEN"),
            GatewayRefusal::Malformed(_) | GatewayRefusal::Path => (400, "invalid_request", "INVALID_REQUEST"),
            GatewayRefusal::Invocation => (401, "invalid_token", "INVALID_INVOCATION"),
            GatewayRefusal::Resource => (404, "invalid_target", "UNKNOWN_REMOTE"),
            GatewayRefusal::Installation => (404, "not_found", "UNKNOWN_INSTALLATION"),
            GatewayRefusal::Scope => (403, "insufficient_scope", "INSUFFICIENT_SCOPE"),
            GatewayRefusal::Down => (502, "temporarily_unavailable", "UPSTREAM_UNAVAILABLE"),
            GatewayRefusal::Silent => (504, "temporarily_unavailable", "UPSTREAM_TIMEOUT"),
        };
        let body = written(&Body { error, error_description: &refusal.to_string() })?;
        Ok(Self { status: Status::new(status), code, body })
    }

    fn of_error(error: &OAuthError, server: Option<&AuthorizationServer>) -> std::result::Result<Self, Status> {
        let Told { status, body, .. } = Told::of(error, server)?;
        Ok(match error {
            OAuthError::ConsentNeeded { .. } => {
                Self { status: Status::Unauthorized, code: "NEEDS_AUTHENTICATION_ERR", body }
            }
            OAuthError::ServerError(_) => Self { status, code: "INTERNAL_ERROR", body },
            _ => Self { status: Status::Forbidden, code: "FORBIDDEN", body },
        })
    }
}

impl<'r> Responder<'r, 'static> for GatewayRefusal {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let ToldApp { status, code, body } = ToldApp::of(&self, server_of(request).map(Arc::as_ref))?;
        let mut response = of_text(status, body)?;
        response.set_header(Header::new(PROXY_ERROR, code));
        Ok(response)
    }
}
