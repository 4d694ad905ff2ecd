//! Events on sled, in the order of their time.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::store::sled::SledStore;
use crate::store::sled::table::{Table, key};
use crate::store::{Events, Result, StoreError};

#[async_trait]
impl Events for SledStore {
    // The clock may go back over a restart, so a place that is taken is left alone and the next number tried.
    async fn append_event(&self, event: &Recorded) -> Result<()> {
        let json = serde_json::to_string(event).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        loop {
            let number = self.event_number.fetch_add(1, Ordering::Relaxed);
            if self.events.add(key(&[&event.at.0.to_be_bytes(), &number.to_be_bytes()]), &json)? {
                return Ok(());
            }
        }
    }

    async fn newest_events(&self, count: usize) -> Result<Vec<Recorded>> {
        let newest = self.events.all().rev().take(count);
        newest.map(|entry| serde_json::from_str(&entry?.1).map_err(|_| self.events.damaged())).collect()
    }
}

impl SledStore {
    /// The number after that of the newest event, so that the events of one second stay in order over a restart.
    pub(super) fn next_event_number(events: &Table<String>) -> Result<u64> {
        let Some(newest) = events.all().next_back().transpose()? else { return Ok(0) };
        let number = newest.0.last_chunk().map(|number| u64::from_be_bytes(*number));
        number.map(|number| number.wrapping_add(1)).ok_or_else(|| events.damaged())
    }
}
