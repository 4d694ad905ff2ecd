//! The sweep on PostgreSQL: what comes by the thousand is dropped a partition at a time; what is left is deleted, a bounded
//! number of rows at a time. Any node may sweep, and several at once: each step is good to take twice.

use async_trait::async_trait;

use crate::domain::api_token::LISTED_AFTER_EXPIRY;
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::tokens::KeptFamily;
use crate::store::kept::{decode, encode};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::partitions::{ASSERTIONS, EVENTS, Parted, ROTATIONS};
use crate::store::postgres::record::bytes;
use crate::store::postgres::statement::Param::{Bytes, Many, Number};
use crate::store::postgres::statement::{Param, Statement};
use crate::store::{Horizon, Result, Store, StoreError, Swept};

/// How many rows one sweep deletes or changes.
const BOUND: u64 = 2000;

/// How many families are looked at together.
const BATCH: u64 = 500;

// A row that says how far something came; it never goes back.
const ADVANCE: Statement = Statement::writing(
    "advance",
    "INSERT INTO singles (key, record) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record WHERE singles.record < excluded.record",
);

const SINGLE: Statement = Statement::reading("single", "SELECT record FROM singles WHERE key = $1");

/// Deletes rows of a table of which a column is less than `$1`, at most `$2` of them, the least first.
macro_rules! sweep {
    ($name:literal, $table:literal, $column:literal) => {
        Statement::writing(
            $name,
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE key IN (SELECT key FROM ",
                $table,
                " WHERE ",
                $column,
                " < $1 ORDER BY ",
                $column,
                " LIMIT $2)"
            ),
        )
    };
}

const SWEEP_SESSIONS: Statement = sweep!("sweep_sessions", "sessions", "key");
const SWEEP_DEVICES: Statement = sweep!("sweep_devices", "devices", "key");
const SWEEP_LINKS: Statement = sweep!("sweep_links", "links", "key");
const SWEEP_API_TOKENS: Statement = sweep!("sweep_api_tokens", "api_tokens", "token");
const SWEEP_TOKEN_USES: Statement = sweep!("sweep_token_uses", "token_uses", "key");

// A count that goes on meanwhile has another end.
const SWEEP_GUESSES: Statement = Statement::writing(
    "sweep_guesses",
    "DELETE FROM guesses WHERE ends < $1 AND key IN (SELECT key FROM guesses WHERE ends < $1 ORDER BY ends LIMIT $2)",
);

// The second byte of a record is 0 where the family is live: what was not ended after all stays.
const SWEEP_FAMILIES: Statement = Statement::writing(
    "sweep_families",
    "DELETE FROM families WHERE get_byte(record, 1) <> 0
     AND key IN (SELECT key FROM families WHERE forget < $1 ORDER BY forget LIMIT $2)",
);

const ROTATED: Statement = Statement::reading(
    "rotated",
    "SELECT r.key, f.record FROM rotations r LEFT JOIN families f ON f.key = substring(r.key FROM 9)
     WHERE r.key > $1 AND r.key < $2 ORDER BY r.key LIMIT $3",
);

const ERASE: Statement = Statement::writing(
    "erase_rotations",
    "UPDATE families SET record = erased.after FROM unnest($1, $2, $3) AS erased (key, before, after)
     WHERE families.key = erased.key AND families.record = erased.before",
);

