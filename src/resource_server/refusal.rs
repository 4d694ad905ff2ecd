//! Why a request goes no further, and the challenge that says so (RFC 6750 section 3).

use std::io::Cursor;
use std::sync::OnceLock;

use rocket::http::{ContentType, Header, Status};
use rocket::{Request, Response};
use serde_json::json;

/// Why a request goes no further. Layer 1 asks whether the token is live and meant for here, layer 2 whether its scope
/// covers the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token was sent, so no error is told, only how to send one.
    #[error("this request needs an access token")]
    NoToken,
    /// The token was sent in a way that is not taken.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The token is malformed, expired, revoked, withdrawn or for another resource; which, only its owner may know.
    #[error("{0}")]
    InvalidToken(&'static str),
    /// The token is live but not good for this.
    #[error("this operation needs the scope {required}")]
    InsufficientScope {
        /// The scope that is.
        required: &'static str,
    },
    /// The token is live and good for something else than what the path names.
    #[error("{0}")]
    NotCovered(&'static str),
    /// The authorization server could not be asked, so nothing is known of the token.
    #[error("the authorization server cannot be asked about the token now; try again shortly")]
    Unavailable,
}

impl Refusal {
    /// The status of the answer (RFC 6750 section 3.1).
    pub fn status(self) -> Status {
        match self {
            Refusal::NoToken | Refusal::InvalidToken(_) => Status::Unauthorized,
            Refusal::InvalidRequest(_) => Status::BadRequest,
            Refusal::InsufficientScope { .. } | Refusal::NotCovered(_) => Status::Forbidden,
            Refusal::Unavailable => Status::ServiceUnavailable,
        }
    }

    /// Which layer refused.
    pub fn layer(self) -> u8 {
        match self {
            Refusal::InsufficientScope { .. } | Refusal::NotCovered(_) => 2,
            Refusal::NoToken | Refusal::InvalidRequest(_) | Refusal::InvalidToken(_) | Refusal::Unavailable => 1,
        }
    }

    /// What went wrong, by the name of RFC 6750 section 3.1 where it has one.
    pub fn error(self) -> &'static str {
        match self {
            Refusal::NoToken => "missing_token",
            Refusal::InvalidRequest(_) => "invalid_request",
            Refusal::InvalidToken(_) => "invalid_token",
            Refusal::InsufficientScope { .. } | Refusal::NotCovered(_) => "insufficient_scope",
            Refusal::Unavailable => "temporarily_unavailable",
        }
    }

    fn required(self) -> Option<&'static str> {
        match self {
            Refusal::InsufficientScope { required } => Some(required),
            _ => None,
        }
    }

    /// The `WWW-Authenticate` header; none where another token would change nothing.
    pub fn challenge(self, realm: &str) -> Option<String> {
        let challenge = format!("Bearer realm=\"{realm}\"");
        match self {
            Refusal::NoToken => Some(challenge),
            Refusal::Unavailable => None,
            Refusal::InsufficientScope { required } => Some(format!(
                "{challenge}, error=\"{}\", error_description=\"{self}\", scope=\"{required}\"",
                self.error()
            )),
            Refusal::InvalidRequest(_) | Refusal::InvalidToken(_) | Refusal::NotCovered(_) => {
                Some(format!("{challenge}, error=\"{}\", error_description=\"{self}\"", self.error()))
            }
        }
    }

    /// Makes `response` tell it.
    pub(super) fn write(self, realm: &str, response: &mut Response<'_>) {
        let mut body = json!({ "layer": self.layer(), "error": self.error(), "error_description": self.to_string() });
        if let Some(required) = self.required() {
            body["required"] = json!(required);
        }
        let body = body.to_string();
        response.set_header(ContentType::JSON);
        response.set_header(Header::new("Cache-Control", "no-store"));
        match self.challenge(realm) {
            Some(challenge) => {
                response.set_header(Header::new("WWW-Authenticate", challenge));
                // In a header of its own, behind: not everybody reads two challenges in one (RFC 9110 section 11.6.1).
                response.adjoin_raw_header("WWW-Authenticate", format!("JWT realm=\"{realm}\""));
            }
            None => drop(response.set_header(Header::new("Retry-After", "5"))),
        }
        response.set_sized_body(body.len(), Cursor::new(body));
    }
}

/// What a guard leaves with the request, so that the challenge is sent whoever writes the answer.
#[derive(Default)]
pub(super) struct Refused(OnceLock<Refusal>);

impl Refused {
    /// Leaves a refusal with the request; the first one stays.
    pub(super) fn leave(request: &Request<'_>, refusal: Refusal) {
        request.local_cache(Refused::default).0.get_or_init(|| refusal);
    }

    /// The refusal that was left with the request.
    pub(super) fn of(request: &Request<'_>) -> Option<Refusal> {
        request.local_cache(Refused::default).0.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_without_a_token_names_no_error() {
        assert_eq!(Refusal::NoToken.challenge("assets").as_deref(), Some("Bearer realm=\"assets\""));
    }

    #[test]
    fn a_challenge_for_a_scope_names_it() {
        let challenge = Refusal::InsufficientScope { required: "write:x" }.challenge("assets").expect("a challenge");
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.ends_with("scope=\"write:x\""));
    }
}
