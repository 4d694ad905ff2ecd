//! `[keys]`: the keys that this server signs with, and the key that they are sealed under.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::signing_key::{KeySchedule, SignatureAlgorithm};
use crate::domain::time::Lifetime;

/// The settings; the defaults are in [`KeySettings::default`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeySettings {
    /// How new keys sign.
    pub algorithm: SignatureAlgorithm,
    /// How long a key signs.
    pub rotate_every: Lifetime,
    /// How long a key is published before it signs.
    pub publish_ahead: Lifetime,
    /// How long a key is kept after it signed; nothing that is signed lives longer.
    pub overlap: Lifetime,
    /// How long others may keep a copy of the key set.
    pub cache: Lifetime,
    /// The file that holds the key-encryption key; without it the systemd credential `kek`, else the file `kek` in the data
    /// folder.
    pub kek_file: Option<PathBuf>,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            algorithm: SignatureAlgorithm::RS256,
            rotate_every: Lifetime::days(90),
            publish_ahead: Lifetime::hours(24),
            overlap: Lifetime::hours(24),
            cache: Lifetime::minutes(15),
            kek_file: None,
        }
    }
}

impl KeySettings {
    /// How long each part of a key's life is.
    pub fn schedule(&self) -> KeySchedule {
        KeySchedule { rotate_every: self.rotate_every, publish_ahead: self.publish_ahead, overlap: self.overlap }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.overlap.is_zero() {
            return Err("keys.overlap must not be zero: what was signed could not be verified after a rotation".into());
        }
        if self.publish_ahead >= self.rotate_every {
            return Err("keys.publish_ahead must be less than keys.rotate_every".into());
        }
        if self.cache > self.publish_ahead {
            return Err("keys.cache must be at most keys.publish_ahead, or a key would sign before it is known".into());
        }
        Ok(())
    }
}
