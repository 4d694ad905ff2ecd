//! What every store promises, told as sentences. All but the files named `sled_…` speak to `dyn Store` alone, so that
//! another store passes them by changing [`Backend`].

mod activity;
mod api_tokens;
mod apps;
mod clients;
mod containers;
mod events;
mod grants;
mod groups;
mod guesses;
mod keys;
mod links;
mod portable;
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
use hallmark::store::sled::SledStore;
use hallmark::store::{Horizon, Result, Store, Swept};
use tempfile::TempDir;

/// An empty store that goes when it is dropped.
struct Backend {
    store: Arc<dyn Store>,
    folder: TempDir,
}

impl Backend {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SledStore::open(folder.path(), 8).expect("a store");
        Self { store: Arc::new(store), folder }
    }

    /// The store after it was let go of and opened again.
    fn reopened(self) -> Self {
        let Self { store, folder } = self;
        drop(store);
        let store = SledStore::open(folder.path(), 8).expect("a store");
        Self { store: Arc::new(store), folder }
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
    let mut rounds = 1;
    while store.sweep(horizon(now)).await? == Swept::MoreLeft {
        rounds += 1;
    }
    Ok(rounds)
}
