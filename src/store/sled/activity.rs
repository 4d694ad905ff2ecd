//! Activity on sled: one record for each person, as lines of JSON, since an event reads no other form back.

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::domain::id::UserId;
use crate::store::sled::SledStore;
use crate::store::{Activity, KEPT_FACTS, Result, StoreError};

#[async_trait]
impl Activity for SledStore {
    async fn add_activity(&self, user: UserId, fact: &Recorded) -> Result<()> {
        let line = serde_json::to_string(fact).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        self.activity.update(user.as_bytes(), |kept| {
            let mut lines: Vec<String> = kept.unwrap_or_default();
            let surplus = (lines.len() + 1).saturating_sub(KEPT_FACTS);
            lines.drain(..surplus);
            lines.push(line.clone());
            Some(lines)
        })?;
        Ok(())
    }

    async fn activity_of(&self, user: UserId) -> Result<Vec<Recorded>> {
        let lines = self.activity.get(user.as_bytes())?.unwrap_or_default();
        // What an earlier version wrote and this one cannot read is left out: the audit trail has it.
        Ok(lines.iter().rev().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}
