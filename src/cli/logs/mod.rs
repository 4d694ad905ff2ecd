//! Log lines on standard error: for people on a terminal, JSON otherwise. `HALLMARK_LOG` filters
//! them, and where it is not set, `log.filter`.
//!
//! | file | what |
//! |---|---|
//! | `filter` | what is logged, which may change |
//! | `json` | an event as one line of JSON |
//! | `lines` | lines on their way out, written by a thread of their own |

mod filter;
mod json;
mod lines;

pub use filter::Filter;

use std::io::IsTerminal;
use std::sync::Arc;

use tracing_subscriber::layer::SubscriberExt;

use crate::cli::logs::json::JsonLine;
use crate::cli::logs::lines::Lines;
use crate::cli::settings::LOG;
use crate::telemetry::tally::Counter;

/// A log that was begun. What is still on its way is written when this is dropped.
#[must_use = "lines that are on their way are lost unless this is dropped at the end"]
pub struct Log {
    filter: Filter,
    lines: Option<Lines>,
}

impl Log {
    /// How many lines were dropped, where they can be: a terminal takes every one.
    pub fn dropped_lines(&self) -> Option<Arc<Counter>> {
        self.lines.as_ref().map(Lines::dropped)
    }

    /// What is logged.
    pub fn filter(&self) -> Filter {
        self.filter.clone()
    }
}

/// Begins to write log lines, of the `usual` level unless the environment says otherwise. Packages that log in another way, as Rocket does, stay silent.
pub fn begin(usual: &str) -> Log {
    let filter = Filter::new(chosen().as_deref().unwrap_or(usual), usual);
    let registry = tracing_subscriber::registry().with(filter.clone());
    let format = tracing_subscriber::fmt::layer();
    if std::io::stderr().is_terminal() {
        let people = format.with_target(false).with_writer(std::io::stderr);
        // A second call, as in a test, keeps the first one's lines.
        let _ = tracing::subscriber::set_global_default(registry.with(people));
        return Log { filter, lines: None };
    }
    let lines = Lines::begin(std::io::stderr());
    let programs = format.event_format(JsonLine).with_writer(lines.writer());
    let _ = tracing::subscriber::set_global_default(registry.with(programs));
    Log { filter, lines: Some(lines) }
}

/// What the environment says is logged, whatever the settings say.
pub fn chosen() -> Option<String> {
    std::env::var(LOG).ok()
}
