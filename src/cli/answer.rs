//! What a command answers, as text and as JSON, and the exit codes.

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::keys::KeyError;
use crate::apps::RegistryError;
use crate::cli::arguments::Format;
use crate::store::StoreError;

/// What a command answers. It crosses the control socket, so it has both forms.
#[derive(Serialize, Deserialize)]
pub struct Answer {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// What whoever asked should know besides; printed on standard error.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How the process ends once it is printed.
    #[serde(default)]
    pub exit: Exit,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// As asked.
    #[default]
    Done = 0,
    /// It was refused, or failed.
    Failed = 1,
    /// The command line means nothing.
    Usage = 2,
    /// The configuration means nothing.
    Configuration = 3,
    /// Another process has the data folder.
    Locked = 4,
    /// The store is damaged, of another version, or sealed under another key.
    Integrity = 5,
    /// It may work later.
    Temporary = 75,
}

/// Why a command was not carried out, in one sentence that says what to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct CommandError {
    /// How the process ends.
    pub exit: Exit,
    /// What to tell whoever asked.
    pub message: String,
}

impl Answer {
    /// One with both forms and no warning.
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, warnings: Vec::new(), exit: Exit::Done }
    }

    /// This answer with a warning.
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Prints it on standard output, and its warnings on standard error.
    ///
    /// # Errors
    /// [`CommandError`] if nobody reads.
    pub fn print(&self, format: Format) -> Result<(), CommandError> {
        for warning in &self.warnings {
            eprintln!("hallmark: warning: {}", printable(warning));
        }
        let text = match format {
            Format::Text => printable(&self.text),
            Format::Json => format!("{:#}", self.json),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", text.trim_end())
            .and_then(|()| out.flush())
            .map_err(|error| CommandError::failed(format!("the answer could not be printed: {error}")))
    }
}

impl CommandError {
    /// Whether asking again means the same answer: nothing failed that may work later.
    pub fn is_a_refusal(&self) -> bool {
        self.exit == Exit::Failed
    }

    /// It was refused, or failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into() }
    }

    /// The command line means nothing.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// The configuration means nothing.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self { exit: Exit::Configuration, message: message.into() }
    }

    /// Another process has the data folder.
    pub fn locked(message: impl Into<String>) -> Self {
        Self { exit: Exit::Locked, message: message.into() }
    }

    /// The store is damaged, of another version, or sealed under another key.
    pub fn integrity(message: impl Into<String>) -> Self {
        Self { exit: Exit::Integrity, message: message.into() }
    }

    /// It may work later.
    pub fn temporary(message: impl Into<String>) -> Self {
        Self { exit: Exit::Temporary, message: message.into() }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.message))
    }
}

impl From<RegistryError> for CommandError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}

impl From<KeyError> for CommandError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            KeyError::Unsealed(_) => Self::integrity(error.to_string()),
            KeyError::Unknown(_) | KeyError::AlreadyPublished(_) | KeyError::NoneSigns => {
                Self::failed(error.to_string())
            }
            KeyError::NotRsa(_) | KeyError::Signing(_) => Self::failed(error.to_string()),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        let exit = match &error {
            StoreError::Unavailable(_) => Exit::Temporary,
            StoreError::Locked { .. } => Exit::Locked,
            StoreError::Corrupt { .. } | StoreError::Format { .. } => Exit::Integrity,
        };
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            // Some errors of others tell their cause themselves.
            let told = cause.to_string();
            if !message.ends_with(&told) {
                message.push_str(&format!(": {told}"));
            }
            source = cause.source();
        }
        Self { exit, message }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Text without the characters that could command a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// Rows in columns as wide as their widest cell, below their headings.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let headings = headings.map(str::to_owned);
    let all = || std::iter::once(&headings).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|at| all().map(|row| row[at].chars().count()).max().unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_columns_as_wide_as_their_widest_cell() {
        let rows = [["a".to_owned(), "long cell".to_owned()], ["longer".to_owned(), String::new()]];
        assert_eq!(table(["ID", "NAME"], &rows), "ID      NAME\na       long cell\nlonger");
    }

    #[test]
    fn what_is_printed_cannot_command_a_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
    }

    #[test]
    fn a_failed_store_says_whether_to_try_again() {
        let exit = |error: StoreError| CommandError::from(error).exit;
        assert_eq!(exit(StoreError::Unavailable("disk full".into())), Exit::Temporary);
        assert_eq!(exit(StoreError::Locked { owner: "pid 1".into() }), Exit::Locked);
        assert_eq!(exit(StoreError::Corrupt { place: "clients" }), Exit::Integrity);
    }
}
