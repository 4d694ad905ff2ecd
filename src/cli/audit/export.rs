//! `audit export`: every fact, oldest first, one line of JSON each, while the server runs or not.

use std::io::{BufWriter, Write, stdout};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::cli::answer::{Answer, CommandError, Exit};
use crate::cli::audit;
use crate::cli::command::Command;
use crate::cli::control::{self, Reply, Unreached};
use crate::cli::open::Opened;
use crate::cli::partial::Partial;
use crate::cli::progress::Progress;
use crate::cli::reach::{ATTEMPTS, PAUSE};
use crate::cli::settings::Settings;
use crate::domain::time::Timestamp;
use crate::store::EventPlace;
use crate::store::sled::holds_store;

/// How many facts are read at once.
pub const PAGE: usize = 1000;

/// What to export, and whereto.
#[derive(Args)]
pub struct Arguments {
    /// From this moment on, such as 2026-11-24 or 2026-11-24T15:04:05Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Before this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// The file to write, in place of standard output. It gets mode 0600, and its name only once it is whole.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// Some facts, and where the next ones are; `None` after the last.
#[derive(Serialize, Deserialize)]
pub struct Page {
    /// The facts.
    pub facts: Vec<Value>,
    /// Where the next ones are.
    pub next: Option<EventPlace>,
}

impl Arguments {
    /// Writes the facts. What is answered is printed; nothing is where they went to standard output.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed.
    pub async fn run(self, settings: &Settings) -> Result<Option<Answer>, CommandError> {
        let from = EventPlace::first_of(self.since.unwrap_or_default());
        let until = EventPlace::first_of(self.until.unwrap_or(Timestamp(u64::MAX)));
        let Some(out) = self.out else {
            let mut out = BufWriter::new(stdout().lock());
            copy(settings, (from, until), &mut out).await?;
            return Ok(None);
        };
        if out.exists() && !self.overwrite {
            let message = format!("{} is there already; name another, or add --overwrite", out.display());
            return Err(CommandError::failed(message));
        }
        let count = into_file(settings, (from, until), &out).await?;
        let text = format!("{}: {count} {}", out.display(), if count == 1 { "event" } else { "events" });
        Ok(Some(Answer::new(text, json!({ "file": out, "events": count }))))
    }
}

/// Under another name until it is whole and on the disk.
async fn into_file(settings: &Settings, range: (EventPlace, EventPlace), out: &Path) -> Result<u64, CommandError> {
    let mut file = Partial::create(out).map_err(|error| unwritten(out, &error))?;
    let count = copy(settings, range, &mut BufWriter::new(&mut file)).await?;
    file.keep().map_err(|error| unwritten(out, &error))?;
    Ok(count)
}

fn unwritten(path: &Path, error: &std::io::Error) -> CommandError {
    let message = format!("{} cannot be written: {error}", path.display());
    match error.kind() {
        std::io::ErrorKind::StorageFull => CommandError::temporary(message),
        _ => CommandError::failed(message),
    }
}

/// Copies the facts between two places; how many there were.
async fn copy(
    settings: &Settings,
    (mut from, until): (EventPlace, EventPlace),
    out: &mut impl Write,
) -> Result<u64, CommandError> {
    let source = Source::open(settings).await?;
    let mut progress = Progress::of("exported");
    let mut count = 0;
    loop {
        let page = source.page(settings, from, until).await?;
        for fact in &page.facts {
            writeln!(out, "{fact}").map_err(unread)?;
        }
        count += page.facts.len() as u64;
        progress.advance(page.facts.len());
        match page.next {
            Some(next) => from = next,
            None => break,
        }
    }
    out.flush().map_err(unread)?;
    source.close().await?;
    Ok(count)
}

fn unread(error: std::io::Error) -> CommandError {
    CommandError::failed(format!("the events could not be written: {error}"))
}

/// Where the facts come from.
enum Source {
    /// The running server.
    Running,
    /// The store, which this process opened.
    Here(Opened),
}

impl Source {
    async fn open(settings: &Settings) -> Result<Self, CommandError> {
        let folder = &settings.config.store.folder;
        let mut attempts = 1..=ATTEMPTS;
        loop {
            if tokio::net::UnixStream::connect(control::socket(folder)).await.is_ok() {
                return Ok(Self::Running);
            }
            if settings.config.store.url.is_none() && !holds_store(folder) {
                let message = format!("there is no store in {}; name another folder with --data", folder.display());
                return Err(CommandError::failed(message));
            }
            match Opened::open(settings.config.clone()).await {
                Ok(opened) => return Ok(Self::Here(opened)),
                Err(error) if error.exit == Exit::Locked && attempts.next().is_some() => sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn page(&self, settings: &Settings, from: EventPlace, until: EventPlace) -> Result<Page, CommandError> {
        let command = Command::Audit(audit::Command::Page { from, until });
        let answer = match self {
            Self::Here(opened) => command.run(&opened.server).await?,
            Self::Running => match control::tell(&settings.config.store.folder, &command).await {
                Ok(Reply::Answer(answer)) => answer,
                Ok(Reply::Error(error)) | Err(Unreached::Failed(error)) => return Err(error),
                Err(Unreached::NobodyThere) => {
                    return Err(CommandError::temporary("the server ended while it was asked; try again"));
                }
            },
        };
        serde_json::from_value(answer.json)
            .map_err(|_| CommandError::failed("the running server is of another version; restart it"))
    }

    async fn close(self) -> Result<(), CommandError> {
        match self {
            Self::Running => Ok(()),
            Self::Here(opened) => opened.close().await,
        }
    }
}
