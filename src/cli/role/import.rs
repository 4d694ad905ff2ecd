//! `role import`: roles from a file, one JSON object a line. All are checked before the first is given.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::roles;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::command::Command;
use crate::cli::inputs;
use crate::cli::manifest::refused;
use crate::cli::progress::Progress;
use crate::cli::reach::{self, Reached};
use crate::cli::realm::{Known, Within};
use crate::cli::role;
use crate::cli::role::naming::{On, To};
use crate::cli::settings::Settings;
use crate::domain::event::Actor;
use crate::domain::role_binding::{Held, RoleSubject};

/// So many lines cross to the server at once.
const AT_ONCE: usize = 1000;

/// Longer files are to be split.
const LONGEST_FILE: u64 = 256 * 1024 * 1024;

/// More faults than anybody mends before trying again.
const MOST_FAULTS: usize = 50;

/// Something about each of some lines, by their numbers.
type Numbered<T> = Vec<(usize, T)>;

/// Roles that a file names.
#[derive(Args, Serialize, Deserialize)]
pub struct Import {
    /// Where.
    #[command(flatten)]
    within: Within,
    /// A file with one JSON object a line: {"role": "developer", "on": "schema:4", "to": "ann@example.com"}.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// One line of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    role: String,
    on: On,
    to: To,
}

/// Some lines with their numbers, as they cross to the server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Batch {
    step: Step,
    within: Within,
    lines: Numbered<Line>,
}

/// What to do with lines.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Check,
    Give,
}

/// What became of a batch.
#[derive(Default, Serialize, Deserialize)]
struct Outcome {
    faults: Numbered<String>,
    given: usize,
}

impl Import {
    pub(in crate::cli) async fn run(self, settings: &Settings) -> Result<Answer, CommandError> {
        let file = self.file.display().to_string();
        let text = inputs::file_up_to(&self.file, LONGEST_FILE)?;
        let lines = lines(&text).map_err(|faults| with_lines(&file, &faults))?;
        let Some((reached, checked)) = self.begin(settings, &lines).await? else {
            return Ok(Answer::new(format!("{file} names no role."), json!({ "lines": 0, "given": 0 })));
        };
        let outcome = match checked {
            faults if !faults.is_empty() => Err(with_lines(&file, &faults)),
            _ => self.give(&reached, &lines).await,
        };
        reached.close().await?;
        let given = outcome?;
        let roles = if given == 1 { "1 role".into() } else { format!("{given} roles") };
        let text = match lines.len() - given {
            0 => format!("Gave {roles}."),
            1 => format!("Gave {roles}; 1 was held already."),
            held => format!("Gave {roles}; {held} were held already."),
        };
        Ok(Answer::new(text, json!({ "lines": lines.len(), "given": given })))
    }

    /// Has every line checked; who did that, and the faults. Nothing if there is no line.
    async fn begin(
        &self,
        settings: &Settings,
        lines: &[(usize, Line)],
    ) -> Result<Option<(Reached, Numbered<String>)>, CommandError> {
        let mut progress = Progress::of("checked");
        let mut batches = self.batches(Step::Check, lines);
        let Some(first) = batches.next() else { return Ok(None) };
        let (reached, answer) = reach::begin(settings, first).await?;
        progress.advance(AT_ONCE);
        let mut faults = outcome(answer)?.faults;
        for batch in batches {
            if faults.len() >= MOST_FAULTS {
                break;
            }
            faults.extend(outcome(reached.run(batch).await?)?.faults);
            progress.advance(AT_ONCE);
        }
        Ok(Some((reached, faults)))
    }

    async fn give(&self, reached: &Reached, lines: &[(usize, Line)]) -> Result<usize, CommandError> {
        let mut progress = Progress::of("given");
        let mut given = 0;
        for batch in self.batches(Step::Give, lines) {
            let answer = reached.run(batch).await.map_err(|error| CommandError {
                message: format!(
                    "{}; {given} roles were given before that, and to import the file again gives the others",
                    error.message
                ),
                ..error
            })?;
            given += outcome(answer)?.given;
            progress.advance(AT_ONCE);
        }
        Ok(given)
    }

