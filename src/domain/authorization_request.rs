//! A request in flight: pushed, pending, answered (RFC 6749 section 4.1.1, RFC 9126).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::{ClientId, ResourceId};
use crate::domain::scope::Scope;
use crate::domain::secret::{TokenDigest, TokenKey};
use crate::domain::time::Timestamp;
use crate::domain::uri::RedirectUri;

/// An authorization request that passed every check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it, so that the token request must (RFC 6749 section 4.1.3).
    pub redirect_uri_presence: Presence,
    /// What the client wants back with the answer.
    pub state: Option<String>,
    /// What is asked for.
    pub scope: Scope,
    /// The resources that the tokens may be for, each owning a scope asked for.
    pub resources: Vec<ResourceId>,
    /// The S256 challenge of RFC 7636; none from a client that is exempt and sent none.
    #[serde(with = "optional_challenge")]
    pub code_challenge: Option<CodeChallenge>,
    /// How the person is to be asked.
    pub prompt: Prompt,
    /// Whom the client expects.
    pub login_hint: Option<String>,
}

/// Whether a parameter was in the request or filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// The request had it.
    Sent,
    /// It was filled in from the registration.
    Assumed,
}

/// A code challenge: BASE64URL(SHA-256(verifier)), which is 43 characters (RFC 7636 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge(String);

/// Text that is neither challenge nor verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("43 to 128 characters of A-Z, a-z, 0-9, \"-\", \".\", \"_\" and \"~\"")]
pub struct MalformedCodeChallenge;

impl CodeChallenge {
    /// The challenge as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CodeChallenge {
    type Err = MalformedCodeChallenge;
    fn from_str(text: &str) -> Result<Self, MalformedCodeChallenge> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedCodeChallenge)
        }
    }
}

/// A challenge that may be lacking, kept as its text, which is empty then: no challenge is.
pub(in crate::domain) mod optional_challenge {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::domain::authorization_request::CodeChallenge;

    pub fn serialize<S: Serializer>(challenge: &Option<CodeChallenge>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(challenge.as_ref().map_or("", CodeChallenge::as_str))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CodeChallenge>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text.is_empty() { None } else { Some(CodeChallenge(text)) })
    }
}

/// The `prompt` parameter. `none` stands alone; the others may be combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Ask nothing; answer with an error where a question would be needed.
    pub none: bool,
    /// Ask for the password again.
    pub login: bool,
    /// Ask for consent even where it is remembered.
    pub consent: bool,
    /// Ask which account to use.
    pub select_account: bool,
}

/// A `prompt` that cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prompt is none alone, or any of login, consent and select_account")]
pub struct MalformedPrompt;

impl FromStr for Prompt {
    type Err = MalformedPrompt;
    fn from_str(text: &str) -> Result<Self, MalformedPrompt> {
        let mut prompt = Prompt::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return Err(MalformedPrompt),
            }
        }
        if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
            Err(MalformedPrompt)
        } else {
            Ok(prompt)
        }
    }
}

/// A request that was pushed and waits for a browser (RFC 9126 section 2.2). It becomes a transaction at first use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// The checked request.
    pub request: AuthorizationRequest,
    /// When it is no longer accepted.
    pub expires: Timestamp,
}

/// A request that a browser brought and a person has yet to answer. Pages and forms carry its name and nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The checked request.
    pub request: AuthorizationRequest,
    /// The digest of the cookie of the browser that brought it: no other browser may go on with it.
    pub browser: TokenDigest,
    /// What must come before the question.
    pub sign_in: SignInDemand,
    /// The session that the question was put to: only there may it be answered.
    pub shown_to: Option<TokenKey>,
    /// When it is given up.
    pub expires: Timestamp,
}

/// Which session may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInDemand {
    /// Any live one.
    AnySession,
    /// One that the person chose on our page: `prompt=select_account`.
    ChosenSession,
    /// One that is yet to begin: `prompt=login`.
    NewSession,
    /// This one: it was chosen, or began, for this request.
    Session(TokenKey),
}

impl SignInDemand {
    /// What `prompt` demands.
    pub fn of(prompt: Prompt) -> Self {
        match prompt {
            Prompt { login: true, .. } => SignInDemand::NewSession,
            Prompt { select_account: true, .. } => SignInDemand::ChosenSession,
            _ => SignInDemand::AnySession,
        }
    }

    /// Whether `session` may answer.
    pub fn is_met_by(self, session: TokenKey) -> bool {
        match self {
            SignInDemand::AnySession => true,
            SignInDemand::ChosenSession | SignInDemand::NewSession => false,
            SignInDemand::Session(demanded) => demanded == session,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_has_43_to_128_unreserved_characters() {
        assert!("a".repeat(43).parse::<CodeChallenge>().is_ok() && "~".repeat(128).parse::<CodeChallenge>().is_ok());
        for bad in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43)), "é".repeat(30)] {
            assert!(bad.parse::<CodeChallenge>().is_err(), "{bad}");
        }
    }

    #[test]
    fn prompt_none_stands_alone() {
        assert!("none".parse::<Prompt>().is_ok_and(|prompt| prompt.none));
        assert!("login consent".parse::<Prompt>().is_ok_and(|prompt| prompt.login && prompt.consent));
        assert!("none login".parse::<Prompt>().is_err() && "create".parse::<Prompt>().is_err());
    }
}
