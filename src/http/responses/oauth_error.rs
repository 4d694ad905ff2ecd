//! The one place where an OAuth error gets its status code (RFC 6749 section 5.2).

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{Responder, Result};
use serde::Serialize;

use crate::http::guards::server_of;
use crate::http::responses::json::json;
use crate::oauth::error::OAuthError;

/// The body of an error answer.
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: String,
}

fn status(error: &OAuthError) -> Status {
    match error {
        OAuthError::InvalidClient(_) => Status::Unauthorized,
        OAuthError::NotAResource => Status::Forbidden,
        OAuthError::ServerError(_) => Status::ServiceUnavailable,
        _ => Status::BadRequest,
    }
}

impl<'r> Responder<'r, 'static> for OAuthError {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let status = status(&self);
        if let OAuthError::ServerError(error) = &self {
            tracing::error!(error = error as &dyn std::error::Error, "the store failed");
        }
        if let Some(server) = server_of(request) {
            server.telemetry.refused(self.error_code());
        }
        let mut response = json(status, &ErrorBody { error: self.code(), error_description: self.description() })?;
        match status {
            Status::Unauthorized => {
                response.set_header(Header::new("WWW-Authenticate", "Basic realm=\"hallmark\", charset=\"UTF-8\""));
            }
            Status::ServiceUnavailable => {
                response.set_header(Header::new("Retry-After", "5"));
            }
            _ => {}
        }
        Ok(response)
    }
}
