//! Trail: the audit trail on sled. Events wait in memory for the next cycle of the committer, which keeps those of one second
//! under one key: what happens a thousand times a second costs a write for many and not one for each.
//!
//! A value is the events in JSON, which survives changes of their shape, each on a line of its own, and compressed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::event::Recorded;
use crate::domain::time::Timestamp;
use crate::store::kept::keys::{event_key, event_place};
use crate::store::kept::lines::Lines;
use crate::store::sled::table::Table;
use crate::store::{EventPlace, Result, StoreError};

/// About how long a value gets before it is compressed: a page of sled holds sixteen, and one of more than 128 KiB gets a file
/// of its own.
const USUAL_LENGTH: usize = 8192;

/// The trail, with what is not written yet.
pub struct Trail {
    /// Seconds and a number, big-endian.
    table: Table<Lines>,
    waiting: Mutex<Waiting>,
}

struct Waiting {
    /// Of the next event.
    number: u64,
    pages: Vec<Page>,
}

/// Events of one second.
struct Page {
    at: Timestamp,
    number: u64,
    lines: Lines,
}

impl Trail {
    /// The trail that `table` holds.
    ///
    /// # Errors
    /// [`StoreError`] if its end cannot be read.
    pub fn open(table: Table<Lines>) -> Result<Self> {
        let number = next_number(&table)?;
        Ok(Self { table, waiting: Mutex::new(Waiting { number, pages: Vec::new() }) })
    }

    /// Goes on after the newest event that was imported.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read.
    pub fn resume(&self) -> Result<()> {
        self.waiting().number = next_number(&self.table)?;
        Ok(())
    }

    /// Appends an event; the next cycle makes it durable.
    ///
    /// # Errors
    /// [`StoreError`] if nothing is written any more.
    pub fn append(&self, event: &Recorded) -> Result<()> {
        self.table.check()?;
        let json = serde_json::to_string(event).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let mut waiting = self.waiting();
        let number = waiting.number;
        waiting.number = number.wrapping_add(1);
        match waiting.pages.last_mut() {
            Some(page) if page.at == event.at && page.lines.0.len() < USUAL_LENGTH => {
                page.lines.0.push('\n');
                page.lines.0.push_str(&json);
            }
            _ => waiting.pages.push(Page { at: event.at, number, lines: Lines(json) }),
        }
        Ok(())
    }

    /// Whether everything was written.
    pub fn is_written(&self) -> bool {
        self.waiting().pages.is_empty()
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// [`StoreError`] if sled refuses.
    pub fn write(&self) -> Result<()> {
        // Held until all is written, so that whoever comes next finds it.
        let mut waiting = self.waiting();
        for mut page in std::mem::take(&mut waiting.pages) {
            // The clock may go back over a restart, so a place that is taken is left alone and the next numbers are tried.
            while !self.table.add(event_key(EventPlace { at: page.at, number: page.number }), &page.lines)? {
                page.number = waiting.number;
                waiting.number = page.number.wrapping_add(page.lines.0.lines().count() as u64);
            }
        }
        Ok(())
    }

    /// The newest events, newest first, at most `count`.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be read, or what waits cannot be written before.
    pub fn newest(&self, count: usize) -> Result<Vec<Recorded>> {
        self.write()?;
        let mut newest = Vec::new();
        for entry in self.table.all().rev() {
            for line in entry?.1.0.lines().rev() {
                if newest.len() == count {
                    return Ok(newest);
                }
                newest.push(serde_json::from_str(line).map_err(|_| self.table.damaged())?);
            }
        }
        Ok(newest)
    }

    /// The events at `from` or later and before `until`, oldest first, at most `count`.
    ///
    /// # Errors
    /// As for [`Trail::newest`].
    pub fn between(&self, from: EventPlace, until: EventPlace, count: usize) -> Result<Vec<(EventPlace, Recorded)>> {
        self.write()?;
        let mut events = Vec::new();
        if until <= from {
            return Ok(events);
        }
        // An event may be in the middle of a value whose key comes before it, but of no second but its own.
        for entry in self.table.range(&event_key(EventPlace::first_of(from.at)), &event_key(until)) {
            let (key, lines) = entry?;
            let first = event_place(&key).ok_or_else(|| self.table.damaged())?;
            for (place, line) in lines.placed(first) {
                if place < from || place >= until {
                    continue;
                }
                if events.len() == count {
                    return Ok(events);
                }
                events.push((place, serde_json::from_str(line).map_err(|_| self.table.damaged())?));
            }
        }
        Ok(events)
    }

    /// What is kept of it.
    pub fn table(&self) -> &Table<Lines> {
        &self.table
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number after that of the newest event, so that the events of one second stay in order over a restart.
fn next_number(table: &Table<Lines>) -> Result<u64> {
    let Some((key, Lines(lines))) = table.all().next_back().transpose()? else { return Ok(0) };
    let first = event_place(&key).ok_or_else(|| table.damaged())?;
    Ok(first.number.wrapping_add(lines.lines().count() as u64))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::event::Event;

    fn event(at: u64, number: usize) -> Recorded {
        let client_id = format!("app-{number}").parse().expect("an identifier");
        Recorded { at: Timestamp(at), event: Event::ClientAdded { client_id } }
    }

    #[test]
    fn events_that_waited_together_share_few_keys_and_are_found_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = sled::Config::new().path(folder.path()).open().expect("a database");
        let table = || Table::open(&db, "events", &Arc::default()).expect("a table");
        let trail = Trail::open(table()).expect("a trail");
        let events: Vec<Recorded> = (0..200).map(|number| event(1000 + number as u64 / 150, number)).collect();

        for event in &events[..190] {
            trail.append(event).expect("appended");
        }
        trail.write().expect("written");
        let keys = trail.table().all().count();
        assert!((2..=20).contains(&keys), "{keys} keys");
        for event in &events[190..] {
            trail.append(event).expect("appended");
        }
        assert!(!trail.is_written());

        let newest_first: Vec<Recorded> = events.iter().rev().cloned().collect();
        assert_eq!(trail.newest(usize::MAX).expect("read"), newest_first);
        assert_eq!(trail.newest(7).expect("read"), newest_first[..7]);

        // In parts, from the middle of one value to the middle of another.
        let (mut from, until) = (EventPlace { at: Timestamp(1000), number: 7 }, EventPlace::first_of(Timestamp(1002)));
        let mut oldest_first = Vec::new();
        loop {
            let part = trail.between(from, until, 11).expect("read");
            let Some((last, _)) = part.last() else { break };
            from = last.next();
            oldest_first.extend(part.into_iter().map(|(_, event)| event));
        }
        assert_eq!(oldest_first, events[7..]);

        let again = Trail::open(table()).expect("a trail");
        again.append(&event(1001, 200)).expect("appended");
        assert_eq!(again.newest(2).expect("read"), [event(1001, 200), event(1001, 199)]);
    }
}
