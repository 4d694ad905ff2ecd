//! Part: a node with the path that leads to it, and a map of which the keys are known.

use crate::apps::manifest::node::{Entry, Node, Place, Value};
use crate::apps::manifest::reading::Reading;

/// A part of a manifest: `permissions.scopes[2]`.
#[derive(Clone)]
pub struct Part<'n> {
    /// What is written there.
    pub node: &'n Node,
    /// How it is reached.
    pub path: String,
}

impl<'n> Part<'n> {
    /// The part at that path.
    pub fn new(node: &'n Node, path: impl Into<String>) -> Self {
        Self { node, path: path.into() }
    }

    /// Where it begins.
    pub fn place(&self) -> Place {
        self.node.place
    }

    /// The path of what stands at `key` below `path`.
    pub fn path_below(path: &str, key: &str) -> String {
        let key = match key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.')) {
            true if key.len() <= 60 => key.to_owned(),
            _ => format!("{:?}", key.chars().take(60).collect::<String>()),
        };
        if path.is_empty() { key } else { format!("{path}.{key}") }
    }

    /// What stands at the entry of this map.
    pub fn below(&self, entry: &'n Entry) -> Part<'n> {
        Part::new(&entry.node, Part::path_below(&self.path, &entry.key))
    }

    /// The entries of a map; none where it is no map.
    pub fn entries(&self) -> &'n [Entry] {
        match &self.node.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
}

/// A part that is a map.
pub struct Fields<'n> {
    part: Part<'n>,
}

impl<'n> Fields<'n> {
    /// The map that `part` is.
    pub(super) fn of(part: Part<'n>) -> Self {
        Self { part }
    }

    /// The part itself.
    pub fn part(&self) -> &Part<'n> {
        &self.part
    }

    /// What stands at `key`.
    pub fn get(&self, key: &str) -> Option<Part<'n>> {
        let entry = self.part.entries().iter().find(|entry| entry.key == key)?;
        Some(self.part.below(entry))
    }

    /// What stands at `key`, which must be there.
    pub fn required(&self, reading: &mut Reading<'_>, key: &str) -> Option<Part<'n>> {
        let found = self.get(key);
        if found.is_none() {
            reading.faults.add(self.part.place(), &self.part.path, format!("the key {key:?} is missing"));
        }
        found
    }
}
