//! Basic credentials of a script (RFC 7617): a person's e-mail address, and one of their API tokens in the place of a password.
//! Nothing else is tried as one, least of all the password of an account.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::{Secret, TokenKey};
use crate::domain::user::{Email, User};
use crate::secrets::digest::digest;
use crate::secrets::token::{TokenKind, read};

/// Longer payloads are none of ours: an e-mail address has 254 characters at the most.
const MAX_BYTES: usize = 512;

/// Credentials that can be those of somebody.
pub struct Basic {
    /// Where the token is found.
    pub key: TokenKey,
    email: Email,
}

impl Basic {
    /// What the payload of a Basic header says; `None` if nobody can have such credentials, for which no store is asked.
    pub fn read(payload: &str) -> Option<Self> {
        if payload.len() > MAX_BYTES {
            return None;
        }
        let decoded = Secret::new(STANDARD.decode(payload).ok()?);
        let (email, token) = std::str::from_utf8(decoded.expose()).ok()?.split_once(':')?;
        Some(Self { key: read(TokenKind::Api, token)?, email: email.parse().ok()? })
    }

    /// Whether they name that person, in the same time whoever they name.
    pub fn name(&self, user: &User) -> bool {
        digest(self.email.as_str()) == digest(user.email.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::secrets::token::mint;

    fn payload(text: &str) -> String {
        STANDARD.encode(text)
    }

    #[test]
    fn a_payload_is_an_address_and_an_api_token() {
        let minted = mint(TokenKind::Api, Timestamp(1_764_000_000));
        let token = minted.token.expose();
        let read = Basic::read(&payload(&format!("Bob@example.com:{token}"))).expect("credentials");
        assert_eq!(read.key, minted.key);
        assert_eq!(read.email.as_str(), "bob@example.com");
    }

    #[test]
    fn whatever_is_no_api_token_is_nobodys_credential() {
        let access = mint(TokenKind::Access, Timestamp(1_764_000_000));
        let api = mint(TokenKind::Api, Timestamp(1_764_000_000));
        for text in [
            "bob@example.com:correct horse battery staple".to_owned(),
            format!("bob@example.com:{}", access.token.expose()),
            format!("bob@example.com:{}x", api.token.expose()),
            format!("bob@example.com{}", api.token.expose()),
            format!(":{}", api.token.expose()),
            format!("bob:{}", api.token.expose()),
            format!("{}:", api.token.expose()),
        ] {
            assert!(Basic::read(&payload(&text)).is_none(), "{text}");
        }
        let good = payload(&format!("bob@example.com:{}", api.token.expose()));
        for text in ["", "%", good.trim_end_matches('='), &format!("{good} "), &"A".repeat(600)] {
            assert_eq!(Basic::read(text).is_some(), text == good, "{text}");
        }
    }
}
