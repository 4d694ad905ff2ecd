//! Site: a tenant, and who is a member of it.

use serde::{Deserialize, Serialize};

use crate::domain::id::{SiteId, UserId};
use crate::domain::time::Timestamp;

/// A tenant. What a person allows, they allow on sites; every grant and token names its site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The `cloudId`.
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Where people reach it; `None` where that is where they reach this server, whatever its address then is.
    pub url: Option<String>,
    /// The workspace that belongs to it.
    pub workspace_id: SiteId,
}

/// A person on a site. Whatever they allow there is good as long as they are a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where.
    pub site_id: SiteId,
    /// Who.
    pub user_id: UserId,
    /// What they may do there.
    pub standing: SiteStanding,
    /// Since when.
    pub since: Timestamp,
}

/// What a member may do on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteStanding {
    /// Allow apps what they may do themselves.
    Member,
    /// Install apps, approve what they ask for, and say who is a member.
    Admin,
}
