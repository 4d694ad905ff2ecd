//! The checksum over sled's files: taken when the store ends in order, compared and taken away when it opens.
//!
//! Sled skips what it cannot read in the middle of its log and goes on behind it. That is right after a power cut, since
//! nothing there was ever promised, and wrong after the files were damaged at rest, which it cannot tell apart. So whoever
//! ends in order says how they left the files. After a crash there is no checksum, and the witness alone speaks.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::store::sled::folder::{create, unavailable};
use crate::store::{Result, StoreError};

/// The name of its file in the data folder.
pub const NAME: &str = "checksum";

/// Refuses files that are not as they were left, and takes the checksum away before they change.
pub fn redeem(folder: &Path, sled: &Path) -> Result<()> {
    let path = folder.join(NAME);
    let left = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        left => left.unwrap_or_default(),
    };
    if checksum(sled).map_err(unavailable)? != left {
        return Err(StoreError::Corrupt { place: "sled's files, which are not as they were left" });
    }
    // It must be gone for good before the first change, or a power cut would bring it back beside files it does not fit.
    fs::remove_file(path).and_then(|()| File::open(folder)?.sync_all()).map_err(unavailable)
}

/// Writes the checksum, once sled has let go of its files; none if it does not soon, since it may still write.
pub fn leave(folder: &Path, sled: &Path) -> io::Result<()> {
    let log = File::open(sled.join("db"))?;
    if !wait_for_sled(&log)? {
        return Ok(());
    }
    log.sync_all()?;
    create(&folder.join(NAME), checksum(sled)?.as_bytes())
}

/// Waits until sled has let go of its log, which it does a little after its database was dropped; `false` if it does not
/// soon. The caller has the log from then on.
pub fn wait_for_sled(log: &File) -> io::Result<bool> {
    for _ in 0..200 {
        match log.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

/// One line per file: its name, its length and its CRC-32.
fn checksum(sled: &Path) -> io::Result<String> {
    let mut files = files_in(sled)?;
    files.extend(files_in(&sled.join("blobs"))?);
    files.sort();
    files.iter().map(|path| line(path)).collect()
}

fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(paths.into_iter().filter(|path| path.is_file()).collect())
}

fn line(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => {
                hasher.update(&buffer[..count]);
                length += count;
            }
        }
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{name} {length} {:08x}\n", hasher.finalize()))
}
