//! Connections of the front.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::telemetry::tally::Counter;

/// How many there are, and were refused.
#[derive(Debug, Default)]
pub struct Connections {
    open: AtomicU64,
    /// Those that were hung up on, since their address had too many.
    pub refused: Counter,
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub struct Open(Arc<Connections>);

impl Connections {
    /// Counts one more, until the answer is dropped.
    pub fn opened(self: &Arc<Self>) -> Open {
        self.open.fetch_add(1, Relaxed);
        Open(Arc::clone(self))
    }

    /// How many are open now.
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_counts_until_it_is_dropped() {
        let connections = Arc::<Connections>::default();
        let (first, second) = (connections.opened(), connections.opened());
        assert_eq!(connections.open(), 2);
        drop(first);
        drop(second);
        assert_eq!(connections.open(), 0);
    }
}
