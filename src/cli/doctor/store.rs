//! The store: whether it opens or who has it, how much is in it, and whether the clock has not fallen behind it.

use crate::authorization_server::Clock;
use crate::cli::answer::Exit;
use crate::cli::command::Command;
use crate::cli::database::opening;
use crate::cli::doctor::database;
use crate::cli::doctor::finding::{Finding, State};
use crate::cli::settings::Settings;
use crate::cli::{control, reach};
use crate::domain::time::{Lifetime, Timestamp};

const STORE: &str = "store";
const CLOCK: &str = "clock";
const UNREACHED: &str =
    "is the database up, and do store.url and store.certificate_authority say how it is reached from here?";

/// So far two readings of a clock that is kept right may be apart.
fn tolerance() -> Lifetime {
    Lifetime::minutes(1)
}

/// Whether a server has the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// It answers at its socket.
    Running,
    /// Nobody does.
    Down,
}

/// Whether the store opens, or who has it, and how much is in it; and the clock, beside what the store last saw.
pub async fn store(settings: &Settings) -> (Vec<Finding>, Server) {
    let folder = &settings.config.store.folder;
    let listening = tokio::net::UnixStream::connect(control::socket(folder)).await.is_ok();
    let server = if listening { Server::Running } else { Server::Down };
    let mut findings = match opening(&settings.config.store) {
        Some(opening) => match database::findings(&opening).await {
            Ok(findings) => findings,
            Err(error) => return (vec![Finding::wrong(STORE, error.to_string(), UNREACHED)], server),
        },
        None if !listening && !folder.exists() => {
            return (
                vec![Finding::doubtful(STORE, "nothing is kept yet", "`hallmark serve` begins a new store")],
                server,
            );
        }
        None => Vec::new(),
    };
    // What is wrong with the database is told; nothing can be counted in it.
    if findings.iter().any(|finding| finding.state == State::Wrong && finding.what == database::SCHEMA_OF) {
        return (findings, server);
    }
    let counted = match reach::run(settings, Command::Count).await {
        Ok(answer) => {
            let detail = if listening { format!("{}, held by the running server", answer.text) } else { answer.text };
            let newest = Timestamp(answer.json["newest"].as_u64().unwrap_or_default());
            vec![Finding::good(STORE, detail), clock(newest, Clock::System.now())]
        }
        Err(error) => {
            let fix = match error.exit {
                Exit::Locked => "stop that process, or name another folder with --data",
                Exit::Integrity if settings.config.store.url.is_some() => "do what is named",
                Exit::Integrity => {
                    "bring a backup back with `hallmark restore --force FILE`, or run the version that wrote it"
                }
                Exit::Configuration => "correct what is named",
                Exit::Temporary => "look at the disk that holds the data folder: is it full or read-only?",
                _ => "look at the log of the server",
            };
            vec![Finding::wrong(STORE, error.to_string(), fix)]
        }
    };
    findings.extend(counted);
    (findings, server)
}

/// A clock that stands before what was already seen lets what is over live on.
fn clock(newest: Timestamp, now: Timestamp) -> Finding {
    if newest > now + tolerance() {
        let detail = format!("it says {}, and the store last saw {}", now.to_rfc3339(), newest.to_rfc3339());
        let fix = "set the clock of this machine, and let NTP keep it; until then what is over lives on";
        return Finding::wrong(CLOCK, detail, fix);
    }
    Finding::good(CLOCK, now.to_rfc3339())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_behind_what_the_store_saw_is_wrong() {
        assert_eq!(clock(Timestamp(1000), Timestamp(1001)).state, State::Good);
        assert_eq!(clock(Timestamp(1000), Timestamp(941)).state, State::Good);
        assert_eq!(clock(Timestamp(1000), Timestamp(900)).state, State::Wrong);
    }
}
