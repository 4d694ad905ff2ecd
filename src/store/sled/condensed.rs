//! A database of sled's without what no longer counts.
//!
//! Sled writes a record, then the page it is in, again and again, and frees a segment of its log only once half of it is
//! garbage, so that a log is two to four times as long as what is in it. Here the messages that still count are copied to
//! another log, in their order and as they are: of every page the last that says all, and the changes since. Only a
//! database that nobody has open can be condensed, and only one that may be thrown away should it fail half-way.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::store::sled::checksum::wait_for_sled;
use crate::store::sled::folder::unavailable;
use crate::store::sled::log::{Log, LogWriter, Message, Says};
use crate::store::sled::open::{LOG, open_database, without_panic};
use crate::store::sled::table::failure;
use crate::store::{Result, StoreError};

/// Condenses the database in `folder`, and makes sure that sled finds the same in it as before.
pub fn condense(folder: &Path, cache_mib: u64) -> Result<()> {
    let before = contents(folder, cache_mib)?;
    rewrite(folder).map_err(unavailable)?;
    if contents(folder, cache_mib)? != before {
        return Err(StoreError::Corrupt { place: "sled's log, once it was condensed" });
    }
    // Sled wrote another snapshot, which must not be lost beside a checksum that knows of it.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unavailable)
}

/// The checksum over everything that sled finds.
fn contents(folder: &Path, cache_mib: u64) -> Result<u32> {
    let found = without_panic(|| open_database(folder, cache_mib)?.checksum().map_err(|error| failure(LOG, error)))?;
    let is_let_go = File::open(folder.join("db")).and_then(|log| wait_for_sled(&log)).map_err(unavailable)?;
    if is_let_go { Ok(found) } else { Err(StoreError::Locked { owner: "sled, which does not end".into() }) }
}

fn rewrite(folder: &Path) -> io::Result<()> {
    let (path, new) = (folder.join("db"), folder.join("db.new"));
    let log = Log::open(&path)?;
    let mut whole = WholePages::default();
    log.read(|message| {
        whole.note(message);
        Ok(())
    })?;
    // The history goes on behind the former log: sled removes files of values that seem to be of a later time than the log.
    let mut writer = LogWriter::create(&new, log.end())?;
    let mut files = HashSet::new();
    log.read(|message| {
        if whole.outdates(message) {
            return Ok(());
        }
        files.extend(message.file());
        writer.append(message)
    })?;
    writer.finish()?;
    fs::rename(&new, &path)?;
    remove_all(&folder.join("blobs"), |name| !files.contains(name))?;
    // They say where in the former log each page is. Without one, sled reads the whole log.
    remove_all(folder, |name| name.starts_with("snap."))
}

/// Removes for good the files of a folder that have such names.
fn remove_all(folder: &Path, such: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&such) {
            fs::remove_file(entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}

/// When each page was last written as a whole.
#[derive(Default)]
struct WholePages(Vec<Option<u64>>);

impl WholePages {
    fn note(&mut self, message: &Message<'_>) {
        if message.says() == Some(Says::All) {
            let page = message.page as usize;
            if self.0.len() <= page {
                self.0.resize(page + 1, None);
            }
            self.0[page] = Some(message.at);
        }
    }

    /// Whether the page was written as a whole since, or never was.
    fn outdates(&self, message: &Message<'_>) -> bool {
        self.0.get(message.page as usize).copied().flatten().is_none_or(|whole| message.at < whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sled::disk_usage;

    /// Numbers without an order.
    fn scattered(number: u32) -> [u8; 16] {
        let hash = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        [hash.to_be_bytes(), hash.rotate_left(17).to_be_bytes()].concat().try_into().expect("16 bytes")
    }

    fn size(folder: &Path) -> u64 {
        contents(folder, 8).expect("let go");
        disk_usage(folder.parent().expect("a folder")).expect("a size")
    }

    /// Records that came and went in two trees over several starts, some too long for the log, so that pages were split,
    /// merged and freed.
    fn lived_in(folder: &Path) {
        for round in 0..3 {
            let db = open_database(folder, 8).expect("a database");
            let (long, short) = (db.open_tree("long").expect("a tree"), db.open_tree("short").expect("a tree"));
            for number in 0..10_000 {
                long.insert(scattered(number), vec![round; 60 + number as usize % 50]).expect("written");
                short.insert(scattered(number), &[]).expect("written");
            }
            for number in (0..10_000).filter(|number| number % 16 > 3) {
                short.remove(scattered(number)).expect("removed");
            }
            for number in 0..3 {
                long.insert([number], vec![round; 300 << 10]).expect("written");
            }
        }
    }

    fn everything(folder: &Path) -> Vec<(sled::IVec, sled::IVec)> {
        let db = open_database(folder, 8).expect("a database");
        let trees = ["long", "short"].map(|name| db.open_tree(name).expect("a tree"));
        trees.iter().flat_map(sled::Tree::iter).collect::<sled::Result<_>>().expect("read")
    }

    #[test]
    fn a_condensed_database_holds_what_it_held_in_less_room_and_is_written_to_as_any() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = &folder.path().join("sled");
        lived_in(folder);
        let (held, before) = (everything(folder), size(folder));

        condense(folder, 8).expect("condensed");

        let after = size(folder);
        assert!(after * 2 < before, "{before} bytes before, {after} after");
        assert_eq!(everything(folder), held);
        condense(folder, 8).expect("condensed again");
        assert_eq!(everything(folder), held);

        lived_in(folder);
        assert_eq!(everything(folder), held, "the last round is what it was");
    }
}
