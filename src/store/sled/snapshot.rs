//! A snapshot of the embedded store, though sled has none: until the snapshot has passed a key, whoever changes what is
//! under it first keeps aside what was there.
//!
//! The cut is one moment for all tables: every write holds [`Preserving`] shared, and the cut takes it alone, for as long
//! as one assignment takes. From then on a write waits, at the most, until a bounded number of records of its own table
//! were read. Nobody who reads waits at all, and while no snapshot is taken a write pays one uncontended lock.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use sled::{Db, IVec, Tree};

use crate::store::kept::tables::{TABLES, named};
use crate::store::sled::SledStore;
use crate::store::sled::table::failure;
use crate::store::{Portable, Record, Records, Result, Snapshot, StoreError};

/// How many records are read at once, while writers of their table wait.
const CHUNK: usize = 128;

/// How much may be kept aside before the snapshot is given up: changes that come faster than they are read.
const MOST_ASIDE: usize = 64 << 20;

/// The snapshot that is being taken, if one is.
#[derive(Debug, Default)]
pub struct Preserving {
    current: RwLock<Option<Arc<Aside>>>,
}

/// What was changed before the snapshot came to it.
#[derive(Debug)]
struct Aside {
    tables: HashMap<&'static str, Mutex<Unread>>,
    size: AtomicUsize,
}

/// What of a table is still to be read, and what of that was changed.
#[derive(Debug, Default)]
struct Unread {
    progress: Progress,
    /// What was under a key; `None` where nothing was.
    before: BTreeMap<Vec<u8>, Option<IVec>>,
}

/// How far a table was read.
#[derive(Debug, Default, PartialEq, Eq)]
enum Progress {
    /// Not at all.
    #[default]
    Nothing,
    /// Up to this key.
    UpTo(Vec<u8>),
    /// Wholly.
    Everything,
}

/// Why no snapshot was taken, or not to its end.
#[derive(Debug, thiserror::Error)]
enum Unpreserved {
    #[error("another backup is being made; try again when it is done")]
    Another,
    #[error("too much was changed while the backup was made; make it when there is less to do")]
    TooMuch,
}