const ASK: Statement = Statement::writing(
    "takes_writes",
    "INSERT INTO singles (key, record) VALUES ('asked', '') ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

#[async_trait]
impl Store for PostgresStore {
    async fn takes_writes(&self) -> Result<()> {
        self.connections.execute(&ASK, &[]).await.map(drop)
    }

    async fn sweep(&self, Horizon { now, rotations, events }: Horizon) -> Result<Swept> {
        // A bucket whose hour has begun holds nothing live, and the next bucket is the first that may.
        let end = Hour(Hour::containing(now).0.saturating_add(1));
        self.forget_hours(now);
        // A family is of a partition of thirty days, and is not shown from its own hour on.
        self.advance("swept", &end.to_be_bytes()).await?;
        self.advance("events_from", &events.0.to_be_bytes()).await?;
        // One partition at a time: requests come in between.
        let over = |parted: Parted, part| match parted {
            // What was rotated is erased first.
            ROTATIONS => false,
            EVENTS => parted.is_over(part, events),
            _ => parted.is_over(part, now),
        };
        if self.make_next(now).await? || self.drop_next(over).await? {
            return Ok(Swept::MoreLeft);
        }

        let mut left = BOUND;
        let listed = Hour::containing(now - LISTED_AFTER_EXPIRY).to_be_bytes();
        let end_key = end.to_be_bytes();
        for (statement, before) in [
            (SWEEP_SESSIONS, Bytes(&end_key)),
            (SWEEP_DEVICES, Bytes(&end_key)),
            (SWEEP_LINKS, Bytes(&end_key)),
            (SWEEP_GUESSES, Number(end.0.into())),
            (SWEEP_API_TOKENS, Bytes(&listed)),
            (SWEEP_TOKEN_USES, Bytes(&listed)),
            (SWEEP_FAMILIES, Number(end.0.into())),
        ] {
            self.delete(&statement, before, &mut left).await?;
        }
        self.erase_rotations(rotations, &mut left).await?;
        let erased = |parted: Parted, part| parted == ROTATIONS && parted.is_over(part, rotations);
        if left == 0 || self.drop_next(erased).await? {
            return Ok(Swept::MoreLeft);
        }
        self.measure().await?;
        Ok(Swept::Clean)
    }
}

impl PostgresStore {
    /// Drops one partition that is over; `false` if there is none that can be dropped now.
    async fn drop_next(&self, is_over: impl Fn(Parted, u64) -> bool + Send) -> Result<bool> {
        for (parted, part) in self.parts().await? {
            if !is_over(parted, part) {
                continue;
            }
            if parted == ASSERTIONS {
                self.forget_assertions(part).await?;
            }
            if self.drop_part(parted, part).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets which assertions of an hour were used, after it is said that it was done up to there: if the clock steps back, what expires
    /// by then may have been used, and is taken for that.
    async fn forget_assertions(&self, part: u64) -> Result<()> {
        const USED_BY: Statement<'_> =
            Statement::reading("assertions_used_by", "SELECT 1 FROM assertions WHERE key < $1 LIMIT 1");
        let last = u32::try_from(Self::last_of(ASSERTIONS, part)).unwrap_or(u32::MAX);
        let end = last.saturating_add(1).to_be_bytes();
        if self.connections.row(&USED_BY, &[Bytes(&end)]).await?.is_some() {
            self.remember_forgotten(last).await?;
        }
        Ok(())
    }

    async fn remember_forgotten(&self, hour: u32) -> Result<()> {
        loop {
            let before = self.connections.row(&SINGLE, &[Bytes(b"forgotten")]).await?;
            let before = before.as_ref().map(|row| bytes(row, 0)).transpose()?.flatten();
            let known: Option<u32> = before.map(|record| decode("forgotten", record)).transpose()?;
            if known >= Some(hour) {
                return Ok(());
            }
            const REMEMBER: Statement = Statement::writing(
                "remember_forgotten",
                "INSERT INTO singles (key, record) VALUES ('forgotten', $2)
                 ON CONFLICT (key) DO UPDATE SET record = excluded.record WHERE singles.record = $1",
            );
            let after = encode(&hour)?;
            let params = [Param::Maybe(before), Bytes(&after)];
            if self.connections.execute(&REMEMBER, &params).await? > 0 {
                return Ok(());
            }
        }
    }

    async fn advance(&self, what: &str, to: &[u8]) -> Result<()> {
        self.connections.execute(&ADVANCE, &[Bytes(what.as_bytes()), Bytes(to)]).await.map(drop)
    }

    async fn delete(&self, statement: &Statement<'_>, before: Param<'_>, left: &mut u64) -> Result<()> {
        if *left > 0 {
            let count = i64::try_from(*left).unwrap_or(i64::MAX);
            let deleted = self.connections.execute(statement, &[before, Number(count)]).await?;
            *left = left.saturating_sub(deleted);
        }
        Ok(())
    }

    /// Erases what rotations up to that moment were derived with, unless the family moved on since: of all, where something is left.
    async fn erase_rotations(&self, until: Timestamp, left: &mut u64) -> Result<()> {
        let end = until.0.saturating_add(1).to_be_bytes();
        loop {
            if *left == 0 {
                return Ok(());
            }
            let row = self.connections.row(&SINGLE, &[Bytes(b"erased")]).await?;
            let done = row.as_ref().map(|row| bytes(row, 0)).transpose()?.flatten().unwrap_or_default();
            let count = BATCH.min(*left);
            let limit = Number(i64::try_from(count).unwrap_or(i64::MAX));
            let rows = self.connections.rows(&ROTATED, &[Bytes(done), Bytes(&end), limit]).await?;
            let mut changes = Vec::new();
            for row in &rows {
                let key = bytes(row, 0)?.unwrap_or_default();
                if let (Some((at, family)), Some(record)) = (key.split_first_chunk(), bytes(row, 1)?)
                    && let KeptFamily::Live(kept) = decode("families", record)?
                    && let Some(erased) = kept.without_rotation_of(Timestamp(u64::from_be_bytes(*at)))
                {
                    changes.push((family, record, encode(&KeptFamily::Live(erased))?));
                }
            }
            if !changes.is_empty() {
                let keys: Vec<_> = changes.iter().map(|(family, _, _)| *family).collect();
                let before: Vec<_> = changes.iter().map(|(_, before, _)| *before).collect();
                let after: Vec<_> = changes.iter().map(|(_, _, after)| after.as_slice()).collect();
                self.connections.execute(&ERASE, &[Many(&keys), Many(&before), Many(&after)]).await?;
            }
            if let Some(last) = rows.last() {
                let last = bytes(last, 0)?.ok_or(StoreError::Corrupt { place: "rotations" })?;
                self.advance("erased", last).await?;
            }
            *left = left.saturating_sub(rows.len() as u64);
            if (rows.len() as u64) < count {
                return Ok(());
            }
        }
    }
}
