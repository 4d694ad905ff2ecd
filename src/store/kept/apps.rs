//! What a deployment makes of the client of its app.

use crate::domain::app::AppVersion;
use crate::domain::client::Client;
use crate::domain::scope::{OFFLINE_ACCESS, Scope};

/// A client that is called as a version is, and may do what it asks for.
pub fn as_version_asks(client: &Client, version: &AppVersion) -> Client {
    let privileges = &version.manifest.privileges;
    let optional = privileges.optional_scope();
    let offline = Scope::of([OFFLINE_ACCESS]);
    Client {
        name: version.manifest.name.clone().unwrap_or_else(|| client.name.clone()),
        scope: privileges.scope().without(&optional),
        optional_scope: optional.union(&offline),
        ..client.clone()
    }
}
