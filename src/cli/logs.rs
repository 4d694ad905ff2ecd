//! Log lines on standard error: for people on a terminal, JSON otherwise. `HALLMARK_LOG` filters them.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;

use crate::cli::settings::LOG;

/// What is never logged: these write URIs with their queries, in which codes travel.
const SILENT: [&str; 3] = ["rocket=off", "hyper=off", "reqwest=off"];

/// Begins to write log lines, of the `usual` level unless the environment says otherwise. Packages that log in another way, as Rocket does, stay silent.
pub fn begin(usual: &str) {
    let chosen = std::env::var(LOG).unwrap_or_else(|_| usual.to_owned());
    let filter = EnvFilter::try_new(&chosen).unwrap_or_else(|_| EnvFilter::new(usual));
    let directives = SILENT.iter().filter_map(|directive| directive.parse().ok());
    let filter = directives.fold(filter, EnvFilter::add_directive);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second call, as in a test, keeps the first one's lines.
    let _ = if std::io::stderr().is_terminal() {
        tracing::subscriber::set_global_default(registry.with(lines.with_target(false)))
    } else {
        tracing::subscriber::set_global_default(registry.with(lines.json().flatten_event(true)))
    };
}