impl Preserving {
    /// Writes what is under `key` of a table, and keeps what was there if the snapshot is still to come to it.
    pub fn write<T>(
        &self,
        name: &'static str,
        tree: &Tree,
        key: &[u8],
        write: impl FnOnce(&Tree) -> sled::Result<T>,
    ) -> sled::Result<T> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let Some((aside, unread)) = current.as_ref().and_then(|aside| Some((aside, aside.unread(name)?))) else {
            return write(tree);
        };
        // Held until it is written: the snapshot must not pass between.
        let mut unread = unread;
        if unread.awaits(key) && aside.size.load(Ordering::Relaxed) <= MOST_ASIDE {
            let before = tree.get(key)?;
            aside.size.fetch_add(key.len() + before.as_ref().map_or(0, |value| value.len()), Ordering::Relaxed);
            unread.before.insert(key.to_vec(), before);
        }
        write(tree)
    }

    /// Cuts: what is written from now on is not in the snapshot.
    fn begin(&self) -> Result<Arc<Aside>> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.is_some() {
            return Err(StoreError::Unavailable(Box::new(Unpreserved::Another)));
        }
        let tables = TABLES.iter().map(|table| (table.name, Mutex::default())).collect();
        let aside = Arc::new(Aside { tables, size: AtomicUsize::new(0) });
        *current = Some(Arc::clone(&aside));
        Ok(aside)
    }

    fn end(&self) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Aside {
    fn unread(&self, table: &str) -> Option<MutexGuard<'_, Unread>> {
        Some(self.tables.get(table)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next records of a table as they were at the cut; `None` when it was read to its end.
    fn next(&self, table: &'static str, tree: &Tree) -> Result<Option<Vec<Record>>> {
        let Some(mut unread) = self.unread(table) else { return Ok(None) };
        let start = match &unread.progress {
            Progress::Everything => return Ok(None),
            Progress::Nothing => Bound::Unbounded,
            Progress::UpTo(key) => Bound::Excluded(key.clone()),
        };
        let mut found = BTreeMap::new();
        for entry in tree.range::<Vec<u8>, _>((start, Bound::Unbounded)).take(CHUNK) {
            let (key, value) = entry.map_err(|error| failure(table, error))?;
            found.insert(key.to_vec(), value);
        }
        let before = match found.last_key_value() {
            Some((last, _)) if found.len() == CHUNK => unread.pass(last.clone()),
            _ => unread.finish(),
        };
        if self.size.load(Ordering::Relaxed) > MOST_ASIDE {
            return Err(StoreError::Unavailable(Box::new(Unpreserved::TooMuch)));
        }
        for (key, value) in before {
            self.size.fetch_sub(key.len() + value.as_ref().map_or(0, |value| value.len()), Ordering::Relaxed);
            match value {
                Some(value) => found.insert(key, value),
                None => found.remove(&key),
            };
        }
        Ok(Some(found.into_iter().map(|(key, value)| (key, value.to_vec())).collect()))
    }
}

impl Unread {
    /// Whether the snapshot will come to `key`, and nobody has kept yet what was under it.
    fn awaits(&self, key: &[u8]) -> bool {
        let ahead = match &self.progress {
            Progress::Nothing => true,
            Progress::UpTo(passed) => key > passed.as_slice(),
            Progress::Everything => false,
        };
        ahead && !self.before.contains_key(key)
    }

    /// Passes everything up to `last`, and hands over what was changed of it.
    fn pass(&mut self, last: Vec<u8>) -> BTreeMap<Vec<u8>, Option<IVec>> {
        let mut after = last.clone();
        // The least key that is greater.
        after.push(0);
        let later = self.before.split_off(&after);
        self.progress = Progress::UpTo(last);
        std::mem::replace(&mut self.before, later)
    }

    fn finish(&mut self) -> BTreeMap<Vec<u8>, Option<IVec>> {
        self.progress = Progress::Everything;
        std::mem::take(&mut self.before)
    }
}

/// A snapshot that is being read.
struct SledSnapshot {
    db: Db,
    preserving: Arc<Preserving>,
    aside: Arc<Aside>,
    /// Which table is next.
    at: usize,
}

#[async_trait]
impl Snapshot for SledSnapshot {
    async fn next(&mut self) -> Result<Option<Records>> {
        // Requests that this thread has taken on come in between.
        tokio::task::yield_now().await;
        while let Some(table) = TABLES.get(self.at) {
            let tree = self.db.open_tree(table.name).map_err(|error| failure(table.name, error))?;
            match self.aside.next(table.name, &tree)? {
                Some(records) if records.is_empty() => {}
                Some(records) => return Ok(Some(Records { table: table.name.to_owned(), records })),
                None => self.at += 1,
            }
        }
        Ok(None)
    }
}

impl Drop for SledSnapshot {
    fn drop(&mut self) {
        self.preserving.end();
    }
}

#[async_trait]
impl Portable for SledStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let preserving = Arc::clone(&self.preserving);
        self.events.write()?;
        let aside = preserving.begin()?;
        Ok(Box::new(SledSnapshot { db: self.db.clone(), preserving, aside, at: 0 }))
    }

    async fn import(&self, records: Records) -> Result<()> {
        let table = named(&records.table).ok_or(StoreError::Corrupt { place: "a table that no store has" })?;
        let tree = self.db.open_tree(table.name).map_err(|error| failure(table.name, error))?;
        for (key, value) in records.records {
            tree.insert(key, value).map_err(|error| failure(table.name, error))?;
        }
        tokio::task::yield_now().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn database() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().expect("a folder");
        let db = sled::Config::new().path(folder.path()).open().expect("a database");
        (folder, db)
    }

    #[test]
    fn a_snapshot_is_the_moment_it_was_taken_whatever_is_written_while_it_is_read() {
        let (_folder, db) = database();
        let tree = db.open_tree("users").expect("a tree");
        let key = |number: u32| number.to_be_bytes();
        let preserving = Preserving::default();
        let put = |number: u32, value: &str| {
            preserving.write("users", &tree, &key(number), |tree| tree.insert(key(number), value)).expect("written");
        };
        let remove = |number: u32| {
            preserving.write("users", &tree, &key(number), |tree| tree.remove(key(number))).expect("gone")
        };
        for number in (0..1000).step_by(2) {
            put(number, "old");
        }

        let aside = preserving.begin().expect("a snapshot");
        let mut read = Vec::new();
        let mut round = 0;
        while let Some(records) = aside.next("users", &tree).expect("read") {
            read.extend(records);
            for number in 0..1000 {
                match (number + round) % 5 {
                    0 => drop(remove(number)),
                    1 | 2 => put(number, "new"),
                    _ => {}
                }
            }
            round += 1;
        }

        let as_it_was: Vec<Record> =
            (0..1000).step_by(2).map(|number| (key(number).to_vec(), b"old".to_vec())).collect();
        assert!(round > 3, "it was read in several parts");
        assert_eq!(read, as_it_was);
        assert_eq!(aside.size.load(Ordering::Relaxed), 0, "nothing is kept for longer than it is needed");
    }

    #[test]
    fn a_snapshot_is_given_up_before_what_is_kept_aside_fills_the_memory() {
        let (_folder, db) = database();
        let tree = db.open_tree("users").expect("a tree");
        tree.insert("key", "value").expect("written");
        let preserving = Preserving::default();
        let aside = preserving.begin().expect("a snapshot");
        aside.size.store(MOST_ASIDE + 1, Ordering::Relaxed);

        preserving.write("users", &tree, b"key", |tree| tree.remove("key")).expect("written");

        assert!(matches!(aside.next("users", &tree), Err(StoreError::Unavailable(_))));
    }

    #[test]
    fn there_is_one_snapshot_at_a_time() {
        let preserving = Preserving::default();
        let first = preserving.begin().expect("a snapshot");
        assert!(preserving.begin().is_err());
        drop(first);
        preserving.end();
        assert!(preserving.begin().is_ok());
    }

    #[test]
    fn every_table_that_a_store_opens_is_carried() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SledStore::open(folder.path(), 8).expect("a store");

        let trees = store.db.tree_names();
        let opened: BTreeSet<_> = trees.iter().map(|name| String::from_utf8_lossy(name)).collect();

        // Sled's own tree holds nothing of ours, and `meta` is the committer's count of cycles, which is each store's own.
        let own = ["__sled__default".into(), "meta".into()];
        let carried: BTreeSet<_> = TABLES.iter().map(|table| table.name.into()).chain(own).collect();
        assert_eq!(opened, carried);
    }
}
