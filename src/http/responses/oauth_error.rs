//! The one place where an OAuth error gets its status code (RFC 6749 section 5.2).

use std::sync::Arc;

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{Responder, Result};
use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::server_of;
use crate::http::responses::json::{of_text, written};
use crate::oauth::error::OAuthError;

/// The body of an error answer.
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_uri: Option<String>,
}

fn status(error: &OAuthError) -> Status {
    match error {
        OAuthError::InvalidClient(_) => Status::Unauthorized,
        OAuthError::NotAResource
        | OAuthError::NotTrusted
        | OAuthError::NotAHostProduct
        | OAuthError::RefreshRefused(_) => Status::Forbidden,
        OAuthError::ServerError(_) => Status::ServiceUnavailable,
        _ => Status::BadRequest,
    }
}

/// An answer of a protocol endpoint, such as an OAuth error, as its asker is told of it.
pub struct Told {
    /// The status.
    pub status: Status,
    /// What the asker is told beside it: how to authenticate, or when to come again.
    pub header: Option<(&'static str, &'static str)>,
    /// The JSON.
    pub body: Vec<u8>,
}

impl Told {
    /// An answer that is none of an error.
    ///
    /// # Errors
    /// 500 if it cannot be written as JSON.
    pub fn well<T: Serialize>(body: &T) -> std::result::Result<Self, Status> {
        Ok(Self { status: Status::Ok, header: None, body: written(body)? })
    }

    /// Logs and counts an error, and says how its asker is told.
    ///
    /// # Errors
    /// 500 if it cannot be written as JSON.
    pub fn of(error: &OAuthError, server: Option<&AuthorizationServer>) -> std::result::Result<Self, Status> {
        if let OAuthError::ServerError(error) = error {
            tracing::error!(error = error as &dyn std::error::Error, "the store failed");
        }
        if let Some(server) = server {
            server.telemetry.refused(error.error_code());
        }
        let status = status(error);
        let header = match status {
            Status::Unauthorized => Some(("WWW-Authenticate", "Basic realm=\"hallmark\", charset=\"UTF-8\"")),
            Status::ServiceUnavailable => Some(("Retry-After", "5")),
            _ => None,
        };
        let consent_uri = match error {
            OAuthError::ConsentNeeded { uri } => Some(uri.clone()),
            _ => None,
        };
        let body = written(&ErrorBody { error: error.code(), error_description: error.description(), consent_uri })?;
        Ok(Self { status, header, body })
    }
}

impl<'r> Responder<'r, 'static> for OAuthError {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let Told { status, header, body } = Told::of(&self, server_of(request).map(Arc::as_ref))?;
        let mut response = of_text(status, body)?;
        if let Some((name, value)) = header {
            response.set_header(Header::new(name, value));
        }
        Ok(response)
    }
}
