//! `[cors]`: which other origins' scripts may call the token, revocation and metadata endpoints (never the pages).

use serde::{Deserialize, Serialize};

/// The settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Origins such as `https://app.example`, exactly as a browser writes them. Default: none.
    pub origins: Vec<String>,
}
