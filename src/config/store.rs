//! `[store]`: where things are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// The data folder; `--data` on the command line wins. Default: `./data`.
    pub folder: PathBuf,
    /// Memory for the store's page cache, in MiB. Default: 128.
    pub cache_mib: u64,
    /// While fewer MiB of the disk are free, nothing is added and only what ends something goes on; zero turns this off.
    /// Default: 256.
    pub free_space_mib: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { folder: "data".into(), cache_mib: 128, free_space_mib: 256 }
    }
}
