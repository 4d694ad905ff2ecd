//! Why an operation is not done: the request goes no further by itself, or the authorization server said no (AuthZEN section 6.2).

use std::io::Cursor;
use std::sync::OnceLock;

use rocket::http::{ContentType, Header, Status};
use rocket::response::{self, Responder};
use rocket::{Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::resource_server::Refusal;

/// Why an operation is not done. As the error of a route it becomes the answer that the guards give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The authorization server was not asked, could not be asked, or knows the credential for another one.
    #[error(transparent)]
    Here(#[from] Refusal),
    /// The authorization server said no.
    #[error("{}", .0.reason)]
    There(Box<Denial>),
}

/// The authorization server's no.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Denial {
    /// Which layer refused: the credential (1), its scope (2) or the roles of whom it stands for (3).
    pub layer: DenyingLayer,
    /// The scope or the role that would have been enough, if one would.
    pub required: Option<String>,
    /// In words.
    pub reason: String,
    /// Under what the authorization server's audit trail has it.
    pub trace: String,
}

/// Which layer refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum DenyingLayer {
    /// The credential is not live, or not meant for this API and site.
    Credential,
    /// Its scopes do not cover the operation.
    Scope,
    /// No role covers the data.
    Role,
}

/// A number that is no layer.
#[derive(Debug, thiserror::Error)]
#[error("a layer is 1, 2 or 3")]
pub struct NoLayer;

impl TryFrom<u8> for DenyingLayer {
    type Error = NoLayer;
    fn try_from(number: u8) -> Result<Self, NoLayer> {
        match number {
            1 => Ok(DenyingLayer::Credential),
            2 => Ok(DenyingLayer::Scope),
            3 => Ok(DenyingLayer::Role),
            _ => Err(NoLayer),
        }
    }
}

impl Denied {
    /// The status of the answer.
    pub fn status(&self) -> Status {
        match self {
            Denied::Here(refusal) => refusal.status(),
            Denied::There(denial) => match denial.layer {
                DenyingLayer::Credential => Status::Unauthorized,
                DenyingLayer::Scope | DenyingLayer::Role => Status::Forbidden,
            },
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750 section 3); none where another token would change nothing.
    pub fn challenge(&self, realm: &str) -> Option<String> {
        match self {
            Denied::Here(refusal) => refusal.challenge(realm),
            Denied::There(denial) => Some(denial.challenge(realm)),
        }
    }

    fn body(&self) -> Value {
        match self {
            Denied::Here(refusal) => refusal.body(),
            Denied::There(denial) => denial.body(),
        }
    }

    /// Makes `response` tell it. `metadata` is where the API tells of itself (RFC 9728 section 5.1).
    pub(super) fn write(&self, (realm, metadata): (&str, Option<&str>), response: &mut Response<'_>) {
        let body = self.body().to_string();
        response.set_header(ContentType::JSON);
        response.set_header(Header::new("Cache-Control", "no-store"));
        match self.challenge(realm) {
            Some(challenge) => {
                let metadata = metadata.map(|url| format!(", resource_metadata=\"{url}\"")).unwrap_or_default();
                response.set_header(Header::new("WWW-Authenticate", challenge + &metadata));
                // In a header of its own, behind: not everybody reads two challenges in one (RFC 9110 section 11.6.1).
                response.adjoin_raw_header("WWW-Authenticate", format!("JWT realm=\"{realm}\""));
            }
            None => drop(response.set_header(Header::new("Retry-After", "5"))),
        }
        response.set_sized_body(body.len(), Cursor::new(body));
    }
}

impl<'r> Responder<'r, 'static> for Denied {
    /// Leaves the answer to the fairing, as a guard does.
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let status = self.status();
        Left::with(request, self);
        Err(status)
    }
}

impl Denial {
    /// By the names of RFC 6750 section 3.1, and that of RFC 6749 section 4.1.2.1 where no other scope would do.
    fn error(&self) -> &'static str {
        match self.layer {
            DenyingLayer::Credential => "invalid_token",
            DenyingLayer::Scope => "insufficient_scope",
            DenyingLayer::Role => "access_denied",
        }
    }

    fn challenge(&self, realm: &str) -> String {
        let (error, reason) = (self.error(), quotable(&self.reason));
        let challenge = format!("Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{reason}\"");
        match (&self.required, self.layer) {
            (Some(scope), DenyingLayer::Scope) => format!("{challenge}, scope=\"{}\"", quotable(scope)),
            _ => challenge,
        }
    }

    fn body(&self) -> Value {
        let layer = match self.layer {
            DenyingLayer::Credential => 1,
            DenyingLayer::Scope => 2,
            DenyingLayer::Role => 3,
        };
        let mut body = json!({
            "layer": layer, "error": self.error(), "error_description": self.reason, "trace": self.trace,
        });
        if let Some(required) = &self.required {
            body["required"] = json!(required);
        }
        body
    }
}

/// A text that can stand between the quotes of a challenge (RFC 6750 section 3), whatever an object is called.
fn quotable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' ' | '!' | '#'..='[' | ']'..='~') { c } else { '\'' }).collect()
}

/// What a guard or a route leaves with the request, so that the challenge is sent whoever writes the answer.
#[derive(Default)]
pub(super) struct Left(OnceLock<Denied>);

impl Left {
    /// Leaves it with the request; the first one stays.
    pub(super) fn with(request: &Request<'_>, denied: Denied) {
        request.local_cache(Left::default).0.get_or_init(|| denied);
    }

    /// What was left with the request.
    pub(super) fn of<'r>(request: &'r Request<'_>) -> Option<&'r Denied> {
        request.local_cache(Left::default).0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_no_cannot_end_the_challenge() {
        let denied: Denial = serde_json::from_value(json!({
            "layer": 3, "error": "access_denied", "required": "user", "http_status": 403,
            "reason": "takes the role user on schema:4\", scope=\"all\\\r\n", "trace": "t",
        }))
        .expect("a denial");
        let challenge = Denied::There(Box::new(denied)).challenge("assets").expect("a challenge");
        assert_eq!(challenge.matches('"').count(), 6, "{challenge}");
        assert!(!challenge.contains(['\\', '\r', '\n']), "{challenge}");
    }

    #[test]
    fn there_are_three_layers() {
        for layer in [0, 4, 255] {
            let denial = json!({ "layer": layer, "reason": "r", "trace": "t" });
            assert!(serde_json::from_value::<Denial>(denial).is_err(), "{layer}");
        }
    }
}
