//! Partitions: what comes by the thousand and lives for a known time is in tables by time, which are dropped whole.
//!
//! A partition is there before its first record: whoever is about to write looks in memory whether it is, and makes it if not,
//! under an advisory lock. The sweep makes those of the next hours ahead. It also drops those that are over: a `DROP` waits for
//! nobody longer than a moment, and comes back with the next sweep.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use crate::domain::time::{Hour, Timestamp};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::{Connections, unavailable};
use crate::store::postgres::record::bytes;
use crate::store::postgres::statement::Statement;
use crate::store::{Result, StoreError};

/// A table in partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parted {
    /// Its name.
    pub table: &'static str,
    /// What a key begins with.
    unit: Unit,
    /// So many units of time are in a partition.
    width: u64,
    /// How its partitions are stored.
    stored: &'static str,
}

/// What is dropped within hours is not worth a vacuum.
const UNVACUUMED: &str = "autovacuum_enabled = off";

/// Room in each page, so that the next version of a row lies beside the one before and no index learns of it.
const WITH_ROOM: &str = "fillfactor = 80";

/// What is only added to.
const APPENDED: &str = "fillfactor = 100";

/// What a key of a partitioned table begins with, big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    /// Four bytes: an hour.
    Hours,
    /// Eight bytes: a second.
    Seconds,
}

/// Access tokens, by the hour they end.
pub const TOKENS: Parted = Parted { table: "tokens", unit: Unit::Hours, width: 1, stored: UNVACUUMED };
/// Codes, by the hour they end.
pub const CODES: Parted = Parted { table: "codes", unit: Unit::Hours, width: 1, stored: UNVACUUMED };
/// Pushed requests, by the hour they end.
pub const PUSHED: Parted = Parted { table: "pushed", unit: Unit::Hours, width: 1, stored: UNVACUUMED };
/// Requests of browsers, by the hour they end.
pub const TRANSACTIONS: Parted = Parted { table: "transactions", unit: Unit::Hours, width: 1, stored: UNVACUUMED };
/// Used assertions, by the hour they end.
pub const ASSERTIONS: Parted = Parted { table: "assertions", unit: Unit::Hours, width: 1, stored: UNVACUUMED };
/// Families, by the hour by which nothing of them can be live.
pub const FAMILIES: Parted = Parted { table: "families", unit: Unit::Hours, width: 30 * 24, stored: WITH_ROOM };
/// Rotations, by the second they happened in.
pub const ROTATIONS: Parted = Parted { table: "rotations", unit: Unit::Seconds, width: 3600, stored: UNVACUUMED };
/// The audit trail, by the second.
pub const EVENTS: Parted = Parted { table: "events", unit: Unit::Seconds, width: 30 * 24 * 3600, stored: APPENDED };

/// All of them.
pub const PARTED: [Parted; 8] = [TOKENS, CODES, PUSHED, TRANSACTIONS, ASSERTIONS, FAMILIES, ROTATIONS, EVENTS];

/// For so many hours partitions are made ahead.
const HOURS_AHEAD: u64 = 2;

/// The partitions of the next hours, without those that are over as soon as their hour begins.
fn ahead(now: Timestamp) -> impl Iterator<Item = (Parted, u64)> {
    let hours = move |parted: Parted| {
        let moments = (0..=HOURS_AHEAD).map(move |hour| Timestamp(now.0.saturating_add(hour * 3600)));
        let parts = moments.map(move |at| parted.part_of(parted.moment(at)));
        parts.filter(move |part| !parted.is_over(*part, now)).map(move |part| (parted, part))
    };
    PARTED.into_iter().flat_map(hours)
}

/// What the partitions of the next hours are called.
pub fn names_ahead(now: Timestamp) -> Vec<String> {
    let mut names: Vec<String> = ahead(now).map(|(parted, part)| parted.name(part)).collect();
    names.dedup();
    names
}

