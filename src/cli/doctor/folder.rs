//! The data folder and the disk beneath it: who may read it, who has it, how much room there is, and where its key is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::cli::doctor::finding::Finding;
use crate::cli::doctor::store::Server;
use crate::cli::kek;
use crate::cli::open::FOLDER_MODE;
use crate::config::Config;
use crate::config::store::StoreSettings;
use crate::store::sled::{disk_usage, holds_store};

const FOLDER: &str = "data folder";
const ROOM: &str = "room on the disk";
const KEY: &str = "key-encryption key";

const MIB: u64 = 1 << 20;
const ROOT: u32 = 0;

/// Whether the folder is closed to others, and everything in it belongs to whoever has it.
pub fn folder(folder: &Path) -> Finding {
    let Ok(metadata) = fs::metadata(folder) else {
        let detail = format!("{} is not there yet", folder.display());
        return Finding::doubtful(FOLDER, detail, "`hallmark serve` makes it; or name another with --data");
    };
    if !metadata.is_dir() {
        return Finding::wrong(FOLDER, format!("{} is no folder", folder.display()), "name another with --data");
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & !FOLDER_MODE != 0 {
        let detail = format!("{} is open to other users of this machine (mode {mode:o})", folder.display());
        return Finding::wrong(FOLDER, detail, format!("chmod 700 {}", folder.display()));
    }
    let (owner, me) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != me && me != ROOT {
        let detail = format!("{} belongs to another user (uid {owner}) than you (uid {me})", folder.display());
        return Finding::wrong(FOLDER, detail, "run commands as that user or as root");
    }
    // Whoever ran a command as root while the server was down left files that the server cannot open.
    if let Some(strange) = belongs_to_another(folder, owner) {
        let detail = format!("{} does not belong to the owner of the folder (uid {owner})", strange.display());
        return Finding::wrong(FOLDER, detail, format!("chown -R {owner} {}", folder.display()));
    }
    Finding::good(FOLDER, format!("{} is closed to others", folder.display()))
}

/// Something in `folder` that is not its owner's.
fn belongs_to_another(folder: &Path, owner: u32) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let (path, metadata) = (entry.path(), entry.metadata().ok()?);
        // The file system made this one.
        if path.ends_with("lost+found") {
            return None;
        }
        if metadata.uid() != owner {
            return Some(path);
        }
        metadata.is_dir().then(|| belongs_to_another(&path, owner)).flatten()
    })
}

/// Whether the disk has the room that is kept free, and how much the store takes.
pub fn room(settings: &StoreSettings) -> Option<Finding> {
    let system = rustix::fs::statvfs(&settings.folder).ok()?;
    let free = system.f_bavail.saturating_mul(system.f_frsize);
    let (size, reserve) =
        (disk_usage(&settings.folder).unwrap_or_default(), settings.free_space_mib.saturating_mul(MIB));
    let detail = format!("{} MiB free; the store takes {} MiB", free / MIB, size.div_ceil(MIB));
    Some(if free < reserve {
        let fix = "make room, or lower store.free_space_mib; until then nothing is added";
        Finding::wrong(ROOM, format!("{detail}, and {} MiB are to stay free", settings.free_space_mib), fix)
    } else if free < reserve.saturating_mul(2) {
        let fix = "make room before there is less than store.free_space_mib and nothing is added";
        Finding::doubtful(ROOM, detail, fix)
    } else if free < size.saturating_mul(2) {
        Finding::doubtful(ROOM, detail, "make room before `hallmark store compact`, which writes the store twice")
    } else {
        Finding::good(ROOM, detail)
    })
}

/// Whether the key that the store is sealed under is where the next start will look for it, and closed to others.
pub fn key(config: &Config, server: Server) -> Finding {
    match kek::inspect(config) {
        Ok(Some(path)) => Finding::good(KEY, format!("{} is closed to others", path.display())),
        Ok(None) if config.store.url.is_some() && matches!(server, Server::Down) => Finding::doubtful(
            KEY,
            "this node has none",
            "copy kek from a node that serves; in a new database the first server makes one",
        ),
        Ok(None) if config.store.url.is_none() && !holds_store(&config.store.folder) => {
            Finding::doubtful(KEY, "there is none yet", "the first start makes one; or name a file with keys.kek_file")
        }
        // A service may be handed its key as a credential, which no other process sees.
        Ok(None) if matches!(server, Server::Running) => Finding::doubtful(
            KEY,
            "the running server has one that this command does not see",
            "if it is no credential of systemd, bring the file back before the server is restarted",
        ),
        Ok(None) => Finding::wrong(
            KEY,
            "the store was sealed under a key that is not there",
            "bring kek back from a backup, or name the file that holds it with keys.kek_file",
        ),
        Err(error) => Finding::wrong(KEY, error.to_string(), "correct what is named"),
    }
}
