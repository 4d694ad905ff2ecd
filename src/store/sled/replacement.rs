//! Replacement: a store that is built inside a data folder and takes the place of what is there in one step.
//!
//! It is built in `building/`, which nothing opens. Once it is whole and closed, `building/` is renamed to `next/`: that
//! rename is the step. Whoever opens the folder next, this process or any after a crash, moves the files of `next/` to
//! their places, each of which is there or not and so tells how far it came. Until the step the former store is untouched.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::store::Result;
use crate::store::sled::SledStore;
use crate::store::sled::checksum;
use crate::store::sled::condensed::condense;
use crate::store::sled::folder::{create, lock, make, unavailable};

const BUILDING: &str = "building";
const NEXT: &str = "next";

/// In `next/`: the name of the folder to which the former store goes; without it the former store is removed.
const ASIDE: &str = "aside";

/// What makes up a store. `FORMAT` comes last, so that a folder on its way is not taken for a store.
const PARTS: [&str; 4] = ["checksum", "witness", "sled", "FORMAT"];

/// What is in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// Nothing, or what an unfinished replacement left.
    Nobody,
    /// A store.
    Store,
    /// Something that is not ours.
    Stranger(String),
}

/// What becomes of the former store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Former {
    /// It goes.
    Removed,
    /// It goes to a folder of this name inside the data folder.
    Aside(String),
}

/// A data folder in which another store is built.
pub struct Replacement {
    folder: PathBuf,
    /// Of the folder, unless an open store has it.
    _lock: Option<File>,
}

impl Replacement {
    /// Takes possession of a folder, which is made if it is not there, and says what is in it.
    ///
    /// # Errors
    /// [`StoreError::Locked`](crate::store::StoreError::Locked) if another process has the folder, [`StoreError::Unavailable`](crate::store::StoreError::Unavailable) if it cannot be used.
    pub fn of(folder: &Path) -> Result<(Self, Occupant)> {
        make(folder)?;
        let is_foreign = |occupant: &Occupant| matches!(occupant, Occupant::Stranger(_));
        let occupant = occupant(folder).map_err(unavailable)?;
        // No file of ours in a folder that is not.
        let lock = if is_foreign(&occupant) { None } else { Some(lock(&folder.join("pid"))?) };
        finish(folder).map_err(unavailable)?;
        Ok((Self { folder: folder.to_owned(), _lock: lock }, occupant))
    }

    /// Builds inside the folder of a store that the caller has open.
    pub fn beside(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), _lock: None }
    }

    /// An empty store to be filled. What an earlier one left unfinished goes.
    ///
    /// # Errors
    /// As [`SledStore::open`].
    pub fn build(&self, cache_mib: u64) -> Result<SledStore> {
        let building = self.folder.join(BUILDING);
        remove(&building).map_err(unavailable)?;
        SledStore::open(&building, cache_mib)
    }

    /// Where the store is built.
    pub(super) fn building(&self) -> PathBuf {
        self.folder.join(BUILDING)
    }

    /// Makes the store that was built as small as what is in it, once it is closed and dropped.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError) if what was built cannot be read, or not as it was before; it is to be abandoned then.
    pub fn condense(&self, cache_mib: u64) -> Result<()> {
        let building = self.folder.join(BUILDING);
        let sled = building.join("sled");
        checksum::redeem(&building, &sled)?;
        condense(&sled, cache_mib)?;
        checksum::leave(&building, &sled).map_err(unavailable)
    }

    /// Takes the step, once the store that was built is closed and dropped. The files move when the folder is next opened,
    /// or at [`Replacement::settle`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::store::StoreError::Unavailable) if the store was not closed in order, or the disk refused it.
    pub fn declare(&self, former: &Former) -> Result<()> {
        let building = self.folder.join(BUILDING);
        if PARTS.iter().any(|part| !building.join(part).exists()) {
            let fault = io::Error::other("the new store was not closed in order; try again");
            return Err(unavailable(fault));
        }
        let step = || {
            if let Former::Aside(name) = former {
                create(&building.join(ASIDE), name.as_bytes())?;
            }
            File::open(&building)?.sync_all()?;
            fs::rename(&building, self.folder.join(NEXT))?;
            File::open(&self.folder)?.sync_all()
        };
        step().map_err(unavailable)
    }

    /// Removes what was built, which will not be needed.
    pub fn abandon(&self) {
        // What cannot be removed now is removed by whoever opens or restores into the folder next.
        let _ = clear(&self.folder);
    }

    /// Moves the files of the new store to their places.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::store::StoreError::Unavailable) if the disk refused it; whoever opens the folder tries again.
    pub fn settle(self) -> Result<()> {
        finish(&self.folder).map_err(unavailable)
    }
}

/// Whether a store waits in `next/`.
pub fn is_declared(folder: &Path) -> bool {
    folder.join(NEXT).exists()
}