/// How a node takes its turn at making and dropping partitions.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8112131212)";

/// Whether a relation is there, as of this moment: by its name it would be looked up among what the connection remembers.
const THERE: &str = "SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace";

impl Parted {
    /// Whether its keys begin with a second, and not with an hour.
    pub fn is_by_second(self) -> bool {
        self.unit == Unit::Seconds
    }

    /// In which of its partitions is what belongs to that hour.
    pub fn part_of_hour(self, hour: u32) -> u64 {
        self.part_of(u64::from(hour))
    }

    /// In which of its partitions a moment is.
    fn part_of(self, moment: u64) -> u64 {
        moment / self.width
    }

    /// What a partition is called.
    pub fn name(self, part: u64) -> String {
        format!("{}_{part}", self.table)
    }

    /// The number of the partition of that name.
    fn part_named(self, name: &str) -> Option<u64> {
        name.strip_prefix(self.table)?.strip_prefix('_')?.parse().ok()
    }

    /// The bound at which a partition begins, as SQL; past the last moment there is, it is the end of all keys.
    fn bound(self, part: u64) -> String {
        let moment = part.checked_mul(self.width);
        let bytes = match self.unit {
            Unit::Hours => moment.and_then(|moment| u32::try_from(moment).ok()).map(|hour| format!("{hour:08x}")),
            Unit::Seconds => moment.map(|second| format!("{second:016x}")),
        };
        bytes.map_or("MAXVALUE".into(), |hex| format!("'\\x{hex}'"))
    }

    fn moment(self, at: Timestamp) -> u64 {
        match self.unit {
            Unit::Hours => u64::from(Hour::containing(at).0),
            Unit::Seconds => at.0,
        }
    }

    /// Whether everything in a partition is over by `now`: a bucket whose hour has begun holds nothing live.
    pub fn is_over(self, part: u64, now: Timestamp) -> bool {
        let end = (part + 1).saturating_mul(self.width);
        match self.unit {
            // The hours of a partition end before `end`, and the last of them is over once it has begun.
            Unit::Hours => end <= u64::from(Hour::containing(now).0) + 1,
            Unit::Seconds => end <= now.0,
        }
    }
}

/// Which partitions there are, as far as this node knows.
#[derive(Debug, Default)]
pub struct Known(RwLock<HashSet<(&'static str, u64)>>);

impl Known {
    /// Whether there is this one.
    pub fn has(&self, parted: Parted, part: u64) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&(parted.table, part))
    }

    /// There is this one.
    pub fn add(&self, parted: Parted, part: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert((parted.table, part));
    }

    /// Forgets those that are over by `now`; which these were.
    fn forget_over(&self, parted: Parted, now: Timestamp) -> Vec<u64> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let over = |(table, part): &(&str, u64)| *table == parted.table && parted.is_over(*part, now);
        known.extract_if(over).map(|(_, part)| part).collect()
    }

    /// There is none.
    pub fn remove(&self, parted: Parted, part: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&(parted.table, part));
    }
}

impl PostgresStore {
    /// Sees to it that there is a partition for what belongs to that hour.
    pub(super) async fn cover_hour(&self, parted: Parted, hour: u32) -> Result<()> {
        self.cover(parted, u64::from(hour)).await
    }

    /// Sees to it that there is a partition for what belongs to that second.
    pub(super) async fn cover_second(&self, parted: Parted, second: Timestamp) -> Result<()> {
        self.cover(parted, second.0).await
    }

    async fn cover(&self, parted: Parted, moment: u64) -> Result<()> {
        let part = parted.part_of(moment);
        if self.known.has(parted, part) { Ok(()) } else { self.make(parted, part).await }
    }

    async fn make(&self, parted: Parted, part: u64) -> Result<()> {
        make(&self.connections, parted, part).await?;
        self.known.add(parted, part);
        Ok(())
    }

