//! Scope: a set of scope tokens (RFC 6749 section 3.3); the catalogue entry of each.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::ResourceId;

/// Asks for access while the person is away, that is for a refresh token. It belongs to the authorization server, not to a protected resource.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// Asks who the person is. It belongs to the authorization server as well, which tells it at `/me`; an access token carries it
/// beside the scopes of its resource.
pub const READ_ME: &str = "read:me";

/// Whether a scope token belongs to the authorization server, and so to no protected resource.
pub fn is_own(token: &str) -> bool {
    [OFFLINE_ACCESS, READ_ME].contains(&token)
}

const MAX_BYTES: usize = 2048;
const MAX_TOKENS: usize = 50;

/// Whether no protected resource can own a scope token.
pub fn is_reserved(token: &str) -> bool {
    is_own(token) || token == MANAGE_API_TOKENS
}

/// A set of scope tokens, kept as its canonical text: sorted, each once, one space between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scope(Box<str>);

/// Why a text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedScope {
    /// A character outside `%x21 / %x23-5B / %x5D-7E`.
    #[error("a scope holds visible ASCII characters other than quotation marks and backslashes")]
    Character,
    /// More than 50 names or 2,048 bytes.
    #[error("a scope has at most 50 names and 2,048 characters")]
    TooLong,
}

impl Scope {
    /// The scope of these tokens, which must already be well formed, such as those of other scopes.
    pub fn of<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let sorted: BTreeSet<&str> = tokens.into_iter().collect();
        Self(sorted.into_iter().collect::<Vec<_>>().join(" ").into())
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no token is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `token` is in it.
    pub fn contains(&self, token: &str) -> bool {
        self.iter().any(|mine| mine == token)
    }

    /// Whether every token of `other` is in it.
    pub fn covers(&self, other: &Scope) -> bool {
        other.iter().all(|token| self.contains(token))
    }

    /// What is in both.
    pub fn intersection(&self, other: &Scope) -> Scope {
        if other.covers(self) { self.clone() } else { Scope::of(self.iter().filter(|token| other.contains(token))) }
    }

    /// What is in either.
    pub fn union(&self, other: &Scope) -> Scope {
        Scope::of(self.iter().chain(other.iter()))
    }

    /// What is in this one and not in `other`.
    pub fn without(&self, other: &Scope) -> Scope {
        Scope::of(self.iter().filter(|token| !other.contains(token)))
    }

    /// The tokens for which `keep` is true.
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Scope {
        Scope::of(self.iter().filter(|token| keep(token)))
    }

    /// The scope without what belongs to the authorization server.
    pub fn of_resources(&self) -> Scope {
        if self.iter().any(is_own) { self.filter(|token| !is_own(token)) } else { self.clone() }
    }

    /// The scope without `offline_access`: what an access token can carry.
    pub fn carried(&self) -> Scope {
        if self.contains(OFFLINE_ACCESS) { self.filter(|token| token != OFFLINE_ACCESS) } else { self.clone() }
    }
}

impl FromStr for Scope {
    type Err = MalformedScope;
    fn from_str(text: &str) -> Result<Self, MalformedScope> {
        if text.len() > MAX_BYTES {
            return Err(MalformedScope::TooLong);
        }
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(MalformedScope::Character);
        }
        let scope = Scope::of(text.split(' ').filter(|token| !token.is_empty()));
        if scope.iter().count() > MAX_TOKENS { Err(MalformedScope::TooLong) } else { Ok(scope) }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Scopes that a person must consent to themselves: no admin approves for them that an app acts with these while they are away.
const INTERACTIVE: [&str; 2] = ["read:account", READ_ME];

/// Whether nobody but the person can consent to a scope.
pub fn needs_interactive_consent(token: &str) -> bool {
    INTERACTIVE.contains(&token)
}

/// Opens the list of people's API tokens, and lets them be ended, to the script of an admin of this server. Only an API token
/// carries it, and no protected resource may own it.
pub const MANAGE_API_TOKENS: &str = "manage:api-token";

/// Scopes for what only an admin of a site may do there, which a script of anybody else lacks although it was made for them.
const OF_ADMINS: [&str; 6] = [
    "import:import-configuration:cmdb",
    "import:cmdb-import-configuration:jira",
    "write:cmdb-config:jira",
    "delete:cmdb-config:jira",
    "manage:jira-configuration",
    "manage:confluence-configuration",
];

/// Whether a scope is for what only an admin of a site may do there.
pub fn is_of_admins(token: &str) -> bool {
    OF_ADMINS.contains(&token)
}

/// What a person puts at stake by allowing a scope, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Name, e-mail address and the like.
    Basic,
    /// Reads what is not public.
    Private,
    /// Changes or adds.
    Change,
    /// Deletes or manages.
    Manage,
}