/// Moves what waits in `next/` to its place, from wherever an earlier attempt left off. The caller has the folder locked.
pub fn finish(folder: &Path) -> io::Result<()> {
    let next = folder.join(NEXT);
    if !next.exists() {
        return Ok(());
    }
    let aside = match fs::read_to_string(next.join(ASIDE)) {
        Ok(name) => Some(folder.join(name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(aside) = &aside {
        DirBuilder::new().recursive(true).mode(0o700).create(aside)?;
    }
    for part in PARTS {
        let (new, place) = (next.join(part), folder.join(part));
        if !new.exists() {
            continue;
        }
        match &aside {
            Some(aside) if place.exists() => fs::rename(&place, aside.join(part))?,
            _ => remove(&place)?,
        }
        fs::rename(&new, &place)?;
    }
    File::open(folder)?.sync_all()?;
    remove(&next)?;
    File::open(folder)?.sync_all()
}

/// Removes what a replacement that never came to its step left. The caller has the folder locked.
pub fn clear(folder: &Path) -> io::Result<()> {
    remove(&folder.join(BUILDING))
}

/// Whether there is a store in a folder.
pub fn holds_store(folder: &Path) -> bool {
    occupant(folder).is_ok_and(|occupant| occupant == Occupant::Store)
}

/// How much of the disk the store in a folder takes.
///
/// # Errors
/// What the operating system says.
pub fn disk_usage(folder: &Path) -> io::Result<u64> {
    fn usage(path: &Path) -> io::Result<u64> {
        let metadata = fs::symlink_metadata(path)?;
        if !metadata.is_dir() {
            return Ok(metadata.blocks() * 512);
        }
        fs::read_dir(path)?.map(|entry| usage(&entry?.path())).sum()
    }
    usage(&folder.join("sled"))
}

fn occupant(folder: &Path) -> io::Result<Occupant> {
    if is_declared(folder) || ["FORMAT", "FORMAT.new"].iter().any(|name| folder.join(name).exists()) {
        return Ok(Occupant::Store);
    }
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if ["lost+found", "pid", "control.sock", "kek", BUILDING].iter().all(|ours| name != *ours) {
            return Ok(Occupant::Stranger(name.to_string_lossy().into_owned()));
        }
    }
    Ok(Occupant::Nobody)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;
    use crate::domain::time::Timestamp;
    use crate::domain::user::{Epoch, Standing, User, UserState};
    use crate::store::{StoreError, Users};

    fn person(number: u8) -> User {
        User {
            id: UserId::from_random([number; 16]),
            email: format!("person{number}@example.com").parse().unwrap_or_else(|_| panic!("an address")),
            name: "Person".into(),
            password: None,
            standing: Standing::Member,
            state: UserState::Active,
            epoch: Epoch::default(),
            created: Timestamp(1_764_000_000),
            password_changed: None,
        }
    }

    /// A folder with a store of person 1 and, declared beside it, one of person 2.
    async fn declared() -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SledStore::open(folder.path(), 8)?;
        store.add_user(&person(1)).await?;
        drop(store);
        let (replacement, occupant) = Replacement::of(folder.path())?;
        assert_eq!(occupant, Occupant::Store);
        let new = replacement.build(8)?;
        new.add_user(&person(2)).await?;
        new.close().await?;
        drop(new);
        replacement.declare(&Former::Aside("former".into()))?;
        Ok(folder)
    }

    async fn people(folder: &Path) -> Result<Vec<String>> {
        let store = SledStore::open(folder, 8)?;
        Ok(store.users().await?.iter().map(|user| user.email.to_string()).collect())
    }

    #[tokio::test]
    async fn a_replacement_that_was_cut_anywhere_is_finished_by_whoever_opens_the_folder() -> Result<()> {
        for moves in 0..=PARTS.len() * 2 {
            let folder = declared().await?;
            let (path, next, aside) = (folder.path(), folder.path().join(NEXT), folder.path().join("former"));
            fs::create_dir(&aside).expect("a folder");
            let steps =
                PARTS.iter().flat_map(|part| [(path.join(part), aside.join(part)), (next.join(part), path.join(part))]);
            for (from, to) in steps.take(moves) {
                fs::rename(from, to).expect("moved");
            }

            assert_eq!(people(path).await?, ["person2@example.com"], "cut after {moves} moves");
            assert_eq!(people(&aside).await?, ["person1@example.com"], "cut after {moves} moves");
            assert!(!next.exists());
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_replacement_that_never_came_to_its_step_changes_nothing() -> Result<()> {
        let folder = declared().await?;
        fs::rename(folder.path().join(NEXT), folder.path().join(BUILDING)).expect("undone");

        assert_eq!(people(folder.path()).await?, ["person1@example.com"]);
        assert!(!folder.path().join(BUILDING).exists(), "what it left is removed");
        Ok(())
    }

    #[tokio::test]
    async fn a_folder_in_which_nothing_but_an_unfinished_store_is_does_not_open() -> Result<()> {
        let folder = tempfile::tempdir().expect("a folder");
        let (replacement, occupant) = Replacement::of(folder.path())?;
        assert_eq!(occupant, Occupant::Nobody);
        drop(replacement.build(8)?);
        drop(replacement);

        assert!(matches!(SledStore::open(folder.path(), 8), Err(StoreError::Format { .. })));
        assert_eq!(Replacement::of(folder.path())?.1, Occupant::Nobody, "it can be restored into again");
        Ok(())
    }
}
