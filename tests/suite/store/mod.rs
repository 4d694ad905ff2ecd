//! What every store promises, told as sentences. All but the files named `sled_…` speak to `dyn Store` alone, so that
//! every store is asked the same: [`KeptIn`] says which.

mod activity;
mod api_tokens;
mod apps;
mod clients;
mod containers;
mod copied;
mod events;
mod grants;
mod groups;
mod guesses;
mod keys;
mod links;
mod portable;
mod postgres_nodes;
mod postgres_outcomes;
mod postgres_partitions;
mod postgres_removals;
mod postgres_schema;
mod races;
mod requests;
mod resources;
mod roles;
mod samples;
mod sessions;
mod sites;
mod sled_compaction;
mod sled_damage;
mod sled_durability;
mod sled_folder;
mod sweeps;
mod tokens;
mod users;

use std::ops::Deref;
use std::sync::Arc;

use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::store::{Horizon, Result, Store, Swept};

use crate::support::kept::KeptIn;

/// An empty store that goes when it is dropped.
struct Backend {
    store: Arc<dyn Store>,
    kept: KeptIn,
}

impl Backend {
    async fn new() -> Self {
        let kept = KeptIn::nothing().await;
        Self { store: kept.open().await, kept }
    }

    /// The store after it was let go of and opened again.
    async fn reopened(self) -> Self {
        let Self { store, kept } = self;
        drop(store);
        Self { store: kept.open().await, kept }
    }
}

impl Deref for Backend {
    type Target = dyn Store;
    fn deref(&self) -> &dyn Store {
        &*self.store
    }
}

/// What is over at `now` where no rotation can be retried and the audit trail is kept for a year.
fn horizon(now: Timestamp) -> Horizon {
    Horizon { now, rotations: now, events: now - Lifetime::days(365) }
}

/// Sweeps until nothing that expired before `now` is left, and says how often that took.
async fn sweep_all(store: &dyn Store, now: Timestamp) -> Result<usize> {
    sweep_to(store, horizon(now)).await
}

/// Sweeps until nothing is left; how many sweeps that took.
async fn sweep_to(store: &dyn Store, horizon: Horizon) -> Result<usize> {
    let mut rounds = 1;
    while store.sweep(horizon).await? == Swept::MoreLeft {
        rounds += 1;
    }
    Ok(rounds)
}
