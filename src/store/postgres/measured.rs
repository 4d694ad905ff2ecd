//! What the shared store says of itself: how long everything took on the way to the database, how many connections there are, and
//! how large the database was when it was last asked.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::store::postgres::PostgresStore;
use crate::store::postgres::record::number;
use crate::store::postgres::statement::{Kind, Statement};
use crate::store::{Belongs, Measured, Result, StoreError};
use crate::telemetry::PoolMeasures;
use crate::telemetry::tally::{Distribution, Histogram};

/// To tell how large it is the database looks at each of its files, of which there are thousands.
const ASKED_EVERY: Duration = Duration::from_secs(600);

const SIZE: Statement = Statement::reading("size", "SELECT pg_database_size(current_database())");

/// How long everything took.
#[derive(Debug, Default)]
pub struct Times {
    /// The waits for a connection.
    pub waits: Histogram,
    /// Statements, and transactions as a whole.
    statements: Histogram,
    /// Those of them that changed something.
    changes: Histogram,
}

/// Something that is timed.
#[derive(Debug)]
pub struct Timed {
    begun: Instant,
    kind: Kind,
}

impl Timed {
    /// It begins now.
    pub fn now() -> Self {
        Self { begun: Instant::now(), kind: Kind::Reads }
    }

    /// A statement of this kind is part of it.
    pub fn runs(&mut self, kind: Kind) {
        if kind == Kind::Writes {
            self.kind = kind;
        }
    }
}

impl Times {
    /// Counts something that is over.
    pub fn observe(&self, timed: &Timed) {
        let took = timed.begun.elapsed();
        self.statements.observe(took);
        if timed.kind == Kind::Writes {
            self.changes.observe(took);
        }
    }
}

/// How large the database was, and when it was asked.
#[derive(Debug, Default)]
pub struct Size(RwLock<Option<(Instant, u64)>>);

impl Size {
    fn last(&self) -> Option<(Instant, u64)> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Measured for PostgresStore {
    fn belongs_to(&self) -> Belongs {
        Belongs::ToSeveral
    }

    fn commits(&self) -> Distribution {
        self.connections.times.changes.distribution()
    }

    fn size(&self) -> Result<u64> {
        let last = self.size.last();
        last.map(|(_, bytes)| bytes).ok_or_else(|| StoreError::Unavailable("the database was not asked yet".into()))
    }

    fn pool(&self) -> Option<PoolMeasures> {
        let (most, asking, times) = (self.connections.status(), self.asking.status(), &self.connections.times);
        Some(PoolMeasures {
            idle: most.idle + asking.idle,
            in_use: most.in_use + asking.in_use,
            waiting: most.waiting + asking.waiting,
            waits: times.waits.distribution(),
            statements: times.statements.distribution(),
        })
    }
}

impl PostgresStore {
    /// Asks the database how large it is, unless it was asked not long ago.
    pub(super) async fn measure(&self) -> Result<()> {
        if self.size.last().is_some_and(|(asked, _)| asked.elapsed() < ASKED_EVERY) {
            return Ok(());
        }
        let row = self.connections.row(&SIZE, &[]).await?;
        let bytes = row.map_or(Ok(None), |row| number(&row, 0))?.unwrap_or_default();
        let told = (Instant::now(), bytes.unsigned_abs());
        *self.size.0.write().unwrap_or_else(PoisonError::into_inner) = Some(told);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_counted_as_a_change_besides() {
        let times = Times::default();
        let count = |distribution: Distribution| distribution.counts.iter().sum::<u64>();
        for kinds in [&[Kind::Reads][..], &[Kind::Reads, Kind::Writes, Kind::Reads]] {
            let mut timed = Timed::now();
            kinds.iter().for_each(|kind| timed.runs(*kind));
            times.observe(&timed);
        }
        assert_eq!((count(times.statements.distribution()), count(times.changes.distribution())), (2, 1));
    }
}
