//! Reading: what every part of a manifest is read by. What is wrong is noted, and the rest is read all the same.

use crate::apps::manifest::fault::{Faults, nearest, quoted};
use crate::apps::manifest::node::{Entry, Value};
use crate::apps::manifest::part::{Fields, Part};
use crate::domain::scope::Scope;

/// More unknown keys than anybody looks at.
const MOST_UNKNOWN_KEYS: usize = 100;

/// A key that is not read, and that Forge does not know either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// The key with the path that leads to it.
    pub path: String,
    /// Where it is written.
    pub line: usize,
    /// Where in its line, in characters.
    pub column: usize,
    /// The known key that is spelt most like it.
    pub nearest: Option<String>,
}

/// What is found while a manifest is read.
pub struct Reading<'a> {
    /// What is wrong.
    pub faults: Faults,
    /// What is accepted and not read.
    pub unknown_keys: Vec<UnknownKey>,
    /// The scopes of this server's own protected resources.
    pub known: &'a Scope,
}

impl Reading<'_> {
    /// Notes that `part` is not what was expected.
    pub fn refuse(&mut self, part: &Part<'_>, message: impl Into<String>) {
        self.faults.add(part.place(), &part.path, message);
    }

    fn expected(&mut self, part: &Part<'_>, what: &str) {
        self.refuse(part, format!("expected {what}, found {}", part.node.value.words()));
    }

    /// A map that may have these keys and no others.
    pub fn fields<'n>(&mut self, part: Part<'n>, keys: &[&str]) -> Option<Fields<'n>> {
        let fields = self.map(part)?;
        for entry in unknown(&fields, keys) {
            let path = Part::path_below(&fields.part().path, &entry.key);
            let message = format!("there is no such key here; it may have {}", listed(keys));
            self.faults.add_name(entry.place, &path, message, &entry.key, keys.iter().copied());
        }
        Some(fields)
    }

    /// A map that may have other keys than these, which are noted.
    pub fn open_fields<'n>(&mut self, part: Part<'n>, keys: &[&str]) -> Option<Fields<'n>> {
        let fields = self.map(part)?;
        for entry in unknown(&fields, keys) {
            if self.unknown_keys.len() < MOST_UNKNOWN_KEYS {
                self.unknown_keys.push(UnknownKey {
                    path: Part::path_below(&fields.part().path, &entry.key),
                    line: entry.place.line,
                    column: entry.place.column,
                    nearest: nearest(&entry.key, keys.iter().copied()),
                });
            }
        }
        Some(fields)
    }

    /// A map with whatever keys.
    pub fn map<'n>(&mut self, part: Part<'n>) -> Option<Fields<'n>> {
        match part.node.value {
            Value::Map(_) => Some(Fields::of(part)),
            _ => {
                self.expected(&part, "a map");
                None
            }
        }
    }

    /// The items of a list; none where it is no list.
    pub fn list<'n>(&mut self, part: &Part<'n>) -> Vec<Part<'n>> {
        match &part.node.value {
            Value::List(items) => {
                let numbered = items.iter().enumerate();
                numbered.map(|(at, node)| Part::new(node, format!("{}[{at}]", part.path))).collect()
            }
            _ => {
                self.expected(part, "a list");
                Vec::new()
            }
        }
    }

    /// The items of a list that must have one.
    pub fn filled_list<'n>(&mut self, part: &Part<'n>) -> Vec<Part<'n>> {
        let items = self.list(part);
        if items.is_empty() && matches!(part.node.value, Value::List(_)) {
            self.refuse(part, "expected a list with an item, found an empty one");
        }
        items
    }

    /// Text without control characters.
    pub fn text<'n>(&mut self, part: &Part<'n>) -> Option<&'n str> {
        match &part.node.value {
            Value::Text(text) if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) => {
                self.refuse(part, "expected text without control characters");
                None
            }
            Value::Text(text) => Some(text),
            _ => {
                self.expected(part, "text");
                None
            }
        }
    }

    /// Text of at most so many characters.
    pub fn text_up_to<'n>(&mut self, part: &Part<'n>, most: usize) -> Option<&'n str> {
        let text = self.text(part)?;
        let length = text.chars().count();
        if length > most {
            self.refuse(part, format!("expected at most {most} characters, found {length}"));
            return None;
        }
        Some(text)
    }

    /// Text for which `fits` is true.
    pub fn matching<'n>(&mut self, part: &Part<'n>, what: &str, fits: impl Fn(&str) -> bool) -> Option<&'n str> {
        let text = self.text(part)?;
        if !fits(text) {
            self.refuse(part, format!("expected {what}, found {}", quoted(text)));
            return None;
        }
        Some(text)
    }

    /// What is called by a key: letters, digits, `_` and `-`, at most so many.
    pub fn key<'n>(&mut self, part: &Part<'n>, most: usize) -> Option<&'n str> {
        let what = match most {
            usize::MAX => "a key of letters, digits, - and _".to_owned(),
            most => format!("a key of at most {most} letters, digits, - and _"),
        };
        self.matching(part, &what, |key| is_key(key) && key.len() <= most)
    }

    /// One of these words.
    pub fn one_of<'n>(&mut self, part: &Part<'n>, words: &[&str]) -> Option<&'n str> {
        let text = self.text(part)?;
        if !words.contains(&text) {
            let message = format!("expected {}, found {}", listed(words), quoted(text));
            self.faults.add_name(part.place(), &part.path, message, text, words.iter().copied());
            return None;
        }
        Some(text)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, part: &Part<'_>) -> Option<bool> {
        match part.node.value {
            Value::Boolean(boolean) => Some(boolean),
            _ => {
                self.expected(part, "true or false");
                None
            }
        }
    }
}

/// Whether it is letters, digits, `_` and `-`, and at least one.
pub fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn unknown<'n>(fields: &Fields<'n>, keys: &[&str]) -> impl Iterator<Item = &'n Entry> {
    fields.part().entries().iter().filter(|entry| !keys.contains(&entry.key.as_str()))
}

/// "a, b or c".
fn listed(words: &[&str]) -> String {
    match words {
        [] => "none".into(),
        [one] => (*one).into(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
