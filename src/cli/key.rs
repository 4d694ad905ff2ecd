//! `key list | rotate | retire | rewrap`: the keys that this server signs with. No command shows a private part.

use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::keys;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::domain::event::Actor;
use crate::domain::signing_key::{KeyRing, KeySchedule, KeyState, SigningKey};
use crate::domain::time::Timestamp;

/// What to do with signing keys.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// List the keys in the key set: published, signing and retiring.
    List,
    /// Publish the next key now; it signs once it was published for keys.publish_ahead.
    Rotate,
    /// Seal what is sealed under another key-encryption key. The server must be stopped.
    #[serde(skip)]
    Rewrap {
        /// The file with the new key: 64 hexadecimal digits, as `openssl rand -hex 32` writes them.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// End a key. One that signs is followed at once and kept for what it signed; any other is gone at once.
    Retire {
        /// Its name, as `key list` prints it.
        kid: String,
    },
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let ring = match self {
            Command::List => server.store.key_ring().await?,
            Command::Rotate => keys::rotate(server, Actor::Operator).await?,
            // It is carried out where it is called, since no server may have the store.
            Command::Rewrap { .. } => return Err(CommandError::locked("the server must be stopped first")),
            Command::Retire { kid } => keys::retire(server, &kid, Actor::Operator).await?,
        };
        Ok(answer(&ring, &server.config.keys.schedule()))
    }
}

fn answer(ring: &KeyRing, schedule: &KeySchedule) -> Answer {
    let rows: Vec<[String; 4]> = ring.keys().iter().map(|key| row(key, schedule)).collect();
    let json: Vec<Value> = ring.keys().iter().map(|key| entry(key, schedule)).collect();
    Answer::new(table(["KID", "ALGORITHM", "STATE", "WHEN"], &rows), json.into())
}

fn row(key: &SigningKey, schedule: &KeySchedule) -> [String; 4] {
    let (state, label, moment) = told(key.state, schedule);
    [key.kid.clone(), key.algorithm.as_str().into(), state.into(), format!("{label} {}", moment.to_rfc3339())]
}

fn entry(key: &SigningKey, schedule: &KeySchedule) -> Value {
    let (state, label, moment) = told(key.state, schedule);
    json!({ "kid": key.kid, "algorithm": key.algorithm.as_str(), "state": state, label: moment.to_rfc3339() })
}

/// The state, and the moment that matters in it.
fn told(state: KeyState, schedule: &KeySchedule) -> (&'static str, &'static str, Timestamp) {
    match state {
        KeyState::Published { since } => ("published", "signs_from", since + schedule.publish_ahead),
        KeyState::Signing { since } => ("signing", "since", since),
        KeyState::Retiring { until } => ("retiring", "until", until),
    }
}
