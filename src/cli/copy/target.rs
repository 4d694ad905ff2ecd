//! Target: the store that is filled. What came in and how far that is are durable together, or the note later than what it is of.

use crate::cli::answer::CommandError;
use crate::cli::copy::place::Place;
use crate::config::store::StoreSettings;
use crate::store::kept::Copying;
use crate::store::postgres::PostgresStore;
use crate::store::sled::{Former, Occupant, Replacement, SledStore};
use crate::store::{Portable, Records, Snapshot, Tokens};

/// Of so many records in a data folder the note is written once.
const NOTED: usize = 50_000;

/// The store that is filled.
pub struct Target {
    kept: Kept,
    copying: Copying,
    /// Whether an earlier attempt brought something in.
    went_on: bool,
}

enum Kept {
    Embedded(Box<Building>),
    Shared(Box<PostgresStore>),
}

/// A store that is built in a data folder.
struct Building {
    replacement: Replacement,
    store: SledStore,
    cache_mib: u64,
    since_note: usize,
}

impl Target {
    /// Opens it: it is empty, or holds what an earlier attempt at the same copy brought in.
    ///
    /// # Errors
    /// [`CommandError`] says what else is there.
    pub async fn open(
        place: &Place,
        source: [u8; 32],
        anew: bool,
        settings: &StoreSettings,
    ) -> Result<Self, CommandError> {
        match place {
            Place::Folder(folder) => {
                let (replacement, occupant) = Replacement::of(folder)?;
                if occupant != Occupant::Nobody {
                    return Err(CommandError::failed(format!(
                        "{} is not empty; name an empty folder with --to",
                        folder.display()
                    )));
                }
                let cache_mib = settings.cache_mib;
                let known = if anew { None } else { replacement.copying()? };
                let (store, copying, went_on) = match known {
                    Some(copying) => (replacement.resume(cache_mib)?, of_the_same(copying, source)?, true),
                    None => {
                        let store = replacement.build(cache_mib)?;
                        let copying = Copying::of(source);
                        replacement.note_copying(&copying)?;
                        (store, copying, false)
                    }
                };
                let building = Building { replacement, store, cache_mib, since_note: 0 };
                Ok(Self { kept: Kept::Embedded(Box::new(building)), copying, went_on })
            }
            Place::Database(opening) => {
                let store = PostgresStore::new(opening)?;
                store.migrate().await?;
                store.close();
                let store = PostgresStore::open_to_copy(opening).await?;
                let known = store.copying().await?;
                let (copying, went_on) = match known {
                    Some(_) if anew => (None, false),
                    Some(copying) => (Some(of_the_same(copying, source)?), true),
                    None => match store.occupied().await? {
                        Some(table) => {
                            return Err(CommandError::failed(format!(
                                "the database that is copied into is in use (there are records in {table}); name an empty one"
                            )));
                        }
                        None => (None, false),
                    },
                };
                let copying = match copying {
                    Some(copying) => copying,
                    None => {
                        store.empty().await?;
                        store.begin_copy(&Copying::of(source)).await?;
                        Copying::of(source)
                    }
                };
                Ok(Self { kept: Kept::Shared(Box::new(store)), copying, went_on })
            }
        }
    }

    /// How far the copy has come.
    pub fn copying(&self) -> &Copying {
        &self.copying
    }

    /// Whether an earlier attempt brought something in.
    pub fn went_on(&self) -> bool {
        self.went_on
    }

    /// Brings records in.
    ///
    /// # Errors
    /// [`CommandError`] if the store fails.
    pub async fn take(&mut self, records: Records) -> Result<(), CommandError> {
        match &mut self.kept {
            Kept::Shared(store) => self.copying = store.carry(records, &self.copying).await?,
            Kept::Embedded(building) => {
                self.copying = self.copying.after(&records);
                building.since_note += records.records.len();
                building.store.import(records).await?;
                if building.since_note >= NOTED {
                    building.note(&self.copying).await?;
                }
            }
        }
        Ok(())
    }

    /// Has what came in be durable, and reads it as whoever opens the store would.
    ///
    /// # Errors
    /// [`CommandError`] if the store fails.
    pub async fn snapshot(&mut self) -> Result<Box<dyn Snapshot>, CommandError> {
        match &mut self.kept {
            Kept::Shared(store) => Ok(store.snapshot()?),
            Kept::Embedded(building) => {
                building.note(&self.copying).await?;
                Ok(building.store.snapshot()?)
            }
        }
    }

    /// Has the store open from now on.
    ///
    /// # Errors
    /// [`CommandError`] if the store fails.
    pub async fn complete(self) -> Result<(), CommandError> {
        match self.kept {
            Kept::Shared(store) => {
                store.end_copy().await?;
                store.close();
            }
            Kept::Embedded(building) => {
                let Building { replacement, store, cache_mib, .. } = *building;
                store.close().await?;
                drop(store);
                replacement.condense(cache_mib)?;
                // The note goes with the step.
                replacement.declare(&Former::Removed)?;
                replacement.settle()?;
            }
        }
        Ok(())
    }

    /// Leaves what came in where it is.
    ///
    /// # Errors
    /// [`CommandError`] if the disk refused it.
    pub async fn leave(mut self) -> Result<(), CommandError> {
        match &mut self.kept {
            Kept::Shared(store) => store.close(),
            Kept::Embedded(building) => building.note(&self.copying).await?,
        }
        Ok(())
    }
}

impl Building {
    async fn note(&mut self, copying: &Copying) -> Result<(), CommandError> {
        self.store.settled().await?;
        self.replacement.note_copying(copying)?;
        self.since_note = 0;
        Ok(())
    }
}

fn of_the_same(copying: Copying, source: [u8; 32]) -> Result<Copying, CommandError> {
    if copying.source == source {
        return Ok(copying);
    }
    Err(CommandError::failed(
        "the target holds a part of another store, whose copy was not completed; name another target, or let that part go with --anew",
    ))
}
