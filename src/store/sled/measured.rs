//! What the embedded store says of itself.

use crate::store::sled::SledStore;
use crate::store::sled::folder::unavailable;
use crate::store::sled::replacement::disk_usage;
use crate::store::{Measured, Result};
use crate::telemetry::tally::Distribution;

impl Measured for SledStore {
    fn commits(&self) -> Distribution {
        self.committer.commits()
    }

    fn size(&self) -> Result<u64> {
        disk_usage(self.folder.path()).map_err(unavailable)
    }
}
