//! One-time links: set-up, invitation and password reset. Opening one shows a form; only sending the form uses it up.

use serde::{Deserialize, Serialize};

use crate::domain::id::UserId;
use crate::domain::time::Timestamp;

/// A link that somebody hands to a person, since this server sends no e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeLink {
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// When it is no longer.
    pub expires: Timestamp,
}

/// What a one-time link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkPurpose {
    /// To make the first admin. A new one voids the former.
    Setup,
    /// To choose a first password.
    Invite(UserId),
    /// To choose a new password.
    PasswordReset(UserId),
}

impl LinkPurpose {
    /// The first segment of its path.
    pub fn path(self) -> &'static str {
        match self {
            LinkPurpose::Setup => "setup",
            LinkPurpose::Invite(_) => "invite",
            LinkPurpose::PasswordReset(_) => "reset",
        }
    }
}
