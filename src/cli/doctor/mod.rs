//! `doctor`: reads the configuration, looks at the data folder and the server, names what is wrong and how to fix it.
//!
//! | file | what |
//! |---|---|
//! | `database` | the database that nodes share |
//! | `finding` | what was found in one place |
//! | `folder` | the data folder, the disk beneath it, the key-encryption key |
//! | `network` | how people and operators reach the server |
//! | `store` | the store, and the clock beside it |

pub mod database;
mod finding;
mod folder;
mod network;
mod store;

use serde_json::json;

use crate::cli::answer::{Answer, CommandError, Exit, table};
use crate::cli::arguments::{Format, Place};
use crate::cli::doctor::finding::{Finding, State};
use crate::cli::doctor::store::Server;
use crate::cli::settings::Settings;

/// Examines the installation and prints what it found.
///
/// # Errors
/// [`CommandError`] if the findings cannot be printed.
pub async fn examine(place: &Place, format: Format) -> Result<Exit, CommandError> {
    let findings = match Settings::read(place) {
        Ok(settings) => findings(&settings).await,
        Err(error) => {
            let fix = "correct the key that is named; docs/configuration.md lists every key";
            vec![Finding::wrong("configuration", error.to_string(), fix)]
        }
    };
    let answer = answer(&findings);
    answer.print(format)?;
    Ok(answer.exit)
}

async fn findings(settings: &Settings) -> Vec<Finding> {
    let config = &settings.config;
    let (store, server) = store::store(settings).await;
    let mut findings = vec![Finding::good("configuration", "every key is known and in range")];
    findings.push(folder::folder(&config.store.folder));
    if config.store.url.is_none() {
        findings.extend(folder::room(&config.store));
    }
    findings.push(network::issuer(settings));
    findings.extend(network::certificate(config));
    findings.extend(network::connections(config, server));
    findings.push(network::operations(config.operations));
    findings.push(folder::key(config, server));
    findings.extend(store);
    findings.push(match server {
        Server::Running => network::reachable(config.issuer.url.as_str()).await,
        Server::Down => Finding::doubtful("server", "not running", "start it with `hallmark serve`"),
    });
    findings
}

/// The findings as an answer, whose exit code says whether anything is wrong.
pub fn answer(findings: &[Finding]) -> Answer {
    let row = |finding: &Finding| {
        let state = match finding.state {
            State::Good => "ok",
            State::Doubtful => "note",
            State::Wrong => "WRONG",
        };
        let fix = if finding.fix.is_empty() { String::new() } else { format!(" -> {}", finding.fix) };
        [state.to_owned(), finding.what.to_owned(), format!("{}{fix}", finding.detail)]
    };
    let rows: Vec<_> = findings.iter().map(row).collect();
    let wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    let answer = Answer::new(table(["", "WHAT", "FINDING"], &rows), json!({ "ok": !wrong, "findings": findings }));
    Answer { exit: if wrong { Exit::Failed } else { Exit::Done }, ..answer }
}
