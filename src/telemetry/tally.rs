//! Numbers that many threads add to at once, each addition on its own: what is read while others add is a moment ago's.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// How many there were.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The bounds of a [`Histogram`] in microseconds: from a read that found everything in memory to a disk that hangs.
pub const BOUNDS: [u64; 15] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];

/// How often something took how long.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, and one for what took longer.
    counts: [AtomicU64; BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

/// A histogram at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// For each bound, and then for what took longer, how often it was not longer than that but than the bound before.
    pub counts: [u64; BOUNDS.len() + 1],
    /// All times together.
    pub microseconds: u64,
}

impl Histogram {
    /// Counts something that took so long.
    pub fn observe(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[BOUNDS.partition_point(|bound| *bound < microseconds)].fetch_add(1, Relaxed);
        self.microseconds.fetch_add(microseconds, Relaxed);
    }

    /// What was counted so far.
    pub fn distribution(&self) -> Distribution {
        Distribution {
            counts: std::array::from_fn(|at| self.counts[at].load(Relaxed)),
            microseconds: self.microseconds.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_counted_below_the_first_bound_that_it_does_not_exceed() {
        let histogram = Histogram::default();
        for microseconds in [0, 50, 51, 5_000_000, 5_000_001] {
            histogram.observe(Duration::from_micros(microseconds));
        }
        let counted = histogram.distribution();
        assert_eq!((counted.counts[0], counted.counts[1]), (2, 1));
        assert_eq!((counted.counts[BOUNDS.len() - 1], counted.counts[BOUNDS.len()]), (1, 1));
        assert_eq!(counted.microseconds, 10_000_102);
    }
}
