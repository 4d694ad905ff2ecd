//! The operator's commands, one file per noun.
//!
//! | file | what |
//! |---|---|
//! | `arguments` | argv to a command; usage text |
//! | `command` | what a running server can also be told, as data |
//! | `user`, `site`, `app`, `installation`, `resource`, `key`, `audit`, `setup_link` | those commands, by noun |
//! | `group`, `object`, `role`, `access` | roles: who holds them together, on what, who holds which, and by what decisions are made |
//! | `realm` | the protected resource and the site that those are about |
//! | `deploy`, `manifest` | what a manifest asks for, as an answer, and as a version that runs |
//! | `connect` | the same of a Connect descriptor |
//! | `answer` | what a command answers, as text and as JSON; exit codes |
//! | `control` | the Unix socket by which a running server is told a command |
//! | `reach` | where a command runs: in the running server, else here |
//! | `settings`, `open`, `logs`, `inputs`, `signals` | configuration, store, log lines, standard input and files, the end |
//! | `database` | the database that several nodes share: how it is reached, its schema, and whether it will do |
//! | `backup`, `restore`, `store` | everything that is kept into a file, back out of it, and into a smaller file |
//! | `copy` | everything that is kept, from a data folder into a database, or back |
//! | `progress` | how far long work has come |
//! | `kek`, `rewrap` | the key that the store is sealed under, and another in its place |
//! | `service` | what systemd is told |
//! | `operations` | the listener of `serve` that operators have for themselves |
//! | `reload` | what of the configuration changes while `serve` serves |
//! | `serve`, `doctor`, `demo` | what runs in this process |

mod access;
mod answer;
mod app;
mod arguments;
mod audit;
mod backup;
mod command;
mod connect;
mod container;
mod control;
mod copy;
mod database;
mod demo;
mod deploy;
mod doctor;
mod group;
mod inputs;
mod installation;
mod kek;
mod key;
mod logs;
mod manifest;
mod object;
mod open;
mod operations;
mod partial;
mod progress;
mod reach;
mod realm;
mod reload;
mod resource;
mod restore;
mod rewrap;
mod role;
mod serve;
mod service;
mod settings;
mod setup_link;
mod signals;
mod site;
mod store;
mod token;
mod user;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::answer::{CommandError, Exit};
use crate::cli::arguments::{Arguments, Verb};
use crate::cli::command::Command;
use crate::cli::demo::Story;
use crate::cli::settings::Settings;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return usage(&told),
    };
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("hallmark: {error}");
            error.exit.into()
        }
    }
}

/// Help and version are answers; everything else that clap tells is a fault.
fn usage(told: &clap::Error) -> ExitCode {
    let exit = if told.use_stderr() { Exit::Usage } else { Exit::Done };
    match told.print() {
        Ok(()) => exit.into(),
        Err(_) => Exit::Failed.into(),
    }
}

fn run(arguments: Arguments) -> Result<Exit, CommandError> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| CommandError::temporary(format!("this process gets no threads: {error}")))?;
    runtime.block_on(perform(arguments))
}

async fn perform(arguments: Arguments) -> Result<Exit, CommandError> {
    let format = arguments.format();
    match arguments.verb.unwrap_or(Verb::Serve) {
        Verb::Serve => serve::serve(arguments.place).await,
        Verb::Demo { walk: true } => demo::demo(Story::Walk, format).await,
        Verb::Demo { walk: false } => demo::demo(Story::Open, format).await,
        Verb::Doctor => doctor::examine(&arguments.place, format).await,
        Verb::Backup(backup) => {
            backup.run(|| Settings::read(&arguments.place)).await?.print(format)?;
            Ok(Exit::Done)
        }
        Verb::Restore(restore) => {
            restore.run(&Settings::read(&arguments.place)?).await?.print(format)?;
            Ok(Exit::Done)
        }
        Verb::Store(command) => {
            let answer = command.run(&Settings::read(&arguments.place)?).await?;
            answer.print(format)?;
            Ok(answer.exit)
        }
        Verb::Audit(verb) => verb.run(&Settings::read(&arguments.place)?, format).await,
        Verb::Reload => {
            reach::reload(&arguments.place).await?.print(format)?;
            Ok(Exit::Done)
        }
        Verb::Tell(Command::Key(key::Command::Rewrap { to })) => {
            rewrap::rewrap(&Settings::read(&arguments.place)?, &to).await?.print(format)?;
            Ok(Exit::Done)
        }
        Verb::Tell(Command::App(app::Command::Check { manifest })) => {
            manifest::check(&manifest)?.print(format)?;
            Ok(Exit::Done)
        }
        Verb::Tell(Command::Resource(resource::Command::Access(access::Command::Lint(lint))))
            if lint.is_of_a_file() =>
        {
            let answer = lint.check()?;
            answer.print(format)?;
            Ok(answer.exit)
        }
        Verb::Tell(Command::Role(role::Command::Import(import))) => {
            import.run(&Settings::read(&arguments.place)?).await?.print(format)?;
            Ok(Exit::Done)
        }
        Verb::Tell(mut command) => {
            command.read_inputs()?;
            let answer = reach::run(&Settings::read(&arguments.place)?, command).await?;
            answer.print(format)?;
            Ok(answer.exit)
        }
    }
}
