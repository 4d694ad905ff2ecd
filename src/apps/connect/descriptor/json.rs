//! JSON as it is written: keys in their order, also those that are there twice, and every part with its place and its pointer
//! (RFC 6901).

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value, and how many values begin before it.
pub struct Node {
    pub at: usize,
    pub value: Value,
}

/// What matters of a value.
pub enum Value {
    Null,
    Boolean(bool),
    Number,
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// A value with the pointer that leads to it.
pub struct Part<'n> {
    pub node: &'n Node,
    pub pointer: String,
}

/// Reads a text. What is nested deeper than serde_json follows is none.
pub fn read(text: &str) -> serde_json::Result<Node> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let node = Reading(&Cell::new(0)).deserialize(&mut reader)?;
    reader.end()?;
    Ok(node)
}

impl Node {
    /// Itself, where the pointer is empty.
    pub fn root(&self) -> Part<'_> {
        Part { node: self, pointer: String::new() }
    }

    /// The pointer is one text that grows and shrinks, since a file may hold long keys and many values.
    fn find_repeated<'n>(&'n self, pointer: &mut String, found: &mut impl FnMut(&'n Node, &str)) {
        let length = pointer.len();
        match &self.value {
            Value::Object(entries) => {
                let mut names = HashSet::new();
                for (key, node) in entries {
                    pointer.push_str(&step(key));
                    if !names.insert(key) {
                        found(node, pointer);
                    }
                    node.find_repeated(pointer, found);
                    pointer.truncate(length);
                }
            }
            Value::List(items) => {
                for (at, node) in items.iter().enumerate() {
                    pointer.push_str(&step(&at.to_string()));
                    node.find_repeated(pointer, found);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }
}

/// One step of a pointer (RFC 6901 section 3).
fn step(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

impl<'n> Part<'n> {
    /// The pointer to a key of this part, whether it is there or not.
    pub fn pointer_to(&self, key: &str) -> String {
        format!("{}{}", self.pointer, step(key))
    }

    /// What has a key; none where there is no such key.
    pub fn get(&self, key: &str) -> Option<Part<'n>> {
        self.entries().find(|(name, _)| *name == key).map(|(_, part)| part)
    }

    /// All that an object holds.
    pub fn entries(&self) -> impl Iterator<Item = (&'n str, Part<'n>)> {
        let entries = match &self.node.value {
            Value::Object(entries) => entries.as_slice(),
            _ => &[],
        };
        entries.iter().map(|(key, node)| (key.as_str(), Part { node, pointer: self.pointer_to(key) }))
    }

    /// All that a list holds.
    pub fn items(&self) -> impl Iterator<Item = Part<'n>> {
        let items = match &self.node.value {
            Value::List(items) => items.as_slice(),
            _ => &[],
        };
        items.iter().enumerate().map(|(at, node)| Part { node, pointer: self.pointer_to(&at.to_string()) })
    }

    /// The first `most` keys below this part that their object has already. Of such keys one program reads the first and
    /// another the last.
    pub fn repeated_keys(&self, most: usize) -> Vec<Part<'n>> {
        let mut found = Vec::new();
        self.node.find_repeated(&mut self.pointer.clone(), &mut |node, pointer| {
            if found.len() < most {
                found.push(Part { node, pointer: pointer.to_owned() });
            }
        });
        found
    }

    /// What it is, in words.
    pub fn words(&self) -> &'static str {
        match &self.node.value {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

struct Reading<'c>(&'c Cell<usize>);

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let at = self.0.get();
        self.0.set(at + 1);
        Ok(Node { at, value: deserializer.deserialize_any(self)? })
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Reading(self.0))? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = object.next_key()? {
            entries.push((key, object.next_value_seed(Reading(self.0))?));
        }
        Ok(Value::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_its_part() {
        let node = read(r#"{"a/b": [{}, {"~": true}]}"#).expect("JSON");
        let list = node.root().get("a/b").expect("a key");
        let item = list.items().nth(1).expect("an item");
        assert_eq!(item.get("~").expect("a key").pointer, "/a~1b/1/~0");
    }

    #[test]
    fn a_key_that_is_there_twice_is_found_wherever_it_is() {
        let node = read(r#"{"a": 1, "b": [{"c": {"d": 1, "d": 1}}], "a": {"e": 1, "e": 1}}"#).expect("JSON");
        let found: Vec<String> = node.root().repeated_keys(9).into_iter().map(|part| part.pointer).collect();
        assert_eq!(found, ["/b/0/c/d", "/a", "/a/e"]);
    }
}
