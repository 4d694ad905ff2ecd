//! Why a script gets no further on this server's own API: in the form that scripts of the Assets API read, with the layer that
//! refused.

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{Responder, Result};
use serde::Serialize;

use crate::accounts::networks::Uncounted;
use crate::domain::error_code::ErrorCode;
use crate::domain::time::Lifetime;
use crate::http::responses::json::json;
use crate::oauth::evaluation::{Denial, EvaluationError};
use crate::resource_server::Refusal;
use crate::store::StoreError;

const REALM: &str = "hallmark";

/// Why nothing was answered.
#[derive(Debug)]
pub enum ScriptRefusal {
    /// The credential is none, or does not carry the scope.
    Credential(Refusal),
    /// Its owner may not.
    Forbidden(&'static str),
    /// Whom it stands for does not hold what it takes.
    Denied(Box<Denial>),
    /// What the path names is not there for its owner.
    NotFound(&'static str),
    /// Too many from there; the next may be sent after that time.
    TooMany(Lifetime),
    /// The request cannot be read.
    Malformed(&'static str),
    /// The request can be read, and asks for what cannot be.
    Meaningless(String),
    /// The store failed, so that nothing is known, or done for certain.
    Unavailable,
}

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    message: &'static str,
    layer: u8,
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a str>,
    #[serde(rename = "errorMessages")]
    messages: [String; 1],
    errors: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

impl From<Refusal> for ScriptRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unavailable => ScriptRefusal::Unavailable,
            refusal => ScriptRefusal::Credential(refusal),
        }
    }
}

impl From<StoreError> for ScriptRefusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        ScriptRefusal::Unavailable
    }
}

impl From<Uncounted> for ScriptRefusal {
    fn from(uncounted: Uncounted) -> Self {
        match uncounted {
            Uncounted::TooMany(wait) => ScriptRefusal::TooMany(wait),
            Uncounted::Store(error) => error.into(),
        }
    }
}

impl From<EvaluationError> for ScriptRefusal {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::Store(error) => error.into(),
            EvaluationError::Refused(error) if error.error_code() == ErrorCode::ServerError => {
                tracing::error!(error = &error as &dyn std::error::Error, "a credential could not be looked at");
                ScriptRefusal::Unavailable
            }
            other => ScriptRefusal::Meaningless(other.to_string()),
        }
    }
}

impl ScriptRefusal {
    fn denial(&self) -> Option<&Denial> {
        if let ScriptRefusal::Denied(denial) = self { Some(denial) } else { None }
    }

    fn status(&self) -> Status {
        match self {
            ScriptRefusal::Credential(refusal) => refusal.status(),
            ScriptRefusal::Forbidden(_) | ScriptRefusal::Denied(_) => Status::Forbidden,
            ScriptRefusal::NotFound(_) => Status::NotFound,
            ScriptRefusal::TooMany(_) => Status::TooManyRequests,
            ScriptRefusal::Malformed(_) | ScriptRefusal::Meaningless(_) => Status::BadRequest,
            ScriptRefusal::Unavailable => Status::ServiceUnavailable,
        }
    }

    fn error(&self) -> &'static str {
        match self {
            ScriptRefusal::Credential(refusal) => refusal.error(),
            ScriptRefusal::Forbidden(_) | ScriptRefusal::Denied(_) => "forbidden",
            ScriptRefusal::NotFound(_) => "not_found",
            ScriptRefusal::TooMany(_) => "too_many_requests",
            ScriptRefusal::Malformed(_) | ScriptRefusal::Meaningless(_) => "invalid_request",
            ScriptRefusal::Unavailable => "temporarily_unavailable",
        }
    }

    fn layer(&self) -> u8 {
        match self {
            ScriptRefusal::Credential(refusal) => refusal.layer(),
            ScriptRefusal::Forbidden(_) | ScriptRefusal::Denied(_) | ScriptRefusal::NotFound(_) => 3,
            ScriptRefusal::TooMany(_)
            | ScriptRefusal::Malformed(_)
            | ScriptRefusal::Meaningless(_)
            | ScriptRefusal::Unavailable => 1,
        }
    }

    fn words(&self) -> String {
        match self {
            ScriptRefusal::Credential(refusal) => refusal.to_string(),
            ScriptRefusal::Forbidden(why) | ScriptRefusal::NotFound(why) | ScriptRefusal::Malformed(why) => {
                (*why).to_owned()
            }
            ScriptRefusal::Meaningless(why) => why.clone(),
            ScriptRefusal::Denied(denial) if denial.required.is_none() => {
                "only an admin of the site may do this".to_owned()
            }
            ScriptRefusal::Denied(denial) => denial.reason.clone(),
            ScriptRefusal::TooMany(wait) => format!("too many of these requests came from there; try again in {wait}"),
            ScriptRefusal::Unavailable => "the server cannot answer now; try again shortly".to_owned(),
        }
    }
}

impl<'r> Responder<'r, 'static> for ScriptRefusal {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        let status = self.status();
        let body = Body {
            code: status.code,
            message: status.reason_lossy(),
            layer: self.layer(),
            error: self.error(),
            required: self.denial().and_then(|denial| denial.required.as_deref()),
            trace: self.denial().map(|denial| denial.trace.as_str()),
            messages: [self.words()],
            errors: Nothing {},
        };
        let mut response = json(status, &body)?;
        match &self {
            ScriptRefusal::Credential(refusal) => {
                if let Some(challenge) = refusal.challenge(REALM) {
                    response.set_header(Header::new("WWW-Authenticate", challenge));
                }
            }
            ScriptRefusal::TooMany(wait) => {
                response.set_header(Header::new("Retry-After", wait.as_secs().to_string()));
            }
            ScriptRefusal::Unavailable => {
                response.set_header(Header::new("Retry-After", "5"));
            }
            ScriptRefusal::Forbidden(_)
            | ScriptRefusal::Denied(_)
            | ScriptRefusal::NotFound(_)
            | ScriptRefusal::Malformed(_)
            | ScriptRefusal::Meaningless(_) => {}
        }
        Ok(response)
    }
}
