//! trait Activity: what happened to a person's account lately, for the person.

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::domain::id::UserId;
use crate::store::Result;

/// So many of the latest facts are kept for each person.
pub const KEPT_FACTS: usize = 100;

/// The latest facts about each person's account. The audit trail has them too, and for longer.
#[async_trait]
pub trait Activity {
    /// Adds a fact to those about a person, of which the oldest goes once there are [`KEPT_FACTS`]. May be lost.
    async fn add_activity(&self, user: UserId, fact: &Recorded) -> Result<()>;

    /// The latest facts about a person, the newest first.
    async fn activity_of(&self, user: UserId) -> Result<Vec<Recorded>>;
}
