//! Events on PostgreSQL, in the order of their time. Those that come to a node while it writes others are written together next:
//! what happens a thousand times a second costs a statement for many and not one for each.
//!
//! A row holds one event, or several lines where it was copied from an embedded store; their numbers follow on from the key's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::domain::event::Recorded;
use crate::store::kept::encode;
use crate::store::kept::keys::{event_key, event_place};
use crate::store::kept::lines::Lines;
use crate::store::postgres::connections::transaction;
use crate::store::postgres::partitions::EVENTS;
use crate::store::postgres::record::{all, bytes, value};
use crate::store::postgres::statement::Param::{Bytes, Many, Number};
use crate::store::postgres::statement::Statement;
use crate::store::postgres::{PostgresStore, later};
use crate::store::{EventPlace, Events, Result, StoreError};

// Whoever appends shares a lock for as long as what they append cannot be seen, and had it before they were given a number.
const APPEND: Statement = Statement::writing(
    "append_events",
    concat!(
        "INSERT INTO events (key, record)
         SELECT came.at || int8send(nextval('event_numbers')), came.record
         FROM (SELECT pg_advisory_xact_lock_shared(8112131213)) AS appending, ",
        later!(),
        ", (SELECT at, record FROM unnest($1, $2) WITH ORDINALITY AS came (at, record, turn) ORDER BY turn) AS came"
    ),
);

// Nobody has that lock now, so that no event is to come before one that is seen, but for those whose time nodes tell differently.
const WAIT_FOR_APPENDS: Statement = Statement::reading("wait_for_appends", "SELECT pg_advisory_xact_lock(8112131213)");

const NEWEST: Statement = Statement::reading(
    "newest_events",
    "SELECT record FROM events
     WHERE key >= COALESCE((SELECT record FROM singles WHERE key = 'events_from'), '') ORDER BY key DESC LIMIT $1",
);

// An event may be among the lines of a row whose key comes before it, but of no second but its own.
const BETWEEN: Statement = Statement::reading(
    "events",
    "SELECT key, record FROM events
     WHERE key >= COALESCE((SELECT key FROM events WHERE key >= $1 AND key <= $2 ORDER BY key DESC LIMIT 1), $2)
     AND key >= COALESCE((SELECT record FROM singles WHERE key = 'events_from'), '') AND key < $3 ORDER BY key LIMIT $4",
);

/// Events of this node that are not written yet.
#[derive(Default)]
pub struct Trail {
    waiting: Mutex<Vec<Waiting>>,
    /// Who has it writes what waits.
    turn: tokio::sync::Mutex<()>,
}

struct Waiting {
    at: [u8; 8],
    record: Vec<u8>,
    written: oneshot::Sender<Written>,
}

/// What became of several events, for each who waits for one.
type Written = std::result::Result<(), Arc<StoreError>>;

impl Trail {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Events for PostgresStore {
    async fn append_event(&self, event: &Recorded) -> Result<()> {
        self.cover_second(EVENTS, event.at).await?;
        let json = serde_json::to_string(event).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let record = encode(&Lines(json))?;
        let (written, mut outcome) = oneshot::channel();
        self.trail.waiting().push(Waiting { at: event.at.0.to_be_bytes(), record, written });
        let outcome = tokio::select! {
            biased;
            outcome = &mut outcome => outcome,
            turn = self.trail.turn.lock() => {
                self.write_waiting().await;
                drop(turn);
                outcome.await
            }
        };
        match outcome {
            Ok(written) => written.map_err(|error| StoreError::Unavailable(Box::new(error))),
            // Whoever wrote it was abandoned in the middle.
            Err(abandoned) => Err(StoreError::Unavailable(Box::new(abandoned))),
        }
    }

    async fn newest_events(&self, count: usize) -> Result<Vec<Recorded>> {
        let rows = self.connections.rows(&NEWEST, &[Number(bound(count))]).await?;
        let rows: Vec<Lines> = all(&rows, "events")?;
        let lines = rows.iter().flat_map(|Lines(lines)| lines.lines().rev());
        lines.take(count).map(read).collect()
    }

    // A reader that goes on from the last event it was given misses none that another node was about to write. Whose time is
    // earlier, because its clock is behind or because it was on its way here, may yet come: whoever needs every event
    // of a stretch asks for it a while after its end.
    async fn events(&self, from: EventPlace, until: EventPlace, count: usize) -> Result<Vec<(EventPlace, Recorded)>> {
        let mut events = Vec::new();
        if until <= from {
            return Ok(events);
        }
        let [second, first, end] = [EventPlace::first_of(from.at), from, until].map(event_key);
        // One more, since the first may have no line that was asked for.
        let params = [Bytes(&second), Bytes(&first), Bytes(&end), Number(bound(count).saturating_add(1))];
        let rows = transaction!(self.connections, tx => {
            tx.execute(&WAIT_FOR_APPENDS, &[]).await?;
            tx.rows(&BETWEEN, &params).await
        });
        for row in &rows {
            let first = bytes(row, 0)?.and_then(event_place).ok_or(DAMAGED)?;
            let lines: Lines = value(row, 1, "events")?.ok_or(DAMAGED)?;
            for (place, line) in lines.placed(first) {
                if place < from || place >= until {
                    continue;
                }
                if events.len() == count {
                    return Ok(events);
                }
                events.push((place, read(line)?));
            }
        }
        Ok(events)
    }
}

impl PostgresStore {
    /// Writes the events that wait, in the order in which they came.
    async fn write_waiting(&self) {
        let waiting = std::mem::take(&mut *self.trail.waiting());
        if waiting.is_empty() {
            return;
        }
        let times: Vec<&[u8]> = waiting.iter().map(|event| event.at.as_slice()).collect();
        let records: Vec<&[u8]> = waiting.iter().map(|event| event.record.as_slice()).collect();
        let outcome = self.connections.execute(&APPEND, &[Many(&times), Many(&records)]).await;
        let outcome = outcome.map(drop).map_err(Arc::new);
        for event in waiting {
            // Nobody may wait any more.
            let _ = event.written.send(outcome.clone());
        }
    }
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "events" };

fn read(line: &str) -> Result<Recorded> {
    serde_json::from_str(line).map_err(|_| DAMAGED)
}

fn bound(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
