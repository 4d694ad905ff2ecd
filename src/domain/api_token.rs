//! API token: what a person's scripts authenticate with. It acts as its owner, and may no more than its owner may at the moment.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::domain::id::{SiteId, UserId};
use crate::domain::label::Label;
use crate::domain::scope::Scope;
use crate::domain::secret::TokenKey;
use crate::domain::time::{Lifetime, Timestamp};

/// So long a token is still listed after it expired, for whoever looks why a script fails. It is good for nothing then.
pub const LISTED_AFTER_EXPIRY: Lifetime = Lifetime::days(30);

/// An API token of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Where it is found. Part of it names the token in lists and logs.
    pub key: TokenKey,
    /// Whose it is.
    pub user_id: UserId,
    /// What they call it.
    pub label: Label,
    /// What it is for.
    pub reach: Reach,
    /// The one site it is good on; `None` where it is good on every site of its owner.
    pub site_id: Option<SiteId>,
    /// Its last characters, by which its owner knows it again.
    pub ending: String,
    /// What the form said that asked for it, which makes one token however often it is sent.
    pub request: [u8; 16],
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// What an API token is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// These scopes, at the resources that own them.
    Scopes(Scope),
    /// All that its owner may do, at the resources that an operator opened to such tokens.
    Everything,
}

impl ApiToken {
    /// Whether it can still be good for anything.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.expires.has_passed(now)
    }

    /// Whether it is over for so long that it is listed no more.
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        (self.expires + LISTED_AFTER_EXPIRY).has_passed(now)
    }
}

/// When a token was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// When, give or take a minute.
    pub at: Timestamp,
    /// From where, if the protected resource said so.
    pub from: Option<IpAddr>,
}
