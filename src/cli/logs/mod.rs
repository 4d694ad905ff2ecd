//! Log lines on standard error: for people on a terminal, JSON otherwise. `HALLMARK_LOG` filters them.
//!
//! | file | what |
//! |---|---|
//! | `json` | an event as one line of JSON |
//! | `lines` | lines on their way out, written by a thread of their own |

mod json;
mod lines;

use std::io::IsTerminal;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::cli::logs::json::JsonLine;
use crate::cli::logs::lines::Lines;
use crate::cli::settings::LOG;
use crate::telemetry::tally::Counter;

/// What is never logged: these write URIs with their queries, in which codes travel.
const SILENT: [&str; 3] = ["rocket=off", "hyper=off", "reqwest=off"];

/// A log that was begun. What is still on its way is written when this is dropped.
#[must_use = "lines that are on their way are lost unless this is dropped at the end"]
pub struct Log {
    lines: Option<Lines>,
}

impl Log {
    /// How many lines were dropped, where they can be: a terminal takes every one.
    pub fn dropped_lines(&self) -> Option<Arc<Counter>> {
        self.lines.as_ref().map(Lines::dropped)
    }
}

/// Begins to write log lines, of the `usual` level unless the environment says otherwise. Packages that log in another way, as Rocket does, stay silent.
pub fn begin(usual: &str) -> Log {
    let chosen = std::env::var(LOG).unwrap_or_else(|_| usual.to_owned());
    let filter = EnvFilter::try_new(&chosen).unwrap_or_else(|_| EnvFilter::new(usual));
    let directives = SILENT.iter().filter_map(|directive| directive.parse().ok());
    let filter = directives.fold(filter, EnvFilter::add_directive);
    let registry = tracing_subscriber::registry().with(filter);
    let format = tracing_subscriber::fmt::layer();
    if std::io::stderr().is_terminal() {
        let people = format.with_target(false).with_writer(std::io::stderr);
        // A second call, as in a test, keeps the first one's lines.
        let _ = tracing::subscriber::set_global_default(registry.with(people));
        return Log { lines: None };
    }
    let lines = Lines::begin(std::io::stderr());
    let programs = format.event_format(JsonLine).with_writer(lines.writer());
    let _ = tracing::subscriber::set_global_default(registry.with(programs));
    Log { lines: Some(lines) }
}
