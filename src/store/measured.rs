//! trait Measured: what the store says of itself to whoever watches it.

use crate::store::Result;
use crate::telemetry::PoolMeasures;
use crate::telemetry::tally::Distribution;

/// Whose a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// This process has it alone: where it fails, this process does.
    ToThisProcess,
    /// It runs by itself and other processes ask it too: where it fails, it fails them all, and a restart of one mends nothing.
    ToSeveral,
}

/// What can be told of the store without asking it for a record.
pub trait Measured {
    /// Whose it is.
    fn belongs_to(&self) -> Belongs {
        Belongs::ToThisProcess
    }

    /// How long each wait for a change to be durable took.
    fn commits(&self) -> Distribution;

    /// What it takes on the disk, in bytes.
    fn size(&self) -> Result<u64>;

    /// Its connections, where it is reached by some.
    fn pool(&self) -> Option<PoolMeasures> {
        None
    }
}