impl Risk {
    /// The words on the chip of the consent page.
    pub fn words(self) -> &'static str {
        match self {
            Risk::Basic => "Basic",
            Risk::Private => "Private data",
            Risk::Change => "Can change",
            Risk::Manage => "Can delete or manage",
        }
    }

    /// The risk that the verb of a `verb:noun:product` name suggests; the cautious one where it says nothing.
    pub fn of_name(name: &str) -> Risk {
        match name.split(':').next().unwrap_or_default() {
            "read" | "view" | "search" => Risk::Private,
            "write" | "send" | "import" | "report" => Risk::Change,
            _ => Risk::Manage,
        }
    }
}

impl FromStr for Risk {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "basic" => Ok(Risk::Basic),
            "private" => Ok(Risk::Private),
            "change" => Ok(Risk::Change),
            "manage" => Ok(Risk::Manage),
            other => Err(format!("{other:?} is no risk: one of basic, private, change, manage")),
        }
    }
}

/// What the catalogue knows of one scope token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeEntry {
    /// The scope token.
    pub name: String,
    /// A few words, verb first: "Read objects".
    pub title: String,
    /// One plain sentence; empty if there is nothing to add.
    pub sentence: String,
    /// What is at stake.
    pub risk: Risk,
    /// The protected resource that owns it.
    pub resource: ResourceId,
}

impl ScopeEntry {
    /// The entry of [`MANAGE_API_TOKENS`], which no protected resource owns.
    pub fn manage_api_tokens() -> Self {
        Self {
            name: MANAGE_API_TOKENS.into(),
            title: "Manage people's API tokens".into(),
            sentence: "See which API tokens anybody has, and end them.".into(),
            risk: Risk::Manage,
            resource: ResourceId::this_server(),
        }
    }

    /// The entry of [`READ_ME`], which no protected resource owns.
    pub fn read_me() -> Self {
        Self {
            name: READ_ME.into(),
            title: "See your profile".into(),
            sentence: "See your name, your e-mail address and the identifier of your account.".into(),
            risk: Risk::Basic,
            resource: ResourceId::this_server(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().expect("a scope")
    }

    #[test]
    fn a_scope_is_a_set_written_in_order() {
        assert_eq!(scope("write:b read:a  read:a").as_str(), "read:a write:b");
        assert_eq!(scope("").iter().count(), 0);
    }

    #[test]
    fn a_scope_of_control_characters_or_without_end_is_refused() {
        for bad in ["a\tb", "a\nb", "a\"b", "a\\b", "é", "a\u{7f}"] {
            assert_eq!(bad.parse::<Scope>(), Err(MalformedScope::Character), "{bad:?}");
        }
        assert_eq!("x".repeat(2049).parse::<Scope>(), Err(MalformedScope::TooLong));
        let names: Vec<String> = (0..51).map(|n| format!("s{n}")).collect();
        assert_eq!(names.join(" ").parse::<Scope>(), Err(MalformedScope::TooLong));
        assert!(names[..50].join(" ").parse::<Scope>().is_ok());
    }

    #[test]
    fn set_operations_keep_the_order() {
        let (ab, bc) = (scope("a b"), scope("b c"));
        assert_eq!(ab.union(&bc), scope("a b c"));
        assert_eq!(ab.intersection(&bc), scope("b"));
        assert_eq!(ab.without(&bc), scope("a"));
        assert!(scope("a b c").covers(&ab) && !ab.covers(&bc));
        assert_eq!(scope("read:x read:me offline_access").of_resources(), scope("read:x"));
        assert_eq!(scope("read:x read:me offline_access").carried(), scope("read:x read:me"));
    }
}
