//! `[passwords]`: what argon2id costs, and how many checks may run at once.

use serde::{Deserialize, Serialize};

/// The settings; the defaults are OWASP's for argon2id.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordSettings {
    /// Memory of one check, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Checks that run at once; the default is the number of cores.
    pub concurrency: usize,
    /// Checks that may wait for their turn; who comes later gets 503 at once.
    pub queue: usize,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { memory_kib: 19456, iterations: 2, parallelism: 1, concurrency: cores, queue: 64 }
    }
}
