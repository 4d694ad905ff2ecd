//! A copy into a data folder, which is built there as any replacement is, and may take longer than one attempt: beside the store that
//! is built is a file that says how far the copy has come.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::store::Result;
use crate::store::kept::{Copying, decode, encode};
use crate::store::sled::folder::{create, unavailable};
use crate::store::sled::{Replacement, SledStore};

/// The file, and its name until it is on the disk.
const NAMES: [&str; 2] = ["copying", "copying.new"];

impl Replacement {
    /// The copy that was begun here and is not complete, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`](crate::store::StoreError::Corrupt) if what it says of itself is damaged.
    pub fn copying(&self) -> Result<Option<Copying>> {
        match fs::read(self.note()[0].as_path()) {
            Ok(note) => decode("the file copying", &note).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Notes how far a copy has come, once everything that came in is durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::store::StoreError::Unavailable) if the disk refused it.
    pub fn note_copying(&self, copying: &Copying) -> Result<()> {
        let [note, new] = self.note();
        let write = |bytes: &[u8]| {
            remove(&new)?;
            create(&new, bytes)?;
            fs::rename(&new, &note)?;
            fs::File::open(self.building())?.sync_all()
        };
        write(&encode(copying)?).map_err(unavailable)
    }

    /// Opens the store that is being built, as it was left.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    pub fn resume(&self, cache_mib: u64) -> Result<SledStore> {
        SledStore::open(&self.building(), cache_mib)
    }

    fn note(&self) -> [PathBuf; 2] {
        NAMES.map(|name| self.building().join(name))
    }
}

fn remove(path: &std::path::Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
