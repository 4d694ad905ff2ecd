//! trait Guesses: how many passwords were tried at an account, and how much came from a network, so that neither a restart nor another
//! server gives anybody another burst.

use async_trait::async_trait;

use crate::domain::guess::GuessRate;
use crate::domain::secret::Digest;
use crate::domain::time::{Lifetime, Timestamp};
use crate::store::Result;

/// What came of a guess that was to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// It may be made.
    Taken,
    /// It may not be made before that time is over, and was not counted.
    TooMany(Lifetime),
}

/// Guesses, each count under a digest: whom it is of is in no record.
#[async_trait]
pub trait Guesses {
    /// Counts a guess before it is made. Of any number of callers at once, no more get it than `rate` allows. May be lost: a
    /// crash forgets what was counted just before.
    async fn take_guess(&self, count: Digest, rate: GuessRate, now: Timestamp) -> Result<Counted>;

    /// Gives back a guess that was right, or was never made. May be lost.
    async fn give_back_guess(&self, count: Digest, rate: GuessRate, now: Timestamp) -> Result<()>;
}
