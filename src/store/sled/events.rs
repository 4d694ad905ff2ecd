//! Events on sled, in the order of their time.

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::store::sled::SledStore;
use crate::store::{EventPlace, Events, Result};

#[async_trait]
impl Events for SledStore {
    async fn append_event(&self, event: &Recorded) -> Result<()> {
        self.events.append(event)
    }

    async fn newest_events(&self, count: usize) -> Result<Vec<Recorded>> {
        self.events.newest(count)
    }

    async fn events(&self, from: EventPlace, until: EventPlace, count: usize) -> Result<Vec<(EventPlace, Recorded)>> {
        self.events.between(from, until, count)
    }
}