    /// Makes one of the partitions of the next hours; `false` if they are all there.
    pub(super) async fn make_next(&self, now: Timestamp) -> Result<bool> {
        let next = ahead(now).find(|(parted, part)| !self.known.has(*parted, *part));
        match next {
            Some((parted, part)) => self.make(parted, part).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Every partition, each table's oldest first, as the database tells them.
    pub(super) async fn parts(&self) -> Result<Vec<(Parted, u64)>> {
        const PARTS: Statement = Statement::reading(
            "partitions",
            "SELECT convert_to(p.relname, 'UTF8'), convert_to(c.relname, 'UTF8')
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
             WHERE p.relkind = 'p' AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace",
        );
        let mut parts = Vec::new();
        for row in self.connections.rows(&PARTS, &[]).await? {
            let (table, name) = (bytes(&row, 0)?.unwrap_or_default(), bytes(&row, 1)?.unwrap_or_default());
            let Some(parted) = PARTED.into_iter().find(|parted| parted.table.as_bytes() == table) else { continue };
            let part = std::str::from_utf8(name).ok().and_then(|name| parted.part_named(name));
            parts.extend(part.map(|part| (parted, part)));
        }
        parts.sort_unstable_by_key(|(parted, part)| (parted.table, *part));
        Ok(parts)
    }

    /// Remembers which partitions there are.
    pub(super) async fn learn_parts(&self) -> Result<()> {
        for (parted, part) in self.parts().await? {
            self.known.add(parted, part);
        }
        Ok(())
    }

    /// Forgets the hours whose tokens are over by `now`, whichever node drops them.
    pub(super) fn forget_hours(&self, now: Timestamp) {
        for part in self.known.forget_over(TOKENS, now) {
            self.asking.forget(part);
        }
    }

    /// The last moment, in the units of its table, that belongs to a partition.
    pub(super) fn last_of(parted: Parted, part: u64) -> u64 {
        (part + 1).saturating_mul(parted.width) - 1
    }

    /// Drops a partition, unless somebody uses its table for longer than a moment: then it stays until a later sweep, and `false` is
    /// returned.
    pub(super) async fn drop_part(&self, parted: Parted, part: u64) -> Result<bool> {
        self.known.remove(parted, part);
        let name = parted.name(part);
        let sql = format!("BEGIN; {LOCK}; SET LOCAL lock_timeout = '100ms'; DROP TABLE IF EXISTS {name}; COMMIT");
        let object = self.connections.connection().await?;
        match object.batch_execute(&sql).await {
            Ok(()) => Ok(true),
            Err(error) => {
                let timed_out = error.code() == Some(&tokio_postgres::error::SqlState::LOCK_NOT_AVAILABLE);
                object.batch_execute("ROLLBACK").await.map_err(unavailable)?;
                if !timed_out {
                    return Err(unavailable(error));
                }
                tracing::info!(name, "somebody reads for long: this partition is dropped later");
                Ok(false)
            }
        }
    }
}

/// Makes a partition that is not there. It is made beside its table and attached, which stops nobody who reads or writes.
async fn make(connections: &Connections, parted: Parted, part: u64) -> Result<()> {
    let (name, table, stored) = (parted.name(part), parted.table, parted.stored);
    let (from, to) = (parted.bound(part), parted.bound(part + 1));
    let sql = format!(
        "BEGIN; {LOCK}; \
         DO $$ BEGIN IF NOT EXISTS ({THERE} AND relname = '{name}') THEN \
         CREATE TABLE {name} (LIKE {table} INCLUDING ALL) WITH ({stored}); \
         ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({from}) TO ({to}); \
         END IF; END $$; COMMIT"
    );
    let object = connections.connection().await?;
    if let Err(error) = object.batch_execute(&sql).await {
        object.batch_execute("ROLLBACK").await.map_err(unavailable)?;
        return Err(StoreError::Unavailable(Box::new(error)));
    }
    Ok(())
}