    fn batches(&self, step: Step, lines: &[(usize, Line)]) -> impl Iterator<Item = Command> {
        let batch = move |lines: &[(usize, Line)]| {
            let batch = Batch { step, within: self.within.clone(), lines: lines.to_vec() };
            Command::Role(role::Command::Batch(batch))
        };
        lines.chunks(AT_ONCE).map(batch)
    }
}

/// What the lines say, or what is wrong with them.
fn lines(text: &str) -> Result<Numbered<Line>, Numbered<String>> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let written = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (number, line) in written.map(|(at, line)| (at + 1, line)) {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => lines.push((number, line)),
            Err(error) => faults.push((number, without_place(&error.to_string()))),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

/// What is told of one line is told without the place in it, which would seem to be one in the file.
fn without_place(fault: &str) -> String {
    fault.split(" at line 1 column").next().unwrap_or(fault).to_owned()
}

fn with_lines(file: &str, faults: &[(usize, String)]) -> CommandError {
    let faults = faults.iter().take(MOST_FAULTS);
    let faults: Vec<String> = faults.map(|(number, fault)| format!("{file}:{number}: {fault}")).collect();
    refused(file, &faults)
}

fn outcome(answer: Answer) -> Result<Outcome, CommandError> {
    serde_json::from_value(answer.json)
        .map_err(|_| CommandError::failed("the running server is of another version, so restart it"))
}

impl Batch {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let known = self.within.known(server).await?;
        let (roles, faults) = self.named(server, &known).await?;
        let outcome = match self.step {
            Step::Check => {
                let held: Vec<Held> = roles.iter().map(|(_, held)| held.clone()).collect();
                let refused = roles::faults(server, known.parts(), &known.site, &held).await?;
                let refused = refused.into_iter().map(|(at, error)| (roles[at].0, role::told(&error)));
                let mut faults: Numbered<String> = faults.into_iter().chain(refused).collect();
                faults.sort();
                Outcome { faults, given: 0 }
            }
            Step::Give => {
                if let Some((number, fault)) = faults.into_iter().next() {
                    return Err(CommandError::failed(format!("line {number}: {fault}")));
                }
                let held = roles.into_iter().map(|(_, held)| held).collect();
                let given = roles::give(server, known.parts(), &known.site, held, Actor::Operator).await?;
                Outcome { faults: Vec::new(), given }
            }
        };
        Ok(Answer::new("", json!(outcome)))
    }

    /// What the lines mean here, and those that mean nothing.
    async fn named(
        &self,
        server: &AuthorizationServer,
        known: &Known,
    ) -> Result<(Numbered<Held>, Numbered<String>), CommandError> {
        let (mut roles, mut faults) = (Vec::new(), Vec::new());
        let mut subjects: HashMap<&To, Result<RoleSubject, String>> = HashMap::new();
        for (number, Line { role, on, to }) in &self.lines {
            let object = on.object(known)?;
            if !subjects.contains_key(to) {
                let subject = match to.subject(server, known).await {
                    Ok(subject) => Ok(subject),
                    Err(error) if error.is_a_refusal() => Err(error.message),
                    Err(failed) => return Err(failed),
                };
                subjects.insert(to, subject);
            }
            match subjects.get(to) {
                Some(Ok(subject)) => {
                    roles.push((*number, Held { object, role: role.clone(), subject: *subject }));
                }
                Some(Err(fault)) => faults.push((*number, fault.clone())),
                None => {}
            }
        }
        Ok((roles, faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_means_nothing_is_told_by_its_number() {
        let good = r#"{"role":"user","on":"schema:4","to":"ann@example.com"}"#;
        let text =
            format!("{good}\n\nno\n{good}\n{{\"role\":\"user\",\"on\":\"schema\",\"to\":\"ann@example.com\"}}\n");
        let faults = lines(&text).expect_err("faults");
        assert_eq!(faults.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 5]);
        assert!(faults[1].1.contains("neither an object"), "{}", faults[1].1);
        assert!(lines(good).is_ok_and(|lines| lines.len() == 1));
    }
}
