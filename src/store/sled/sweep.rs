//! The sweep: drops what expired, from the start of each tree that is keyed by hour, a bounded number at a time.

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::id::FamilyId;
use crate::domain::secret::TokenKey;
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::ONLY;
use crate::store::kept::tokens::KeptFamily;
use crate::store::sled::SledStore;
use crate::store::sled::table::Table;
use crate::store::{Horizon, Result, Store, Swept, Writes};

/// How many records one sweep drops.
const BOUND: usize = 2000;

/// After how many of them other tasks of the thread get their turn.
const BREATH: usize = 100;

#[async_trait]
impl Store for SledStore {
    fn writes(&self) -> Writes {
        self.committer.writes()
    }

    async fn sweep(&self, Horizon { now, rotations, events }: Horizon) -> Result<Swept> {
        // A bucket whose hour has begun holds nothing live, and the next bucket is the first that may.
        let hour = Hour::containing(now).0.checked_add(1).map(u32::to_be_bytes);
        let end = hour.as_ref().map(<[u8; 4]>::as_slice);
        let mut left = BOUND;

        self.sweep_table(&self.tokens, end, &mut left, |key| self.tokens.remove(key).map(drop)).await?;
        self.sweep_table(&self.codes, end, &mut left, |key| self.drop_code(key)).await?;
        self.sweep_table(&self.families, end, &mut left, |key| self.drop_family(self.family_id(key)?)).await?;
        self.sweep_table(&self.forgetting, end, &mut left, |key| self.forget(key)).await?;
        self.sweep_table(&self.sessions, end, &mut left, |key| self.drop_expired_session(key)).await?;
        self.sweep_table(&self.devices, end, &mut left, |key| self.devices.remove(key).map(drop)).await?;
        self.sweep_table(&self.guess_ends, end, &mut left, |key| self.drop_guesses(key, now)).await?;
        self.sweep_table(&self.links, end, &mut left, |key| self.links.remove(key).map(drop)).await?;
        self.sweep_table(&self.pushed, end, &mut left, |key| self.pushed.remove(key).map(drop)).await?;
        self.sweep_table(&self.transactions, end, &mut left, |key| self.transactions.remove(key).map(drop)).await?;
        self.sweep_table(&self.assertions, end, &mut left, |key| self.forget_assertion(key)).await?;

        // What expired is still listed for a while.
        let listed = Self::listed_from(now);
        let end_of_list = Some(listed.as_slice());
        self.sweep_table(&self.api_token_places, end_of_list, &mut left, |key| self.forget_api_token(key)).await?;
        self.sweep_table(&self.container_keys, end, &mut left, |key| self.drop_container_key(key)).await?;
        self.sweep_table(&self.token_uses, end_of_list, &mut left, |key| self.token_uses.remove(key).map(drop)).await?;

        while left > 0 && self.remove_withdrawn(BREATH)? {
            left = left.saturating_sub(BREATH);
            tokio::task::yield_now().await;
        }

        let end = rotations.0.saturating_add(1).to_be_bytes();
        self.sweep_table(&self.rotations, Some(&end), &mut left, |key| self.erase_rotation(key)).await?;

        let end = events.0.to_be_bytes();
        self.events.write()?;
        let trail = self.events.table();
        self.sweep_table(trail, Some(&end), &mut left, |key| trail.remove(key).map(drop)).await?;
        Ok(if left == 0 { Swept::MoreLeft } else { Swept::Clean })
    }
}

impl SledStore {
    /// Drops what is below `end` as long as anything of the bound is `left`.
    async fn sweep_table<V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<V>,
        end: Option<&[u8]>,
        left: &mut usize,
        drop_one: impl Fn(&[u8]) -> Result<()> + Send,
    ) -> Result<()> {
        loop {
            let count = BREATH.min(*left);
            let keys = table.first_keys(end, count)?;
            for key in &keys {
                drop_one(key)?;
            }
            *left -= keys.len();
            if keys.len() < BREATH {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    /// Forgets that an assertion was used, and remembers up to which hour that was done: if the clock steps back, what
    /// expires by then may have been used, and is taken for that.
    fn forget_assertion(&self, key: &[u8]) -> Result<()> {
        let hour = key.first_chunk().ok_or_else(|| self.assertions.damaged())?;
        let hour = u32::from_be_bytes(*hour);
        self.forgotten.update(ONLY, |last| (last < Some(hour)).then_some(hour))?;
        self.assertions.remove(key).map(drop)
    }

    fn drop_expired_session(&self, key: &[u8]) -> Result<()> {
        let key = TokenKey::from_bytes(key).ok_or_else(|| self.sessions.damaged())?;
        self.drop_session(key).map(drop)
    }

    /// Forgets a family that was ended, and the order to do so.
    fn forget(&self, key: &[u8]) -> Result<()> {
        let id = self.family_id(key.get(size_of::<u32>()..).unwrap_or_default())?;
        if self.families.get(id.as_bytes())?.is_some_and(|kept| !kept.is_live()) {
            self.drop_family(id)?;
        }
        self.forgetting.remove(key).map(drop)
    }

    /// Erases what a rotation was derived with, unless the family moved on since, and the order to do so.
    fn erase_rotation(&self, key: &[u8]) -> Result<()> {
        let (at, id) = key.split_first_chunk::<8>().ok_or_else(|| self.rotations.damaged())?;
        let at = Timestamp(u64::from_be_bytes(*at));
        self.families.update(self.family_id(id)?.as_bytes(), |kept| match kept? {
            KeptFamily::Live(family) => family.without_rotation_of(at).map(KeptFamily::Live),
            KeptFamily::Over(_) | KeptFamily::EndedBefore(_) => None,
        })?;
        self.rotations.remove(key).map(drop)
    }

    fn family_id(&self, key: &[u8]) -> Result<FamilyId> {
        key.try_into().map(FamilyId::from_bytes).map_err(|_| self.families.damaged())
    }
}
