//! The answers to a gateway that holds a call back. It knows 200, 401 and 403, and closes at anything else.

use rocket::http::{ContentType, Header, Status};
use rocket::request::Request;
use rocket::response::{Responder, Response, Result};
use serde_json::Value;

use crate::http::guards::server_of;
use crate::http::responses::json::json;
use crate::http::responses::oauth_error::Told;
use crate::oauth::error::OAuthError;
use crate::oauth::evaluation::{Decision, Denial, EvaluationError, Forwarded, Layer, Permit};
use crate::resource_server::Refusal;

/// What a gateway is told.
pub enum Answer {
    /// Nothing of a call was looked at, because nobody knows who asks.
    Unknown(OAuthError),
    /// The call was judged.
    Judged {
        /// What came of it.
        judged: std::result::Result<Forwarded, NotForwarded>,
        /// What a challenge calls the API.
        realm: String,
    },
}

/// Why a call was refused before anything was decided about it.
pub enum NotForwarded {
    /// The gateway did not say in one way which call it is.
    NoCall,
    /// The call authenticates in no way, or in one that is not taken.
    Credential(Refusal),
    /// It asks for nothing that can be decided.
    Undecided(EvaluationError),
}

impl From<Refusal> for NotForwarded {
    fn from(refusal: Refusal) -> Self {
        Self::Credential(refusal)
    }
}

impl From<EvaluationError> for NotForwarded {
    fn from(error: EvaluationError) -> Self {
        Self::Undecided(error)
    }
}

/// Which headers tell the API whose call it is, and where in what introspection tells that stands. All are in every yes, empty
/// where there is nothing, so that a gateway that copies them overwrites what a caller sent under their names.
const IDENTITY: [(&str, &str); 8] = [
    ("X-Hallmark-Subject", "/sub"),
    ("X-Hallmark-Username", "/username"),
    ("X-Hallmark-Client", "/client_id"),
    ("X-Hallmark-Act", "/act/sub"),
    ("X-Hallmark-Site", "/site/id"),
    ("X-Hallmark-Workspace", "/site/workspace_id"),
    ("X-Hallmark-Scope", "/scope"),
    ("X-Hallmark-Credential", "/credential"),
];

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let (judged, realm) = match self {
            // 401 and 403 would be told to a caller who can do nothing about it.
            Answer::Unknown(error) => return unavailable(&error, request),
            Answer::Judged { judged, realm } => (judged, quotable(&realm)),
        };
        match judged {
            Ok(Forwarded { operation, decision: Decision::Permit(permit) }) => Ok(yes(&operation, &permit)),
            Ok(Forwarded { decision: Decision::Deny(denial), .. }) => no(&denial, &realm),
            Err(NotForwarded::Credential(refusal)) => without_credential(refusal, &realm),
            Err(NotForwarded::NoCall) => {
                plain_no("the gateway must say once which call this is: X-Original-URI and X-Original-Method")
            }
            Err(NotForwarded::Undecided(EvaluationError::Malformed(why))) => plain_no(&why),
            Err(NotForwarded::Undecided(error)) => {
                let error = OAuthError::from(error);
                match &error {
                    OAuthError::ServerError(_) => unavailable(&error, request),
                    refused => plain_no(&refused.description()),
                }
            }
        }
    }
}

fn yes(operation: &str, permit: &Permit) -> Response<'static> {
    let nothing = Value::Null;
    let told = permit.introspection.as_ref().unwrap_or(&nothing);
    let mut response = Response::new();
    for (name, place) in IDENTITY {
        let value = told.pointer(place).and_then(Value::as_str).unwrap_or_default();
        response.set_header(Header::new(name, in_a_header(value)));
    }
    response.set_header(Header::new("X-Hallmark-Operation", in_a_header(operation)));
    response.set_header(Header::new("X-Hallmark-Filter", if permit.filter { "true" } else { "" }));
    response.set_header(Header::new("Cache-Control", "no-store"));
    response
}

