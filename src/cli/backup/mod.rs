//! `backup` and `backup verify`: everything that is kept, in one file that tells whether it is whole.
//!
//! | file | what |
//! |---|---|
//! | `stream` | what a backup consists of, and how its frames are chained |
//! | `writer` | a backup on its way into a file |
//! | `reader` | a backup on its way out of one; every byte is checked |
//! | `source` | where the records come from: the running server, or the store here |
//! | `crossing` | how they cross the control socket |

pub mod crossing;
pub mod reader;
mod source;
pub mod stream;
mod writer;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::backup::reader::{Contents, Reader};
use crate::cli::backup::source::Source;
use crate::cli::backup::writer::Writer;
use crate::cli::inputs;
use crate::cli::progress::Progress;
use crate::cli::settings::Settings;
use crate::domain::secret::Secret;

/// What to back up into, or which backup to verify.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The file to write. It gets mode 0600, and its name only once it is whole.
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    overwrite: bool,
    /// Seal the backup with a passphrase that is read from standard input.
    #[arg(long)]
    passphrase_stdin: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Read a backup from its start to its end and say what is in it, or what is wrong where.
    Verify(File),
}

/// A backup to read.
#[derive(Args)]
pub struct File {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// Read the passphrase that it was sealed with from standard input.
    #[arg(long)]
    pub passphrase_stdin: bool,
}

impl Arguments {
    /// Backs up, or verifies.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed; damage has an exit code of its own.
    pub async fn run(self, settings: impl FnOnce() -> Result<Settings, CommandError>) -> Result<Answer, CommandError> {
        if let Some(Verb::Verify(file)) = self.verb {
            return verify(&file);
        }
        let out = self.out.ok_or_else(|| CommandError::usage("name the file to write with --out FILE"))?;
        if out.exists() && !self.overwrite {
            let message = format!("{} is there already; name another, or add --overwrite", out.display());
            return Err(CommandError::failed(message));
        }
        let passphrase = if self.passphrase_stdin { Some(passphrase()?) } else { None };
        make(&settings()?, &out, passphrase.as_ref()).await
    }
}

impl File {
    /// Opens it, with its passphrase if it has one.
    ///
    /// # Errors
    /// [`CommandError`] if it is no backup that this program reads, or the passphrase is wrong or missing.
    pub fn open(&self) -> Result<Reader, CommandError> {
        let passphrase = if self.passphrase_stdin { Some(passphrase()?) } else { None };
        Reader::open(&self.path, passphrase.as_ref())
    }
}

fn passphrase() -> Result<Secret<String>, CommandError> {
    inputs::secret_from_stdin("passphrase").map(Secret::new)
}

async fn make(settings: &Settings, out: &Path, passphrase: Option<&Secret<String>>) -> Result<Answer, CommandError> {
    let (mut source, header) = Source::open(settings).await?;
    let mut writer = Writer::create(out, &header, passphrase)?;
    let mut progress = Progress::of("backed up");
    while let Some(records) = source.next().await? {
        progress.advance(records.records.len());
        writer.write(&records)?;
    }
    source.close().await?;
    let (contents, bytes) = writer.finish()?;
    drop(progress);
    let sealed = if passphrase.is_some() { ", sealed with the passphrase" } else { "" };
    let text = format!(
        "{}: {} records as of {}, {bytes} bytes{sealed}\nCheck it with: hallmark backup verify {0}",
        out.display(),
        contents.records(),
        header.moment.to_rfc3339()
    );
    let mut json = contents.json();
    json["file"] = json!(out);
    json["bytes"] = json!(bytes);
    json["sealed"] = json!(passphrase.is_some());
    Ok(Answer::new(text, json))
}

fn verify(file: &File) -> Result<Answer, CommandError> {
    let mut reader = file.open()?;
    let mut progress = Progress::of("read");
    while let Some(records) = reader.next()? {
        progress.advance(records.records.len());
    }
    drop(progress);
    let sealed = file.passphrase_stdin;
    let contents = reader.into_contents();
    let text =
        format!("{} is whole{}.\n{}", file.path.display(), if sealed { " and sealed" } else { "" }, contents.text());
    let mut json = contents.json();
    json["file"] = json!(file.path);
    json["sealed"] = json!(sealed);
    Ok(Answer::new(text, json))
}

impl Contents {
    /// For people: of which server, of when, and how much of everything.
    fn text(&self) -> String {
        let header = &self.header;
        let rows: Vec<_> = self.tables.iter().map(|(name, count)| [name.clone(), count.to_string()]).collect();
        format!(
            "Of {} (site {}), by hallmark {}, store format {}, {} records:\n{}",
            header.moment.to_rfc3339(),
            header.site,
            header.program,
            header.store_format,
            self.records(),
            table(["TABLE", "RECORDS"], &rows)
        )
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let tables: serde_json::Map<_, _> =
            self.tables.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
        json!({
            "moment": self.header.moment.to_rfc3339(),
            "site": self.header.site,
            "program": self.header.program,
            "store_format": self.header.store_format,
            "records": self.records(),
            "tables": tables,
        })
    }
}
