//! `[cors]`: which other origins' scripts may call the token, revocation and metadata endpoints (never the pages).

use serde::Deserialize;

/// The settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Origins such as `https://app.example`, exactly as a browser writes them. Default: none.
    pub origins: Vec<String>,
}
