//! How far long work has come: one line on standard error, where that is a terminal, and nothing elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(100);

/// Long work. Its line goes when it is dropped.
pub struct Progress {
    what: &'static str,
    records: usize,
    /// When the line was last written; `None` where nobody looks.
    shown: Option<Instant>,
}

impl Progress {
    /// Of work that, so far, has done nothing.
    pub fn of(what: &'static str) -> Self {
        Self { what, records: 0, shown: stderr().is_terminal().then(Instant::now) }
    }

    /// So many records more are done.
    pub fn advance(&mut self, records: usize) {
        self.records += records;
        if self.shown.is_some_and(|shown| shown.elapsed() >= EVERY) {
            self.shown = Some(Instant::now());
            // Whoever closed the terminal does not want to know.
            let _ = write!(stderr(), "\r{} records {}", self.records, self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            // To the start of the line, and erase it.
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
