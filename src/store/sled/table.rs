//! Table: a sled tree whose values have one type. `kept` says which bytes each has.

use std::marker::PhantomData;
use std::ops::Bound;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::{IVec, Tree};

use crate::store::kept::{decode, decode_beginning, encode};
use crate::store::sled::committer::{Growth, Health};
use crate::store::{Result, StoreError};

/// A named tree of values of one type; `Table<()>` is an index, whose keys say everything.
///
/// A write is refused as soon as an earlier one could not be made durable: no verb has to remember to ask.
pub struct Table<V> {
    tree: Tree,
    name: &'static str,
    health: Arc<Health>,
    growth: Growth,
    values: PhantomData<fn() -> V>,
}

impl<V: Serialize + DeserializeOwned> Table<V> {
    /// The tree of that name, made if it is new.
    pub fn open(db: &sled::Db, name: &'static str, health: &Arc<Health>) -> Result<Self> {
        let tree = db.open_tree(name).map_err(|error| failure(name, error))?;
        Ok(Self { tree, name, health: Arc::clone(health), growth: Growth::Adds, values: PhantomData })
    }

    /// A table that is added to in order to end something, which goes on while the disk is nearly full.
    pub fn of_endings(self) -> Self {
        Self { growth: Growth::Ends, ..self }
    }

    /// # Errors
    /// [`StoreError::Unavailable`] once nothing is written any more.
    pub fn check(&self) -> Result<()> {
        self.health.check()
    }

    /// The value under `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<V>> {
        self.bytes(key)?.map(|bytes| self.decode(&bytes)).transpose()
    }

    /// The first field of the value under `key`, without reading the rest of it.
    pub fn first_field<F: DeserializeOwned>(&self, key: impl AsRef<[u8]>) -> Result<Option<F>> {
        self.bytes(key)?.map(|bytes| self.beginning(&bytes)).transpose()
    }

    /// Whether there is a value under `key`.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> Result<bool> {
        self.tree.contains_key(key).map_err(|error| failure(self.name, error))
    }

    /// Puts a value under `key`, whatever was there.
    pub fn put(&self, key: impl AsRef<[u8]>, value: &V) -> Result<()> {
        let value = self.encode(value)?;
        self.write(key.as_ref(), self.growth, |tree| tree.insert(key.as_ref(), value))?;
        Ok(())
    }

    /// Removes what is under `key` and returns it. Of any number of callers at once, one gets it.
    pub fn take(&self, key: impl AsRef<[u8]>) -> Result<Option<V>> {
        let removed = self.write(key.as_ref(), Growth::Ends, |tree| tree.remove(key.as_ref()))?;
        removed.map(|bytes| self.decode(&bytes)).transpose()
    }

    /// Removes what is under `key` without reading it; `false` if there was nothing.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.write(key.as_ref(), Growth::Ends, |tree| tree.remove(key.as_ref()))?.is_some())
    }

    /// Puts a value under a `key` that nothing is under; `false` if there is something.
    pub fn add(&self, key: impl AsRef<[u8]>, value: &V) -> Result<bool> {
        self.compare_and_swap(key.as_ref(), None::<IVec>, Some(self.encode(value)?))
    }

    /// Replaces `old` by `new`; `false` if `old` is not what is under `key`.
    pub fn replace(&self, key: impl AsRef<[u8]>, old: &V, new: &V) -> Result<bool> {
        self.compare_and_swap(key.as_ref(), Some(self.encode(old)?), Some(self.encode(new)?))
    }

    /// Replaces a value that begins with the field `first` by `new`; `false` if what is under `key` begins otherwise. What
    /// is replaced is not decoded.
    pub fn replace_beginning<F>(&self, key: impl AsRef<[u8]>, first: F, new: &V) -> Result<bool>
    where
        F: DeserializeOwned + PartialEq,
    {
        let key = key.as_ref();
        loop {
            let Some(stored) = self.bytes(key)? else { return Ok(false) };
            if self.beginning::<F>(&stored)? != first {
                return Ok(false);
            }
            if self.compare_and_swap(key, Some(stored), Some(self.encode(new)?))? {
                return Ok(true);
            }
        }
    }

    /// Removes `old`; `false` if it is not what is under `key`.
    pub fn remove_if(&self, key: impl AsRef<[u8]>, old: &V) -> Result<bool> {
        self.compare_and_swap(key.as_ref(), Some(self.encode(old)?), None)
    }

    /// Replaces what is under `key` by what `change` makes of it, again and again until nobody came between, and returns
    /// the new value; `None`, and nothing is replaced, as soon as `change` declines.
    pub fn update(&self, key: impl AsRef<[u8]>, mut change: impl FnMut(Option<V>) -> Option<V>) -> Result<Option<V>> {
        let key = key.as_ref();
        loop {
            let stored = self.bytes(key)?;
            let old = stored.as_deref().map(|bytes| self.decode(bytes)).transpose()?;
            let Some(new) = change(old) else { return Ok(None) };
            if self.compare_and_swap(key, stored, Some(self.encode(&new)?))? {
                return Ok(Some(new));
            }
        }
    }

    /// Everything whose key begins with `prefix`, in the order of the keys.
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> impl DoubleEndedIterator<Item = Result<(IVec, V)>> + '_ {
        self.tree.scan_prefix(prefix).map(|entry| self.record(entry))
    }

    /// Everything whose key is `start` or after it and before `end`, in the order of the keys.
    pub fn range(&self, start: &[u8], end: &[u8]) -> impl DoubleEndedIterator<Item = Result<(IVec, V)>> + '_ {
        self.tree.range(start..end).map(|entry| self.record(entry))
    }

    /// Everything, in the order of the keys.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = Result<(IVec, V)>> + '_ {
        self.prefix([])
    }

    /// The first `count` keys below `end`; where there is no `end`, of all.
    pub fn first_keys(&self, end: Option<&[u8]>, count: usize) -> Result<Vec<IVec>> {
        let range = match end {
            Some(end) => self.tree.range(..end),
            None => self.tree.iter(),
        };
        range.keys().take(count).map(|key| key.map_err(|error| failure(self.name, error))).collect()
    }

    /// The first `count` records after the key `after`; without one, of all.
    pub fn after(&self, after: Option<&[u8]>, count: usize) -> Result<Vec<(IVec, V)>> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.tree.range::<&[u8], _>((start, Bound::Unbounded)).take(count).map(|entry| self.record(entry)).collect()
    }

    /// That a record of this table is not what was written.
    pub fn damaged(&self) -> StoreError {
        StoreError::Corrupt { place: self.name }
    }

    fn compare_and_swap(&self, key: &[u8], old: Option<impl AsRef<[u8]>>, new: Option<Vec<u8>>) -> Result<bool> {
        let growth = if old.is_some() { Growth::Ends } else { self.growth };
        let swapped = self.write(key, growth, |tree| tree.compare_and_swap(key, old, new))?;
        Ok(swapped.is_ok())
    }

    /// Writes what is under `key`. Every write of a table passes here, so that a snapshot misses none.
    fn write<T>(&self, key: &[u8], growth: Growth, write: impl FnOnce(&Tree) -> sled::Result<T>) -> Result<T> {
        self.health.check_for(growth)?;
        let wrote = self.written(self.health.preserving.write(self.name, &self.tree, key, write))?;
        // A page that has become too large or too small is split or merged by whoever passes it next. That is to be
        // whoever writes: a reader could not, once the disk takes nothing any more.
        self.written(self.tree.contains_key(key))?;
        Ok(wrote)
    }

    /// What a write came to. Once the disk refused one, sled writes nothing more, and neither does anybody else here.
    fn written<T>(&self, outcome: sled::Result<T>) -> Result<T> {
        outcome.map_err(|error| {
            if let sled::Error::Io(io) = &error {
                self.health.fail(io.to_string());
            }
            failure(self.name, error)
        })
    }

    fn record(&self, entry: sled::Result<(IVec, IVec)>) -> Result<(IVec, V)> {
        let (key, bytes) = entry.map_err(|error| failure(self.name, error))?;
        let value = self.decode(&bytes)?;
        Ok((key, value))
    }

    fn bytes(&self, key: impl AsRef<[u8]>) -> Result<Option<IVec>> {
        self.tree.get(key).map_err(|error| failure(self.name, error))
    }

    fn encode(&self, value: &V) -> Result<Vec<u8>> {
        encode(value)
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        decode(self.name, bytes)
    }

    /// The first field of a value.
    fn beginning<F: DeserializeOwned>(&self, bytes: &[u8]) -> Result<F> {
        decode_beginning(self.name, bytes)
    }
}

