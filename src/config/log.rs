//! `[log]`: what is logged.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// A level, or levels by place such as `warn,access=info`; the variable `HALLMARK_LOG` wins. Default: `info`.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { filter: "info".into() }
    }
}

impl LogSettings {
    pub(super) fn check(&self) -> Result<(), String> {
        let parsed = EnvFilter::try_new(&self.filter);
        parsed.map(drop).map_err(|error| format!("log.filter = {:?} filters nothing: {error}", self.filter))
    }
}
