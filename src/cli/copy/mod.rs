//! `store copy`: everything that is kept, from a data folder into a database, or back, or from one database into another.
//!
//! | file | what |
//! |---|---|
//! | `place` | what a side is called on the command line |
//! | `source` | the store that is read |
//! | `target` | the store that is filled, and how far that has come |
//! | `carrying` | from the one to the other, and both read once more |
//! | `canonical` | what both must hold, however each keeps it |
//! | `shown` | how far it has come, for whoever waits |
//!
//! Nobody serves on either side. What a copy has brought in is noted with it, so that one that was killed goes on where it was, and
//! the target does not open before everything is there and both sides were compared.

mod canonical;
mod carrying;
mod place;
mod shown;
mod source;
mod target;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::answer::{Answer, CommandError, Exit, table};
use crate::cli::backup::stream::TableEnd;
use crate::cli::copy::carrying::{Carried, carry};
use crate::cli::copy::place::Place;
use crate::cli::copy::source::Source;
use crate::cli::copy::target::Target;
use crate::cli::settings::Settings;

/// From where, and to where.
#[derive(Args)]
pub struct Arguments {
    /// What is copied: a data folder, the URL of a database, or `configured` for the one that store.url names.
    #[arg(
        long,
        value_name = "FOLDER|URL",
        required_unless_present = "from_url_file",
        conflicts_with = "from_url_file"
    )]
    from: Option<String>,
    /// A file that holds the URL of the database that is copied.
    #[arg(long, value_name = "FILE")]
    from_url_file: Option<PathBuf>,
    /// Where everything goes: an empty data folder, the URL of an empty database, or `configured`.
    #[arg(long, value_name = "FOLDER|URL", required_unless_present = "to_url_file", conflicts_with = "to_url_file")]
    to: Option<String>,
    /// A file that holds the URL of the database that is filled.
    #[arg(long, value_name = "FILE")]
    to_url_file: Option<PathBuf>,
    /// Begin anew: what a copy that was not completed has brought into the target goes first.
    #[arg(long)]
    anew: bool,
}

impl Arguments {
    /// Copies, and compares.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed; the same command goes on from there.
    pub async fn run(self, settings: &Settings) -> Result<Answer, CommandError> {
        let store = &settings.config.store;
        let from = Place::named("--from", self.from.as_deref(), self.from_url_file.as_deref(), store)?;
        let to = Place::named("--to", self.to.as_deref(), self.to_url_file.as_deref(), store)?;
        if let (Place::Folder(_), Place::Folder(_)) = (&from, &to) {
            return Err(CommandError::usage(
                "both sides are data folders: `hallmark backup` and `hallmark restore --keep-credentials` carry one to another",
            ));
        }
        let source = Source::open(&from, store).await?;
        let copied = copy(&source, &to, &self, settings).await;
        source.close().await?;
        let carried = copied?;
        Ok(answer(&carried, &from, &to))
    }
}

async fn copy(
    source: &Source,
    to: &Place,
    arguments: &Arguments,
    settings: &Settings,
) -> Result<Carried, CommandError> {
    let identity = source.identity().await?;
    let mut target = Target::open(to, identity, arguments.anew, &settings.config.store).await?;
    let carried = carry(source, &mut target).await;
    match carried {
        Ok(carried) if carried.differences().is_empty() => {
            target.complete().await?;
            Ok(carried)
        }
        // What came in stays, with the note how far it is.
        Ok(carried) => target.leave().await.map(|()| carried),
        Err(error) => {
            // Why it failed matters more than that the note is older.
            let _ = target.leave().await;
            Err(error)
        }
    }
}

fn answer(carried: &Carried, from: &Place, to: &Place) -> Answer {
    let (compared, differences) = (carried.compared(), carried.differences());
    let rows: Vec<[String; 4]> = compared
        .iter()
        .map(|(name, source, target)| {
            let same = if source == target { short(source.as_ref()) } else { "DIFFERS".into() };
            [(*name).to_owned(), count(source.as_ref()).to_string(), count(target.as_ref()).to_string(), same]
        })
        .collect();
    let tables: Vec<_> = compared
        .iter()
        .map(|(name, source, target)| {
            json!({ "table": name, "source": count(source.as_ref()), "target": count(target.as_ref()), "same": source == target })
        })
        .collect();
    let records = carried.records;
    let json = json!({ "records": records, "went_on": carried.went_on, "tables": tables, "different": differences });
    let compared = table(["TABLE", "SOURCE", "TARGET", "DIGEST"], &rows);
    if !differences.is_empty() {
        let text = format!(
            "{compared}\n\n{from} and {to} differ in {}. What is in the target does not open. If the source was changed between two \
             runs of this command, or the target by somebody else, run it again with --anew.",
            differences.join(", ")
        );
        return Answer { exit: Exit::Integrity, ..Answer::new(text, json) };
    }
    let text = format!(
        "{compared}\n\n{records} records of {from} are in {to}, and both sides were read and compared.\nWhat is sealed is sealed \
         under the key-encryption key of the source: every node of the target needs the same kek.\nChanges that anybody made in \
         the source since the copy began are not in the target: leave its servers stopped."
    );
    Answer::new(text, json)
}

fn count(end: Option<&TableEnd>) -> u64 {
    end.map_or(0, |end| end.records)
}

fn short(end: Option<&TableEnd>) -> String {
    let digest = end.map(|end| end.digest).unwrap_or_default();
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}
