//! Events on sled, in the order of their time.

use std::sync::atomic::Ordering;

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::domain::time::Timestamp;
use crate::store::sled::SledStore;
use crate::store::sled::table::{Table, key};
use crate::store::{EventPlace, Events, Result, StoreError};

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

    async fn events(&self, from: EventPlace, until: EventPlace, count: usize) -> Result<Vec<(EventPlace, Recorded)>> {
        if until <= from {
            return Ok(Vec::new());
        }
        let event = |entry: Result<(sled::IVec, String)>| {
            let (key, json) = entry?;
            let place = place(&key).ok_or_else(|| self.events.damaged())?;
            Ok((place, serde_json::from_str(&json).map_err(|_| self.events.damaged())?))
        };
        self.events.range(&place_key(from), &place_key(until)).take(count).map(event).collect()
    }
}

fn place_key(place: EventPlace) -> Vec<u8> {
    key(&[&place.at.0.to_be_bytes(), &place.number.to_be_bytes()])
}

fn place(key: &[u8]) -> Option<EventPlace> {
    let (at, number) = (key.first_chunk()?, key.last_chunk()?);
    Some(EventPlace { at: Timestamp(u64::from_be_bytes(*at)), number: u64::from_be_bytes(*number) })
}

impl SledStore {
    /// The number after that of the newest event, so that the events of one second stay in order over a restart.
    pub(super) fn next_event_number(events: &Table<String>) -> Result<u64> {
        let Some(newest) = events.all().next_back().transpose()? else { return Ok(0) };
        let number = newest.0.last_chunk().map(|number| u64::from_be_bytes(*number));
        number.map(|number| number.wrapping_add(1)).ok_or_else(|| events.damaged())
    }
}
