//! trait Events: the append-only audit trail.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::event::Recorded;
use crate::domain::time::Timestamp;
use crate::store::Result;

/// Where an event is in the trail, which is in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventPlace {
    /// When it happened.
    pub at: Timestamp,
    /// Its number among all, which orders those of one second.
    pub number: u64,
}

impl EventPlace {
    /// Where the events of that moment begin.
    pub fn first_of(at: Timestamp) -> Self {
        Self { at, number: 0 }
    }

    /// The place after this one.
    pub fn next(self) -> Self {
        match self.number.checked_add(1) {
            Some(number) => Self { number, ..self },
            None => Self::first_of(Timestamp(self.at.0.saturating_add(1))),
        }
    }
}

/// The audit trail.
#[async_trait]
pub trait Events {
    /// Appends an event. It is as durable as the next change that is.
    async fn append_event(&self, event: &Recorded) -> Result<()>;

    /// The newest events, newest first, at most `count`.
    async fn newest_events(&self, count: usize) -> Result<Vec<Recorded>>;

    /// The events at `from` or later and before `until`, oldest first, at most `count`.
    async fn events(&self, from: EventPlace, until: EventPlace, count: usize) -> Result<Vec<(EventPlace, Recorded)>>;
}