/// What a failure of sled means to the rest of the server.
pub fn failure(place: &'static str, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Corruption { .. } => StoreError::Corrupt { place },
        other => StoreError::Unavailable(Box::new(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> (tempfile::TempDir, Table<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let db = sled::Config::new().path(folder.path()).open().expect("a database");
        let table = Table::open(&db, "words", &Arc::default()).expect("a table");
        (folder, table)
    }

    #[test]
    fn a_value_that_is_cut_short_or_too_long_or_of_another_version_is_damaged_and_names_its_table() {
        let (_folder, table) = table();
        table.put("key", &"value".to_owned()).expect("written");
        let good = table.tree.get("key").expect("read").expect("a value").to_vec();

        for bad in [&good[..good.len() - 1], &[&good[..], &[0]].concat(), &[&[9], &good[1..]].concat(), &[]] {
            table.tree.insert("key", bad).expect("written");
            assert!(matches!(table.get("key"), Err(StoreError::Corrupt { place: "words" })), "{bad:?}");
        }
    }

    #[test]
    fn a_swap_is_refused_once_somebody_else_swapped() {
        let (_folder, table) = table();
        let word = |word: &str| word.to_owned();
        assert!(table.add("key", &word("one")).expect("written"));
        assert!(!table.add("key", &word("two")).expect("written"));
        assert!(table.replace("key", &word("one"), &word("two")).expect("written"));
        assert!(!table.replace("key", &word("one"), &word("three")).expect("written"));
        assert!(!table.remove_if("key", &word("one")).expect("written"));
        assert_eq!(table.get("key").expect("read"), Some(word("two")));
    }

    #[test]
    fn keys_come_from_the_start_up_to_the_bound_and_no_more_than_asked_for() {
        let (_folder, table) = table();
        for key in ["a", "b", "c", "d"] {
            table.put(key, &String::new()).expect("written");
        }
        assert_eq!(table.first_keys(Some(b"c"), 9).expect("read"), ["a", "b"]);
        assert_eq!(table.first_keys(None, 3).expect("read"), ["a", "b", "c"]);
    }
}
