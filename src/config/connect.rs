//! `[connect]`: how this server deals with Connect apps.

use serde::{Deserialize, Serialize};

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectSettings {
    /// Whether apps may be at private addresses, which only this server's network reaches. Default: no.
    pub allow_private_addresses: bool,
    /// Whom an assertion of an app that wants to act as a person may name as its audience, beside this server.
    pub audiences: Vec<String>,
    /// What apps are told they are installed in. Default: `jira`.
    pub product_type: String,
}

impl Default for ConnectSettings {
    fn default() -> Self {
        let audiences = ["https://oauth-2-authorization-server.services.atlassian.com", "https://auth.atlassian.io"];
        Self {
            allow_private_addresses: false,
            audiences: audiences.map(str::to_owned).into(),
            product_type: "jira".into(),
        }
    }
}

impl ConnectSettings {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.product_type.is_empty() { Err("connect.product_type must not be empty".into()) } else { Ok(()) }
    }
}
