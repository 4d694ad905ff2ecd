//! Site: a tenant.

use serde::{Deserialize, Serialize};

use crate::domain::id::SiteId;

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
