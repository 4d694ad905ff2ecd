//! How far a copy has come: a bar on standard error where that is a terminal, and a line now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::store::kept::tables::TABLES;

/// How wide the bar is.
const WIDTH: usize = 24;

/// What is under way.
pub struct Shown {
    what: &'static str,
    records: usize,
    began: Instant,
    last: Instant,
    is_terminal: bool,
}

impl Shown {
    /// Of work that, so far, has done nothing.
    pub fn of(what: &'static str) -> Self {
        let now = Instant::now();
        Self { what, records: 0, began: now, last: now, is_terminal: stderr().is_terminal() }
    }

    /// So many records more of a table are done.
    pub fn advance(&mut self, table: &str, records: usize) {
        self.records += records;
        let every = if self.is_terminal { Duration::from_millis(100) } else { Duration::from_secs(10) };
        if self.last.elapsed() < every {
            return;
        }
        self.last = Instant::now();
        let at = TABLES.iter().position(|known| known.name == table).unwrap_or_default();
        let line = line(self.what, self.records, at, self.began.elapsed());
        // Whoever closed the terminal does not want to know.
        let _ = match self.is_terminal {
            true => write!(stderr(), "\r{} {line}\x1b[K", bar(at)),
            false => writeln!(stderr(), "hallmark: {line}"),
        };
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if self.is_terminal {
            // To the start of the line, and erase it.
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn line(what: &str, records: usize, at: usize, took: Duration) -> String {
    let rate = records as f64 / took.as_secs_f64().max(0.001);
    format!(
        "{what} {records} records, {rate:.0} a second: table {} of {}, {}",
        at + 1,
        TABLES.len(),
        TABLES.get(at).map_or("", |table| table.name)
    )
}

fn bar(at: usize) -> String {
    let full = WIDTH * at / TABLES.len();
    format!("[{}{}]", "=".repeat(full), " ".repeat(WIDTH - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_was_done_how_fast_and_of_what() {
        let line = line("copied", 3000, 0, Duration::from_secs(2));
        assert_eq!(line, format!("copied 3000 records, 1500 a second: table 1 of {}, registry", TABLES.len()));
        assert_eq!(bar(0), format!("[{}]", " ".repeat(WIDTH)));
        assert!(bar(TABLES.len() - 1).starts_with("[======"));
    }
}
