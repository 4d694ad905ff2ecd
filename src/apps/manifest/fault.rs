//! ManifestFault: what is wrong with a manifest, where, and what was probably meant.

use std::fmt;

use crate::apps::catalogue;
use crate::apps::manifest::node::Place;

/// More faults than anybody mends before trying again.
const MOST: usize = 50;

/// More than that are not kept. Those that are told are the first by their place, and parts are read in nearly that order.
const MOST_FOUND: usize = 4 * MOST;

/// The longest name for which a nearest one is sought, which takes a while. No scope of Forge has more than 56 letters.
const LONGEST_NAME: usize = 80;

/// The longest text that a message quotes.
const LONGEST_QUOTED: usize = 100;

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFault {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// Where the part begins that is wrong.
    pub line: usize,
    /// Where in its line, in characters.
    pub column: usize,
    /// The part: `permissions.scopes[2]`; empty where it is the file.
    pub path: String,
    /// What was expected, and what is there.
    pub message: String,
    /// The valid name that is spelt most like what is there.
    pub nearest: Option<String>,
}

impl fmt::Display for ManifestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean {nearest}?"),
            None => Ok(()),
        }
    }
}

/// The faults of one manifest, as they are found.
pub struct Faults {
    file: String,
    found: Vec<ManifestFault>,
}

impl Faults {
    /// None yet.
    pub fn of(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    /// Adds one.
    pub fn add(&mut self, place: Place, path: &str, message: impl Into<String>) {
        self.push(place, path, message.into(), None);
    }

    /// Adds one of a name that is none of `valid`.
    pub fn add_name<'a>(
        &mut self,
        place: Place,
        path: &str,
        message: impl Into<String>,
        name: &str,
        valid: impl Iterator<Item = &'a str>,
    ) {
        let nearest = if self.found.len() < MOST { nearest(name, valid) } else { None };
        self.push(place, path, message.into(), nearest);
    }

    fn push(&mut self, place: Place, path: &str, message: String, nearest: Option<String>) {
        if self.found.len() < MOST_FOUND {
            let (line, column) = (place.line, place.column);
            let (file, path) = (self.file.clone(), path.to_owned());
            self.found.push(ManifestFault { file, line, column, path, message, nearest });
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them by their place, but no more than somebody reads.
    pub fn in_order(mut self) -> Vec<ManifestFault> {
        self.found.sort_by_key(|fault| (fault.line, fault.column));
        self.found.dedup();
        self.found.truncate(MOST);
        self.found
    }
}

/// The valid name that is spelt most like `name`, if any is near enough to be a slip.
pub fn nearest<'a>(name: &str, valid: impl Iterator<Item = &'a str>) -> Option<String> {
    if name.len() > LONGEST_NAME { None } else { catalogue::nearest(name, valid) }
}

/// What is written, short enough for a message.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST_QUOTED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
