//! Container: what a container token is bound to, which is an import source of a site's workspace. One token of it is live at most.

use serde::{Deserialize, Serialize};

use crate::domain::event::Actor;
use crate::domain::id::{ContainerId, SiteId};
use crate::domain::label::Label;
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;

/// The `type` of the authorization details of a container token (RFC 9396 section 2).
pub const ASSETS_IMPORT: &str = "assets_import";

/// The scope of whoever runs imports. The protected resource that owns it is the one that container tokens are for.
pub const IMPORT_SCOPE: &str = "import:import-configuration:cmdb";

/// What a container token allows on its own import source, by the segment of the path that follows the source's name. A token
/// makes no token, so that `token` is not among them.
pub const ACTIONS: [&str; 3] = ["configstatus", "mapping", "executions"];

/// An import source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// The import source's name in the protocol.
    pub id: ContainerId,
    /// On which site.
    pub site_id: SiteId,
    /// What people call it.
    pub label: Label,
    /// When it was registered.
    pub created: Timestamp,
}

/// The token of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerToken {
    /// Where it is found.
    pub key: TokenKey,
    /// Its last characters.
    pub ending: String,
    /// Who made it.
    pub made_by: Actor,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
}

impl ContainerToken {
    /// Whether it is still good.
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.expires.has_passed(now)
    }
}
