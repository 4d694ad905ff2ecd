//! `restore`: a backup becomes the store of a data folder, wholly or not at all.

use clap::Args;
use serde_json::json;

use crate::authorization_server::Clock;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::backup;
use crate::cli::database;
use crate::cli::progress::Progress;
use crate::cli::settings::Settings;
use crate::domain::event::{Actor, Event, Recorded};
use crate::store::kept::{Holds, named};
use crate::store::sled::{Former, Occupant, Replacement, SledStore};
use crate::store::{Events, Portable, Records};

const FORGOTTEN: &str = "tokens, codes and sessions of the backup live on: what was revoked, signed out or withdrawn after \
                         the backup was made is forgotten, and whoever has a stolen token may use it again";

/// What to restore, and how.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    file: backup::File,
    /// Let sessions, codes, tokens and one-time links of the backup live on. Revocations made since are forgotten.
    #[arg(long)]
    keep_credentials: bool,
    /// Restore over a store that is there; it is kept aside.
    #[arg(long)]
    force: bool,
}

impl Arguments {
    /// Restores.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed; the folder is then as it was.
    pub async fn run(self, settings: &Settings) -> Result<Answer, CommandError> {
        let instead =
            "restore into a data folder without store.url, then `hallmark store copy` it into an empty database";
        database::refuse(&settings.config.store, "`hallmark restore`", instead)?;
        let folder = &settings.config.store.folder;
        let mut reader = self.file.open()?;
        if self.keep_credentials && !reader.credentials_are_readable() {
            return Err(CommandError::failed(format!(
                "the backup is of store format {}, whose tokens this program does not read; leave --keep-credentials out",
                reader.format()
            )));
        }
        let (replacement, occupant) = Replacement::of(folder)?;
        let former = self.former(&occupant, settings)?;
        let store = replacement.build(settings.config.store.cache_mib)?;
        let restored = match self.fill(&store, &mut reader).await {
            Ok(restored) => restored,
            Err(error) => {
                drop(store);
                replacement.abandon();
                return Err(error);
            }
        };
        store.close().await?;
        drop(store);
        replacement.declare(&former)?;
        replacement.settle()?;

        let contents = reader.into_contents();
        let over = contents.records() - restored;
        let moment = contents.header.moment.to_rfc3339();
        let mut text = format!("{restored} records of {moment} are in {}.", folder.display());
        if !self.keep_credentials {
            text.push_str(&format!(
                "\n{over} records of sessions, codes, tokens and links are over: everybody signs in again."
            ));
        }
        let mut json = json!({ "moment": moment, "restored": restored, "ended": over, "aside": null });
        if let Former::Aside(name) = &former {
            let aside = folder.join(name);
            text.push_str(&format!("\nWhat was there before is in {}.", aside.display()));
            json["aside"] = json!(aside);
        }
        let answer = Answer::new(text, json);
        Ok(if self.keep_credentials { answer.warn(FORGOTTEN) } else { answer })
    }

    /// What becomes of what is in the folder, if that may be.
    fn former(&self, occupant: &Occupant, settings: &Settings) -> Result<Former, CommandError> {
        let folder = settings.config.store.folder.display();
        match occupant {
            Occupant::Nobody => Ok(Former::Removed),
            Occupant::Store if self.force => {
                Ok(Former::Aside(format!("before-restore-{}", Clock::System.now().to_rfc3339())))
            }
            Occupant::Store => Err(CommandError::failed(format!(
                "there is a store in {folder}; name an empty folder with --data, or add --force to keep it aside"
            ))),
            Occupant::Stranger(name) => Err(CommandError::failed(format!(
                "{folder} is no data folder (there is {name}); name an empty one with --data"
            ))),
        }
    }

    /// Fills the store and says how many records it got.
    async fn fill(&self, store: &SledStore, reader: &mut backup::reader::Reader) -> Result<u64, CommandError> {
        let mut progress = Progress::of("restored");
        let mut restored = 0;
        while let Some(records) = reader.next()? {
            progress.advance(records.records.len());
            if self.keep_credentials || is_lasting(&records) {
                restored += records.records.len() as u64;
                store.import(records).await?;
            }
        }
        store.adopt(reader.format())?;
        let (of, credentials_kept, by) = (reader.moment(), self.keep_credentials, Actor::Operator);
        let event = Event::BackupRestored { of, credentials_kept, by };
        store.append_event(&Recorded { at: Clock::System.now(), event }).await?;
        Ok(restored)
    }
}

fn is_lasting(records: &Records) -> bool {
    named(&records.table).is_some_and(|table| table.holds == Holds::Lasting)
}
