//! argv to a command; usage text. No secret is ever an argument: other users of the machine can read argv.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::cli::command::Command;
use crate::cli::{audit, backup, restore, store};

/// A self-hosted OAuth 2.0 authorization server for Forge-style apps.
///
/// Without a command it serves. While it serves, every other command reaches it through a socket in the data folder;
/// while it does not, they work on the data folder themselves.
#[derive(Parser)]
#[command(name = "hallmark", version, max_term_width = 100)]
pub struct Arguments {
    /// Where this installation is.
    #[command(flatten)]
    pub place: Place,
    /// Answer with JSON.
    #[arg(long, global = true)]
    json: bool,
    /// What to do.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Where an installation is.
#[derive(Clone, Args)]
pub struct Place {
    /// The data folder, in place of the configured `store.folder`.
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The configuration file, in place of ./Rocket.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What to do.
#[derive(Subcommand)]
pub enum Verb {
    /// Run the server (this is what happens without a command).
    Serve,
    /// See the whole story on this machine: a server, an app and an API in a temporary folder.
    Demo {
        /// Play the story without a browser, print each exchange, and fail at the first surprise.
        #[arg(long)]
        walk: bool,
    },
    /// Let the running server read its configuration and its certificate again; where anything is wrong, nothing changes.
    Reload,
    /// Look for what is wrong with this installation, and say how to fix it.
    Doctor,
    /// Write everything that is kept into one file, while the server runs or not.
    Backup(backup::Arguments),
    /// Make a backup the store of an empty data folder.
    Restore(restore::Arguments),
    /// The store itself.
    #[command(subcommand)]
    Store(store::Command),
    /// The audit trail.
    #[command(subcommand)]
    Audit(audit::Verb),
    /// What a running server can also be told.
    #[command(flatten)]
    Tell(Command),
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Arguments {
    /// How to print the answer.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { Format::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_usage_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_argument_takes_a_secret() {
        fn look(command: &clap::Command) {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let secret = ["secret", "password", "token"].iter().any(|word| name.contains(word));
                assert!(!secret || !argument.get_action().takes_values(), "{} {name}", command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        look(&Arguments::command());
    }

    #[test]
    fn no_command_serves() {
        let arguments =
            Arguments::try_parse_from(["hallmark", "--data", "here"]).unwrap_or_else(|fault| panic!("{fault}"));
        assert!(arguments.verb.is_none() && arguments.place.data == Some("here".into()));
    }
}
