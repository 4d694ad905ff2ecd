//! `store`: what is done to the store itself. `store compact`: sled's file never shrinks, so everything moves to a new one, which is
//! then made as small as it can be.

use std::path::Path;

use clap::Subcommand;
use serde_json::json;

use crate::cli::answer::{Answer, CommandError, Exit};
use crate::cli::progress::Progress;
use crate::cli::settings::Settings;
use crate::cli::{copy, database};
use crate::store::kept::{Reading, named};
use crate::store::sled::{Former, Replacement, SledStore, disk_usage, holds_store};
use crate::store::{Portable, Records};

/// What to do with the store itself.
#[derive(Subcommand)]
pub enum Command {
    /// Write the store anew, without the room that removed records left. The server must be stopped.
    Compact,
    /// Bring the schema of the database up to date, while servers run or not.
    Migrate,
    /// Copy everything from a data folder into a database, or back. No server may run on either.
    Copy(copy::Arguments),
    /// Ask the database whether it will do: its version, its schema, what it promises of a change, its clock.
    Check,
}

impl Command {
    /// Carries it out.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed; the store is then as it was.
    pub async fn run(self, settings: &Settings) -> Result<Answer, CommandError> {
        match self {
            Self::Compact => compact(settings).await,
            Self::Copy(copy) => copy.run(settings).await,
            Self::Migrate => database::migrate(settings).await,
            Self::Check => database::examine(settings).await,
        }
    }
}

async fn compact(settings: &Settings) -> Result<Answer, CommandError> {
    let instead = "it makes room by itself (autovacuum)";
    database::refuse(&settings.config.store, "`hallmark store compact`", instead)?;
    let (folder, cache) = (&settings.config.store.folder, settings.config.store.cache_mib);
    let old = open(settings)?;
    let before = usage(folder)?;
    let (records, live) = write_anew(old, (folder, cache), async |_| Ok(())).await?;
    let after = usage(folder)?;
    let text = format!("{records} records of {live} bytes: {before} bytes on the disk before, {after} after");
    let json = json!({ "records": records, "live_bytes": live, "bytes_before": before, "bytes_after": after });
    Ok(Answer::new(text, json))
}

/// Opens the store that is there; no server may have it.
///
/// # Errors
/// [`CommandError`] says who has it, or that there is none.
pub fn open(settings: &Settings) -> Result<SledStore, CommandError> {
    let (folder, cache) = (&settings.config.store.folder, settings.config.store.cache_mib);
    if !holds_store(folder) {
        let message = format!("there is no store in {}; name another folder with --data", folder.display());
        return Err(CommandError::failed(message));
    }
    SledStore::open(folder, cache).map_err(stop_it_first)
}

/// Writes the store `old` of a folder anew, with what `change` changes in the new one, which takes its place in one step. How
/// many records there are, and how long they are together.
///
/// # Errors
/// [`CommandError`] says what failed; the store is then as it was.
pub async fn write_anew(
    old: SledStore,
    (folder, cache): (&Path, u64),
    change: impl AsyncFnOnce(&SledStore) -> Result<(), CommandError>,
) -> Result<(u64, u64), CommandError> {
    let replacement = Replacement::beside(folder);
    let new = replacement.build(cache)?;
    let written = match copy(&old, &new).await {
        Ok(copied) => change(&new).await.map(|()| copied),
        Err(error) => Err(error),
    };
    let copied = match written {
        Ok(copied) => copied,
        Err(error) => {
            drop(new);
            replacement.abandon();
            return Err(error);
        }
    };
    new.close().await?;
    drop(new);
    if let Err(error) = replacement.condense(cache) {
        replacement.abandon();
        return Err(error.into());
    }
    // The old store is closed before the step, so that nothing is written to it that the new one would lack.
    old.close().await?;
    replacement.declare(&Former::Removed)?;
    drop(old);
    // Whoever opens the folder moves the new store to its place, and finds out whether it opens.
    SledStore::open(folder, cache)?.close().await?;
    Ok(copied)
}

/// Carries every record over; how many there are, and how long they are together.
async fn copy(old: &SledStore, new: &SledStore) -> Result<(u64, u64), CommandError> {
    let mut snapshot = old.snapshot()?;
    let mut progress = Progress::of("moved");
    let (mut count, mut bytes) = (0, 0);
    while let Some(records) = snapshot.next().await? {
        require_good(&records)?;
        progress.advance(records.records.len());
        count += records.records.len() as u64;
        bytes += records.records.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>();
        new.import(records).await?;
    }
    Ok((count, bytes))
}

/// A damaged record stays where it is, for a backup to take its place.
///
/// # Errors
/// [`CommandError`] names the table.
pub fn require_good(records: &Records) -> Result<(), CommandError> {
    let table = named(&records.table);
    let good = |value: &[u8]| table.is_some_and(|table| table.reading(value) == Reading::Good);
    if records.records.iter().all(|(_, value)| good(value)) {
        return Ok(());
    }
    let message = format!(
        "the store holds a damaged record in {}; bring a backup back with `hallmark restore --force FILE`",
        records.table
    );
    Err(CommandError { exit: Exit::Integrity, message })
}

fn usage(folder: &Path) -> Result<u64, CommandError> {
    disk_usage(folder).map_err(|error| CommandError::failed(format!("the size of the store cannot be told: {error}")))
}

fn stop_it_first(error: crate::store::StoreError) -> CommandError {
    let error = CommandError::from(error);
    match error.exit {
        Exit::Locked => CommandError::locked(format!("{error}; stop it first")),
        _ => error,
    }
}
