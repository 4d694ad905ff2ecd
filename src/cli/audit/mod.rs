//! `audit list` and `audit export`: the facts of the audit trail, the newest or all of them.
//!
//! | file | what |
//! |---|---|
//! | `export` | every fact, oldest first, one line of JSON each |

mod export;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, Exit};
use crate::cli::arguments::Format;
use crate::cli::settings::Settings;
use crate::cli::{command, reach};
use crate::domain::event::Recorded;
use crate::store::{EventPlace, Events};

/// What to do with the audit trail.
#[derive(Subcommand)]
pub enum Verb {
    /// List the newest facts, newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        count: u32,
    },
    /// Write every fact, oldest first, as one line of JSON each.
    Export(export::Arguments),
}

/// What the server that has the store is told.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// The newest facts, newest first.
    List {
        /// How many.
        count: u32,
    },
    /// The next facts of an export.
    Page {
        /// From here on.
        from: EventPlace,
        /// And before this one.
        until: EventPlace,
    },
}

impl Verb {
    /// Carries it out.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed.
    pub async fn run(self, settings: &Settings, format: Format) -> Result<Exit, CommandError> {
        let answer = match self {
            Self::List { count } => Some(reach::run(settings, command::Command::Audit(Command::List { count })).await?),
            Self::Export(export) => export.run(settings).await?,
        };
        answer.map_or(Ok(()), |answer| answer.print(format)).map(|()| Exit::Done)
    }
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Self::List { count } => {
                let facts = server.store.newest_events(count as usize).await?;
                let lines: Vec<String> = facts.iter().map(line).collect();
                Ok(Answer::new(lines.join("\n"), facts.iter().map(entry).collect()))
            }
            Self::Page { from, until } => page(server.store.as_ref(), from, until).await,
        }
    }
}

async fn page(store: &(impl Events + ?Sized), from: EventPlace, until: EventPlace) -> Result<Answer, CommandError> {
    let facts = store.events(from, until, export::PAGE).await?;
    let next = facts.last().map(|(place, _)| place.next());
    let facts: Vec<Value> = facts.iter().map(|(_, fact)| entry(fact)).collect();
    Ok(Answer::new("", json!(export::Page { facts, next })))
}

/// The fact, with its moment as people and programs both read it.
fn entry(fact: &Recorded) -> Value {
    let mut entry = serde_json::to_value(&fact.event).unwrap_or_default();
    entry["at"] = json!(fact.at.to_rfc3339());
    entry
}

fn line(fact: &Recorded) -> String {
    let entry = entry(fact);
    let fields = entry.as_object().into_iter().flatten().filter(|(name, _)| !matches!(name.as_str(), "at" | "event"));
    let fields: Vec<String> =
        fields.filter(|(_, value)| !value.is_null()).map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}  {}  {}", fact.at.to_rfc3339(), entry["event"].as_str().unwrap_or_default(), fields.join(" "))
}
