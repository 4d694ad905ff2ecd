//! Guesses on PostgreSQL: one row for each count, with the hour by which it is over.

use async_trait::async_trait;

use crate::domain::guess::{self, GuessRate};
use crate::domain::secret::{Digest, TokenDigest};
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::encode;
use crate::store::postgres::record::only;
use crate::store::postgres::statement::Param::{Bytes, Number};
use crate::store::postgres::statement::{Param, Statement};
use crate::store::postgres::{PostgresStore, later};
use crate::store::{Counted, Guesses, Result};

const COUNT: Statement = Statement::reading("guesses", "SELECT record FROM guesses WHERE key = $1");

const BEGIN: Statement = Statement::writing(
    "begin_guesses",
    concat!(
        "INSERT INTO guesses (key, record, ends) SELECT $1, $2, $3 FROM ",
        later!(),
        " ON CONFLICT (key) DO NOTHING"
    ),
);

const CHANGE: Statement = Statement::writing(
    "change_guesses",
    concat!("UPDATE guesses SET record = $2, ends = $3 FROM ", later!(), " WHERE key = $1 AND record = $4"),
);

const END: Statement = Statement::writing(
    "end_guesses",
    concat!("DELETE FROM guesses USING ", later!(), " WHERE key = $1 AND record = $2"),
);

#[async_trait]
impl Guesses for PostgresStore {
    async fn take_guess(&self, count: Digest, rate: GuessRate, now: Timestamp) -> Result<Counted> {
        let count = TokenDigest::from(count);
        loop {
            let before = self.guesses(count).await?;
            let counted = match guess::Guesses::with_one(before, rate, now) {
                Ok(counted) => counted,
                Err(wait) => return Ok(Counted::TooMany(wait)),
            };
            let swapped = match before {
                Some(before) => self.change_guesses(count, before, counted).await?,
                None => {
                    self.connections
                        .execute(&BEGIN, &[Bytes(&count.0), Bytes(&encode(&counted)?), ends(counted)])
                        .await?
                }
            };
            if swapped > 0 {
                return Ok(Counted::Taken);
            }
        }
    }

    async fn give_back_guess(&self, count: Digest, rate: GuessRate, now: Timestamp) -> Result<()> {
        let count = TokenDigest::from(count);
        while let Some(before) = self.guesses(count).await? {
            let swapped = match before.without_one(rate, now) {
                Some(left) => self.change_guesses(count, before, left).await?,
                None => self.connections.execute(&END, &[Bytes(&count.0), Bytes(&encode(&before)?)]).await?,
            };
            if swapped > 0 {
                break;
            }
        }
        Ok(())
    }
}

impl PostgresStore {
    async fn guesses(&self, count: TokenDigest) -> Result<Option<guess::Guesses>> {
        only(self.connections.row(&COUNT, &[Bytes(&count.0)]).await?, "guesses")
    }

    async fn change_guesses(&self, count: TokenDigest, old: guess::Guesses, new: guess::Guesses) -> Result<u64> {
        let params = [Bytes(&count.0), Bytes(&encode(&new)?), ends(new), Bytes(&encode(&old)?)];
        self.connections.execute(&CHANGE, &params).await
    }
}

/// The hour by which a count is over.
fn ends(counted: guess::Guesses) -> Param<'static> {
    Number(Hour::after(counted.over()).0.into())
}
