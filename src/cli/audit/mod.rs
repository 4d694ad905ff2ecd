//! `audit list`: the newest facts of the audit trail.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::domain::event::Recorded;

/// What to do with the audit trail.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// List the newest facts, newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        count: u32,
    },
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let Command::List { count } = self;
        let facts = server.store.newest_events(count as usize).await?;
        let lines: Vec<String> = facts.iter().map(line).collect();
        Ok(Answer::new(lines.join("\n"), facts.iter().map(entry).collect()))
    }
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
