//! Why a request goes no further, and the challenge that says so (RFC 6750 section 3).

use rocket::http::Status;
use serde_json::{Value, json};

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

    pub(super) fn body(self) -> Value {
        let mut body = json!({ "layer": self.layer(), "error": self.error(), "error_description": self.to_string() });
        if let Some(required) = self.required() {
            body["required"] = json!(required);
        }
        body
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
