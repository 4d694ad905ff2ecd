//! DescriptorFault: what is wrong with a descriptor, and where.

use std::fmt;

use crate::apps::connect::descriptor::json::{Part, Value};
use crate::apps::manifest::{nearest, quoted};

/// More faults than anybody mends before trying again.
pub const MOST: usize = 50;

/// More than that are not kept. Parts are read in nearly the order of the file.
const MOST_FOUND: usize = 4 * MOST;

/// More unknown keys than anybody looks at.
const MOST_WARNINGS: usize = 50;

/// The longest pointer that is told whole, in characters.
const LONGEST_POINTER: usize = 200;

/// One thing that is wrong with a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescriptorFault {
    /// The part, as a JSON pointer (RFC 6901): `/authentication/type`; empty where it is the file.
    pub pointer: String,
    /// What was expected, and what is there.
    pub message: String,
}

impl fmt::Display for DescriptorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// What is found while a descriptor is read. What is wrong is noted, and the rest is read all the same.
#[derive(Default)]
pub struct Reading {
    faults: Vec<(usize, DescriptorFault)>,
    warnings: Vec<(usize, String)>,
}

impl Reading {
    /// Notes that `part` is not what was expected.
    pub fn refuse(&mut self, part: &Part<'_>, message: impl Into<String>) {
        self.push(part.node.at, &part.pointer, message.into());
    }

    /// Notes that `part` lacks `key`.
    pub fn miss(&mut self, part: &Part<'_>, key: &str, expected: &str) {
        self.push(part.node.at, &part.pointer_to(key), format!("expected {expected}"));
    }

    fn push(&mut self, at: usize, pointer: &str, message: String) {
        if self.faults.len() < MOST_FOUND {
            self.faults.push((at, DescriptorFault { pointer: short(pointer), message }));
        }
    }

    /// Notes what is taken and yet not as whoever wrote it may think.
    pub fn warn(&mut self, part: &Part<'_>, message: impl fmt::Display) {
        if self.warnings.len() < MOST_WARNINGS {
            self.warnings.push((part.node.at, format!("{}: {message}", short(&part.pointer))));
        }
    }

    /// An object. It may have other keys than `known`, of which is warned.
    pub fn object<'n>(&mut self, part: Part<'n>, known: &[&str]) -> Option<Part<'n>> {
        let object = self.map(part)?;
        for (key, part) in object.entries().filter(|(key, _)| !known.contains(key)).take(MOST_WARNINGS) {
            let meant = did_you_mean(key, known);
            self.warn(&part, format_args!("this key is not known, and is not read{meant}"));
        }
        Some(object)
    }

    /// An object with whatever keys.
    pub fn map<'n>(&mut self, part: Part<'n>) -> Option<Part<'n>> {
        match part.node.value {
            Value::Object(_) => Some(part),
            _ => {
                self.expected(&part, "an object");
                None
            }
        }
    }

    /// The items of a list; none where it is no list.
    pub fn list<'n>(&mut self, part: &Part<'n>) -> Vec<Part<'n>> {
        if !matches!(part.node.value, Value::List(_)) {
            self.expected(part, "a list");
        }
        part.items().collect()
    }

    /// Text.
    pub fn text<'n>(&mut self, part: &Part<'n>) -> Option<&'n str> {
        match &part.node.value {
            Value::Text(text) => Some(text),
            _ => {
                self.expected(part, "text");
                None
            }
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, part: &Part<'_>) -> Option<bool> {
        match part.node.value {
            Value::Boolean(value) => Some(value),
            _ => {
                self.expected(part, "true or false");
                None
            }
        }
    }

    /// Notes that `text` is none of `words`.
    pub fn no_word(&mut self, part: &Part<'_>, text: &str, words: &[&str]) {
        let meant = if self.faults.len() < MOST { did_you_mean(text, words) } else { String::new() };
        self.refuse(part, format!("expected {}, found {}{meant}", words.join(", "), quoted(text)));
    }

    fn expected(&mut self, part: &Part<'_>, what: &str) {
        self.refuse(part, format!("expected {what}, found {}", part.words()));
    }

    /// The warnings, or the faults, if there are any: in the order of the file, and no more than somebody reads.
    pub fn end(mut self) -> Result<Vec<String>, Vec<DescriptorFault>> {
        if self.faults.is_empty() {
            self.warnings.sort_by_key(|(at, _)| *at);
            return Ok(self.warnings.into_iter().map(|(_, warning)| warning).collect());
        }
        self.faults.sort_by_key(|(at, _)| *at);
        Err(self.faults.into_iter().map(|(_, fault)| fault).take(MOST).collect())
    }
}

fn did_you_mean(text: &str, words: &[&str]) -> String {
    let nearest_to = |text: &str| nearest(text, words.iter().copied());
    let nearest = nearest_to(text).or_else(|| nearest_to(&text.to_ascii_uppercase()));
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}

fn short(pointer: &str) -> String {
    let mut short: String = pointer.chars().take(LONGEST_POINTER).collect();
    if short.len() < pointer.len() {
        short.push('…');
    }
    short
}
