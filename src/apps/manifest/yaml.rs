//! YAML: from text to nodes, within limits that hold before anything is built. JSON is read the same way.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use crate::apps::manifest::fault::{Faults, quoted};
use crate::apps::manifest::limits::{Limits, MAX_ALIASES};
use crate::apps::manifest::node::{Entry, Node, Place, Value};

/// The one document that `text` holds, unless something is wrong with it as YAML.
pub fn read(text: &str, limits: &Limits, faults: &mut Faults) -> Option<Node> {
    let mut parser = Parser::new_from_str(text);
    let mut tree = Tree::within(*limits);
    while let Some(next) = parser.next_event() {
        let outcome = match next {
            Ok((event, span)) => tree.take(event, place(&span.start), faults),
            Err(error) => Err(misread(&error)),
        };
        if let Err((place, message)) = outcome {
            faults.add(place, "", message);
            return None;
        }
    }
    if tree.root.is_none() {
        faults.add(Place::START, "", format!("expected a map with the key {}, found nothing", limits.key));
    }
    tree.root
}

/// Why the rest of the file is not read.
type Stop = (Place, String);

/// What is built of the document so far.
struct Tree {
    limits: Limits,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Anchored>,
    nodes: usize,
}

/// A list or map that has not ended.
struct Open {
    place: Place,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, keys: BTreeSet<String>, key: Option<Key> },
}

/// A key whose value comes next.
struct Key {
    text: String,
    place: Place,
    is_again: bool,
}

/// What an alias stands for, and how often one has.
struct Anchored {
    node: Node,
    aliases: usize,
}

impl Tree {
    fn within(limits: Limits) -> Self {
        Self { limits, root: None, open: Vec::new(), anchors: BTreeMap::new(), nodes: 0 }
    }

    fn take(&mut self, event: Event<'_>, place: Place, faults: &mut Faults) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err((place, format!("{} is one document, and here begins another", self.limits.document)))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = match scalar(&text, style, tag.as_deref(), place, faults) {
                    // A key is text whatever it looks like, as in JSON.
                    _ if self.awaits_key() => Value::Text(text.to_string()),
                    value => value,
                };
                // What is not there is looked for at its key.
                let place =
                    self.key_before().filter(|_| text.is_empty() && style == ScalarStyle::Plain).unwrap_or(place);
                self.complete(Node { place, value }, anchor, faults)
            }
            Event::SequenceStart(anchor, tag) => {
                check_tag(tag.as_deref(), "seq", place, faults);
                self.open(place, anchor, Parts::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                check_tag(tag.as_deref(), "map", place, faults);
                self.open(place, anchor, Parts::Map { entries: Vec::new(), keys: BTreeSet::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(faults),
            Event::Alias(anchor) => self.alias(anchor, place, faults),
            _ => Ok(()),
        }
    }

    fn open(&mut self, place: Place, anchor: usize, parts: Parts) -> Result<(), Stop> {
        if self.awaits_key() {
            return Err((place, "expected a key that is text, found a list or a map".into()));
        }
        if self.open.len() >= self.limits.depth {
            return Err((place, format!("lists and maps lie at most {} deep within each other", self.limits.depth)));
        }
        self.open.push(Open { place, anchor, parts });
        Ok(())
    }

    fn close(&mut self, faults: &mut Faults) -> Result<(), Stop> {
        let Some(Open { place, anchor, parts }) = self.open.pop() else { return Ok(()) };
        let value = match parts {
            Parts::List(items) => Value::List(items),
            Parts::Map { entries, .. } => Value::Map(entries),
        };
        self.complete(Node { place, value }, anchor, faults)
    }

    fn alias(&mut self, anchor: usize, place: Place, faults: &mut Faults) -> Result<(), Stop> {
        let Some(anchored) = self.anchors.get_mut(&anchor) else {
            return Err((place, "an alias names what has not ended, so that it would never end".into()));
        };
        anchored.aliases += 1;
        if anchored.aliases > MAX_ALIASES {
            return Err((place, format!("an anchor is named by at most {MAX_ALIASES} aliases")));
        }
        if self.open.len() + anchored.node.depth() > self.limits.depth + 1 {
            return Err((place, format!("lists and maps lie at most {} deep within each other", self.limits.depth)));
        }
        // Counted before it is copied: this is where a small file would become a large tree.
        let count = anchored.node.count();
        self.spend(count, place)?;
        let node = self.anchors.get(&anchor).map(|anchored| Node { place, ..anchored.node.clone() });
        node.map_or(Ok(()), |node| self.put(node, faults))
    }

    fn complete(&mut self, node: Node, anchor: usize, faults: &mut Faults) -> Result<(), Stop> {
        self.spend(1, node.place)?;
        if anchor != 0 {
            self.spend(node.count(), node.place)?;
            self.anchors.insert(anchor, Anchored { node: node.clone(), aliases: 0 });
        }
        self.put(node, faults)
    }

    fn spend(&mut self, nodes: usize, place: Place) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        let within = self.nodes <= self.limits.nodes;
        let Limits { document, nodes, .. } = self.limits;
        within.then_some(()).ok_or_else(|| (place, format!("{document} has at most {nodes} parts, aliases included")))
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { parts: Parts::Map { key: None, .. }, .. }))
    }

    fn key_before(&self) -> Option<Place> {
        match self.open.last() {
            Some(Open { parts: Parts::Map { key: Some(key), .. }, .. }) => Some(key.place),
            _ => None,
        }
    }

    fn put(&mut self, node: Node, faults: &mut Faults) -> Result<(), Stop> {
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.root = Some(node),
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map { entries, keys, key }) => match key.take() {
                None => *key = Some(next_key(node, keys, faults)?),
                Some(Key { is_again: true, .. }) => {}
                Some(Key { text, place, .. }) => entries.push(Entry { key: text, place, node }),
            },
        }
        Ok(())
    }
}

fn next_key(node: Node, keys: &mut BTreeSet<String>, faults: &mut Faults) -> Result<Key, Stop> {
    let text = match node.value {
        Value::Text(text) => text,
        other => return Err((node.place, format!("expected a key that is text, found {}", other.words()))),
    };
    let is_again = !keys.insert(text.clone());
    if is_again {
        faults.add(node.place, "", format!("the key {} is there twice", quoted(&text)));
    }
    Ok(Key { text, place: node.place, is_again })
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, place: Place, faults: &mut Faults) -> Value {
    let plain = if style == ScalarStyle::Plain { Value::of_plain(text) } else { Value::Text(text.to_owned()) };
    let Some(tag) = tag else { return plain };
    if tag.is_yaml_core_schema() && tag.suffix == "str" {
        return Value::Text(text.to_owned());
    }
    let says = match plain {
        Value::Nothing => "null",
        Value::Boolean(_) => "bool",
        // A tag may make a whole number a fraction, which makes no difference here.
        Value::Number if tag.suffix == "int" => "int",
        Value::Number => "float",
        _ => "str",
    };
    check_tag(Some(tag), says, place, faults);
    plain
}

/// A tag may say what a part is anyway, and nothing else.
fn check_tag(tag: Option<&Tag>, says: &str, place: Place, faults: &mut Faults) {
    if let Some(tag) = tag.filter(|tag| !(tag.is_yaml_core_schema() && tag.suffix == says)) {
        let written = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
        let written = quoted(&written);
        faults.add(place, "", format!("expected no tag that makes this anything but what it is, found {written}"));
    }
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line().max(1), column: marker.col() + 1 }
}

fn misread(error: &ScanError) -> Stop {
    (place(error.marker()), format!("this is no YAML: {}", error.info()))
}