fn no(denial: &Denial, realm: &str) -> Result<'static> {
    let status = if denial.layer == Layer::Credential { Status::Unauthorized } else { Status::Forbidden };
    let mut response = json(status, denial)?;
    tell(&mut response, &denial.layer.number().to_string(), denial.error);
    response
        .set_header(Header::new("X-Hallmark-Required", in_a_header(denial.required.as_deref().unwrap_or_default())));
    response.set_header(Header::new("X-Hallmark-Trace", denial.trace.clone()));
    let scope = denial.required.as_ref().map(|scope| format!(", scope=\"{}\"", quotable(scope))).unwrap_or_default();
    match denial.layer {
        Layer::Credential => challenge(&mut response, realm, ", error=\"invalid_token\""),
        Layer::Scope => challenge(&mut response, realm, &format!(", error=\"insufficient_scope\"{scope}")),
        // No other token would change that.
        Layer::Role => {}
    }
    Ok(response)
}

/// A caller who authenticates not, or not as it is done. What is no 401 is a 403, since a gateway knows nothing else.
fn without_credential(refusal: Refusal, realm: &str) -> Result<'static> {
    let status = if refusal.status() == Status::Unauthorized { Status::Unauthorized } else { Status::Forbidden };
    let (layer, error) = (refusal.layer(), refusal.error());
    let body = serde_json::json!({ "layer": layer, "error": error, "http_status": status.code, "reason": refusal.to_string() });
    let mut response = json(status, &body)?;
    tell(&mut response, &layer.to_string(), error);
    if status == Status::Unauthorized {
        let told = if refusal == Refusal::NoToken { String::new() } else { format!(", error=\"{error}\"") };
        challenge(&mut response, realm, &told);
    }
    Ok(response)
}

/// A call that leads to no operation, so that no layer could allow it.
fn plain_no(why: &str) -> Result<'static> {
    let body = serde_json::json!({ "error": "access_denied", "http_status": 403, "reason": why });
    let mut response = json(Status::Forbidden, &body)?;
    tell(&mut response, "", "access_denied");
    Ok(response)
}

/// Nothing was judged: whoever asks is told, whose log says why.
fn unavailable(error: &OAuthError, request: &Request<'_>) -> Result<'static> {
    let Told { body, .. } = Told::of(error, server_of(request).map(AsRef::as_ref))?;
    Response::build()
        .status(Status::ServiceUnavailable)
        .header(ContentType::JSON)
        .raw_header("Cache-Control", "no-store")
        .raw_header("Retry-After", "5")
        .sized_body(body.len(), std::io::Cursor::new(body))
        .ok()
}

fn tell(response: &mut Response<'_>, layer: &str, error: &'static str) {
    response.set_header(Header::new("X-Hallmark-Layer", layer.to_owned()));
    response.set_header(Header::new("X-Hallmark-Error", error));
}

/// The challenges that the guard sends, in headers of their own.
fn challenge(response: &mut Response<'_>, realm: &str, told: &str) {
    response.set_header(Header::new("WWW-Authenticate", format!("Bearer realm=\"{realm}\"{told}")));
    response.adjoin_raw_header("WWW-Authenticate", format!("JWT realm=\"{realm}\""));
}

/// What may stand between quotes in a challenge.
fn quotable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~')).collect()
}

/// A value as a header has it: whatever is no visible ASCII or space is percent-encoded, and so is the percent sign.
fn in_a_header(value: &str) -> String {
    let mut written = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => written.push(char::from(byte)),
            other => written.push_str(&format!("%{other:02X}")),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_header_ends_it() {
        assert_eq!(in_a_header("PUT /object/{id}"), "PUT /object/{id}");
        assert_eq!(in_a_header("a%b\r\nX: é\u{0}"), "a%25b%0D%0AX: %C3%A9%00");
        assert_eq!(quotable("My \"API\"\r\n\\"), "My API");
    }
}
