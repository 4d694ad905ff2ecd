//! Session: a signed-in browser.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::domain::id::UserId;
use crate::domain::time::{Lifetime, Timestamp};

/// A browser in which a person signed in. Its cookie holds the secret; this is kept under the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who signed in.
    pub user_id: UserId,
    /// When they did, by password.
    pub created: Timestamp,
    /// When the browser was last seen, give or take a few minutes.
    pub last_seen: Timestamp,
    /// When it ends whatever happens.
    pub expires: Timestamp,
    /// What the browser calls itself, cut short.
    pub user_agent: String,
    /// Where it signed in from.
    pub address: Option<IpAddr>,
}

impl Session {
    /// Whether it is neither too old nor unused for longer than `idle`.
    pub fn is_live(&self, idle: Lifetime, now: Timestamp) -> bool {
        !self.expires.has_passed(now) && !(self.last_seen + idle).has_passed(now)
    }
}
