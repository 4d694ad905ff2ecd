//! Guesses on sled: one head for each count, and an order to drop it, which is written first so that no count stays for good.

use async_trait::async_trait;

use crate::domain::guess::{self, GuessRate};
use crate::domain::secret::{Digest, TokenDigest};
use crate::domain::time::Timestamp;
use crate::store::kept::keys::guesses_end;
use crate::store::sled::SledStore;
use crate::store::{Counted, Guesses, Result};

#[async_trait]
impl Guesses for SledStore {
    async fn take_guess(&self, count: Digest, rate: GuessRate, now: Timestamp) -> Result<Counted> {
        let count = TokenDigest::from(count).0;
        loop {
            let before = self.guesses.get(count)?;
            let counted = match guess::Guesses::with_one(before, rate, now) {
                Ok(counted) => counted,
                Err(wait) => return Ok(Counted::TooMany(wait)),
            };
            self.guess_ends.put(guesses_end(counted.over(), &count), &())?;
            let swapped = match before {
                Some(before) => self.guesses.replace(count, &before, &counted)?,
                None => self.guesses.add(count, &counted)?,
            };
            if swapped {
                return Ok(Counted::Taken);
            }
        }
    }

    async fn give_back_guess(&self, count: Digest, rate: GuessRate, now: Timestamp) -> Result<()> {
        let count = TokenDigest::from(count).0;
        while let Some(before) = self.guesses.get(count)? {
            let swapped = match before.without_one(rate, now) {
                Some(left) => self.guesses.replace(count, &before, &left)?,
                None => self.guesses.remove_if(count, &before)?,
            };
            if swapped {
                break;
            }
        }
        Ok(())
    }
}

impl SledStore {
    /// Drops a count that is over by `now`, and the order to do so. One that went on since has another order, later.
    pub(super) fn drop_guesses(&self, order: &[u8], now: Timestamp) -> Result<()> {
        let count = order.get(size_of::<u32>()..).ok_or_else(|| self.guess_ends.damaged())?;
        if let Some(kept) = self.guesses.get(count)?
            && kept.over().has_passed(now)
        {
            self.guesses.remove_if(count, &kept)?;
        }
        self.guess_ends.remove(order).map(drop)
    }
}
