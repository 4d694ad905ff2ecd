//! Held: a table whose records are all in memory too, decoded, for nouns of which there are few and each request asks for one.
//!
//! One process has the store and every write passes through here, so that what is in memory is what is in the tree: a
//! removal is seen by the next reader, as it is in a table that is read from the tree.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::IVec;

use crate::store::Result;
use crate::store::StoreError;
use crate::store::sled::committer::Health;
use crate::store::sled::table::Table;

/// A named tree of values of one type, each of which is cheap to clone.
pub struct Held<V> {
    table: Table<V>,
    records: RwLock<HashMap<Box<[u8]>, V>>,
}

impl<V: Clone + Serialize + DeserializeOwned> Held<V> {
    /// The tree of that name, made if it is new, and everything in it.
    pub fn open(db: &sled::Db, name: &'static str, health: &Arc<Health>) -> Result<Self> {
        let table = Table::open(db, name, health)?;
        let records = table.all().map(|entry| entry.map(|(key, value): (IVec, V)| (key.as_ref().into(), value)));
        let records = RwLock::new(records.collect::<Result<_>>()?);
        Ok(Self { table, records })
    }

    /// The value under `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<V> {
        self.read().get(key.as_ref()).cloned()
    }

    /// What `look` finds in the value under `key`, which is not copied.
    pub fn with<T>(&self, key: impl AsRef<[u8]>, look: impl FnOnce(&V) -> T) -> Option<T> {
        self.read().get(key.as_ref()).map(look)
    }

    /// The value that `is_meant`, of those in memory.
    pub fn find(&self, is_meant: impl Fn(&V) -> bool) -> Option<V> {
        self.read().values().find(|value| is_meant(value)).cloned()
    }

    /// Puts a value under `key`, whatever was there.
    pub fn put(&self, key: impl AsRef<[u8]>, value: &V) -> Result<()> {
        let mut records = self.write();
        self.table.put(key.as_ref(), value)?;
        records.insert(key.as_ref().into(), value.clone());
        Ok(())
    }

    /// Removes what is under `key`; `false` if there was nothing.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Result<bool> {
        let mut records = self.write();
        let removed = self.table.remove(key.as_ref())?;
        records.remove(key.as_ref());
        Ok(removed)
    }

    /// Replaces what is under `key` by what `change` makes of it and returns the new value; `None`, and nothing is
    /// replaced, if `change` declines.
    pub fn update(&self, key: impl AsRef<[u8]>, change: impl FnMut(Option<V>) -> Option<V>) -> Result<Option<V>> {
        let mut records = self.write();
        let new = self.table.update(key.as_ref(), change)?;
        if let Some(new) = &new {
            records.insert(key.as_ref().into(), new.clone());
        }
        Ok(new)
    }

    /// Whether there is a value under `key`.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.read().contains_key(key.as_ref())
    }

    /// Everything whose key begins with `prefix`, in the order of the keys.
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> impl DoubleEndedIterator<Item = Result<(IVec, V)>> + '_ {
        self.table.prefix(prefix)
    }

    /// Everything, in the order of the keys.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = Result<(IVec, V)>> + '_ {
        self.table.all()
    }

    /// That a record of this table is not what was written.
    pub fn damaged(&self) -> StoreError {
        self.table.damaged()
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Box<[u8]>, V>> {
        self.records.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held over a whole write, so that tree and memory see writes in one order. Operators write, a few at a time.
    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Box<[u8]>, V>> {
        self.records.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_what_is_in_the_tree_after_every_kind_of_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = sled::Config::new().path(folder.path()).open().expect("a database");
        let held = Held::<String>::open(&db, "words", &Arc::default()).expect("a table");
        let word = |word: &str| word.to_owned();

        held.put("a", &word("one")).expect("written");
        held.put("b", &word("two")).expect("written");
        held.update("a", |old| old.map(|old| format!("{old}!"))).expect("written");
        held.update("b", |_| None).expect("declined");
        held.update("c", |_| Some(word("three"))).expect("written");
        held.remove("b").expect("removed");

        let reopened = Held::<String>::open(&db, "words", &Arc::default()).expect("a table");
        for held in [&held, &reopened] {
            let all = ["a", "b", "c"].map(|key| held.get(key));
            assert_eq!(all, [Some(word("one!")), None, Some(word("three"))]);
        }
    }
}
