//! trait Measured: what the store says of itself to whoever watches it.

use crate::store::Result;
use crate::telemetry::tally::Distribution;

/// What can be told of the store without asking it for a record.
pub trait Measured {
    /// How long each wait for the disk took.
    fn commits(&self) -> Distribution;

    /// What it takes on the disk, in bytes.
    fn size(&self) -> Result<u64>;
}
