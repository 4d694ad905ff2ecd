//! trait Events: the append-only audit trail.

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::store::Result;

/// The audit trail.
#[async_trait]
pub trait Events {
    /// Appends an event. It is as durable as the next change that is.
    async fn append_event(&self, event: &Recorded) -> Result<()>;

    /// The newest events, newest first, at most `count`.
    async fn newest_events(&self, count: usize) -> Result<Vec<Recorded>>;
}
