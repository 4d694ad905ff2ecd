//! User: the resource owner (RFC 6749 section 1.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::UserId;
use crate::domain::time::Timestamp;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their name in the protocol.
    pub id: UserId,
    /// What they sign in with.
    pub email: Email,
    /// What they are called; empty if they never said.
    pub name: String,
    /// The argon2id hash of their password in PHC format; none until they chose one.
    pub password: Option<PasswordHash>,
    /// What they may do here.
    pub standing: Standing,
    /// Whether they may sign in, and whether what was issued for them is live.
    pub state: UserState,
    /// Everything issued in an earlier epoch is over.
    pub epoch: Epoch,
    /// When they were added.
    pub created: Timestamp,
    /// When they last chose a password.
    pub password_changed: Option<Timestamp>,
}

impl User {
    /// Whether tokens issued for them in `epoch` are good.
    pub fn honours(&self, epoch: Epoch) -> bool {
        self.state == UserState::Active && self.epoch == epoch
    }

    /// Their name, or their e-mail address if they never said one.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { self.email.as_str() } else { &self.name }
    }
}

/// What a person may do on the pages of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Their own account.
    Member,
    /// Other people's accounts too.
    Admin,
}

/// Whether a person may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// They may.
    Active,
    /// They may not, and nothing issued for them is live until they are active again.
    Suspended,
}

/// Counts password changes: a new password ends every token of the old one, at the next introspection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch after this one.
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

/// A password hash in PHC string format. It is at rest only, and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// An e-mail address, by which a person signs in. Compared without regard to case; nothing is ever sent to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Text that is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is name@host, at most 254 characters, without spaces")]
pub struct MalformedEmail;

impl Email {
    /// The address, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Email {
    type Error = MalformedEmail;
    fn try_from(text: String) -> Result<Self, MalformedEmail> {
        let text = if is_canonical(&text) { text } else { text.trim().to_lowercase() };
        let (name, host) = text.rsplit_once('@').ok_or(MalformedEmail)?;
        let visible = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '"'));
        if text.len() <= 254 && !name.is_empty() && !host.is_empty() && visible {
            Ok(Self(text))
        } else {
            Err(MalformedEmail)
        }
    }
}

/// Whether trimming and lower case would change nothing, as for every address that is read back from a store.
fn is_canonical(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
}

impl FromStr for Email {
    type Err = MalformedEmail;
    fn from_str(text: &str) -> Result<Self, MalformedEmail> {
        text.to_owned().try_into()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_regard_to_case() {
        assert_eq!(" Person@Example.COM".parse::<Email>(), "person@example.com".parse());
        for bad in ["", "person", "@example.com", "person@", "a b@example.com", "<a@example.com>"] {
            assert_eq!(bad.parse::<Email>(), Err(MalformedEmail), "{bad:?}");
        }
    }
}
