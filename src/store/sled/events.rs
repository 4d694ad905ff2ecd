//! Events on sled, in the order of their time.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::store::sled::SledStore;
use crate::store::sled::table::key;
use crate::store::{Events, Result, StoreError};

#[async_trait]
impl Events for SledStore {
    // A number is taken again after a restart, so a place that is taken is left alone and the next number tried.
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
