//! The data folder: who has it, which format it has, and whether it is whole.
//!
//! | file | what |
//! |---|---|
//! | `FORMAT` | the number of the format; `FORMAT.new` until the first store is complete, `FORMAT.next` while it is renewed |
//! | `pid` | the process that has the folder; locked as long as it runs |
//! | `witness` | the last cycle of the committer: the log must know it |
//! | `checksum` | of sled's files, since the last orderly end; absent while the store is open |
//! | `sled/` | sled's own files |
//! | `building/`, `next/` | a store that is to take the place of this one (`replacement`) |

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::store::sled::checksum;
use crate::store::sled::committer::Health;
use crate::store::sled::replacement;
use crate::store::sled::upgrade::RENEWED_SINCE;
use crate::store::{Result, StoreError};

/// The format that this program reads and writes: the names of the trees, their keys, and the first version of their values.
pub const FORMAT: u32 = 6;

/// A data folder that this process has for itself until the value is dropped.
pub struct Folder {
    path: PathBuf,
    /// Of the store that is open in it, once it is.
    health: Option<Arc<Health>>,
    _lock: File,
}

/// Whether there is a store in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// None yet.
    Nothing,
    /// One that was complete once.
    Store,
    /// One of this earlier format, which is to be renewed.
    Earlier(u32),
}

impl Folder {
    /// Takes possession of a folder, which is made if it is not there.
    pub fn open(path: &Path) -> Result<(Self, Contents)> {
        make(path)?;
        if !replacement::is_declared(path) {
            refuse_foreign(path)?;
        }
        let lock = lock(&path.join("pid"))?;
        replacement::finish(path).and_then(|()| replacement::clear(path)).map_err(unavailable)?;
        let folder = Self { path: path.to_owned(), health: None, _lock: lock };
        let contents = folder.read_format()?;
        Ok((folder, contents))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where sled keeps its files.
    pub fn sled(&self) -> PathBuf {
        self.path.join("sled")
    }

    /// Makes room for a new store. What a first start left unfinished goes: nothing in it was ever promised.
    pub fn begin(&self) -> io::Result<()> {
        create(&self.path.join("FORMAT.new"), format!("{FORMAT}\n").as_bytes())?;
        if self.sled().exists() {
            fs::remove_dir_all(self.sled())?;
        }
        create(&self.path.join("witness"), &0u64.to_be_bytes())?;
        DirBuilder::new().mode(0o700).create(self.sled())
    }

    /// Declares the new store complete, once its files are named on the disk.
    pub fn complete(&self) -> io::Result<()> {
        for name in ["conf", "db", "blobs", "."] {
            File::open(self.sled().join(name))?.sync_all()?;
        }
        fs::rename(self.path.join("FORMAT.new"), self.path.join("FORMAT"))?;
        File::open(&self.path)?.sync_all()
    }

    /// Declares the store renewed, once its files are on the disk.
    pub fn renew(&self) -> io::Result<()> {
        for name in ["db", "."] {
            File::open(self.sled().join(name))?.sync_all()?;
        }
        create(&self.path.join("FORMAT.next"), format!("{FORMAT}\n").as_bytes())?;
        fs::rename(self.path.join("FORMAT.next"), self.path.join("FORMAT"))?;
        File::open(&self.path)?.sync_all()
    }

    /// Refuses files that are not as they were left. Sled makes an empty database of a folder without a log, so the log
    /// must be there before sled is asked.
    pub fn require_whole(&self) -> Result<()> {
        match fs::metadata(self.sled().join("db")) {
            Ok(log) if log.len() > 0 => checksum::redeem(&self.path, &self.sled()),
            _ => Err(StoreError::Corrupt { place: "sled/db, which is missing or empty" }),
        }
    }

    /// Says that a store is open in the folder, so that its end is an orderly one if nothing fails.
    pub fn is_open(&mut self, health: &Arc<Health>) {
        self.health = Some(Arc::clone(health));
    }

    /// The witness, and the last cycle it saw.
    pub fn witness(&self) -> Result<(File, u64)> {
        let damaged = |_| StoreError::Corrupt { place: "the file witness" };
        let file = File::options().read(true).write(true).open(self.path.join("witness")).map_err(damaged)?;
        let mut cycle = [0; 8];
        file.read_exact_at(&mut cycle, 0).map_err(damaged)?;
        Ok((file, u64::from_be_bytes(cycle)))
    }

    fn read_format(&self) -> Result<Contents> {
        match fs::read_to_string(self.path.join("FORMAT")) {
            Ok(found) if found.trim() == FORMAT.to_string() => Ok(Contents::Store),
            Ok(found) if earlier(&found).is_some() => Ok(earlier(&found).map_or(Contents::Store, Contents::Earlier)),
            Ok(found) => {
                let found = found.trim().chars().filter(|c| !c.is_control()).take(40).collect();
                Err(StoreError::Format { found, expected: FORMAT })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Contents::Nothing),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(StoreError::Format { found: "that is no text".into(), expected: FORMAT })
            }
            Err(error) => Err(unavailable(error)),
        }
    }
}

/// The format that a file `FORMAT` tells of, if it is one that is renewed.
fn earlier(found: &str) -> Option<u32> {
    found.trim().parse().ok().filter(|format| (RENEWED_SINCE..FORMAT).contains(format))
}

impl Drop for Folder {
    /// Runs after sled was dropped and before the lock is. Without a checksum the next start believes in a crash.
    fn drop(&mut self) {
        if self.health.as_ref().is_some_and(|health| !health.has_failed()) {
            let _ = checksum::leave(&self.path, &self.sled());
        }
    }
}

/// Makes a folder that only its owner may look into, unless it is there.
pub fn make(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unavailable)
}

/// Refuses a folder that holds something and is not ours: a mistyped path must not be filled with our files, and a store
/// that lost its FORMAT must not be taken for a new one.
fn refuse_foreign(path: &Path) -> Result<()> {
    if ["FORMAT", "FORMAT.new"].iter().any(|name| path.join(name).exists()) {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(unavailable)? {
        let name = entry.map_err(unavailable)?.file_name();
        // A volume of its own comes with `lost+found`, and `pid` is what another start is just making.
        if name != "lost+found" && name != "pid" {
            let found = format!("none (there is {name:?} and no file FORMAT)");
            return Err(StoreError::Format { found, expected: FORMAT });
        }
    }
    Ok(())
}

/// Locks `path` and writes the number of this process into it.
pub fn lock(path: &Path) -> Result<File> {
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { owner: owner(&mut file) }),
        Err(TryLockError::Error(error)) => return Err(unavailable(error)),
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(unavailable)?;
    Ok(file)
}

/// What is known of the process that has the folder.
fn owner(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => format!("process {pid}"),
        _ => "a process that has not said its number".into(),
    }
}

/// Writes a file anew and makes it durable.
pub fn create(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// An input or output error as the rest of the server knows it.
pub fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
