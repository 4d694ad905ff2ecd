//! Variables: `${NAME}` in a text stands for the default of `environment.variables`.
//!
//! Forge's tools also look into the environment of whoever deploys. This server does not: its own environment holds
//! secrets, and a manifest that is uploaded could print them.

use std::collections::BTreeMap;

use crate::apps::manifest::node::{Node, Value};
use crate::apps::manifest::part::Part;
use crate::apps::manifest::reading::Reading;

/// How much all defaults together may grow a manifest by, in bytes.
const MAX_GROWTH: usize = 256 * 1024;

/// The declared variables, each with its default.
type Variables = BTreeMap<String, Option<String>>;

/// Puts the defaults in place of the variables.
pub fn fill(root: &mut Node, reading: &mut Reading<'_>) {
    let variables = declared(root, reading);
    if !variables.is_empty() {
        Filling { variables, grown: 0 }.fill(root, "", reading);
    }
}

fn declared(root: &Node, reading: &mut Reading<'_>) -> Variables {
    let mut variables = Variables::new();
    let Some(environment) = root.at("environment") else { return variables };
    let Some(environment) = reading.fields(Part::new(environment, "environment"), &["variables"]) else {
        return variables;
    };
    let listed = environment.get("variables").map(|part| reading.list(&part)).unwrap_or_default();
    for variable in listed {
        let (key, default) = match variable.node.value {
            Value::Map(_) => {
                let Some(fields) = reading.fields(variable, &["key", "default"]) else { continue };
                let default = fields.required(reading, "default").and_then(|part| reading.text(&part));
                (fields.required(reading, "key"), default)
            }
            _ => (Some(variable), None),
        };
        let name = key.and_then(|part| reading.matching(&part, "the name of a variable", is_name));
        if let Some(name) = name {
            variables.entry(name.to_owned()).or_insert(default.map(str::to_owned));
        }
    }
    variables
}

struct Filling {
    variables: Variables,
    grown: usize,
}

impl Filling {
    fn fill(&mut self, node: &mut Node, path: &str, reading: &mut Reading<'_>) {
        let place = node.place;
        match &mut node.value {
            Value::Text(text) => match self.filled(text) {
                Ok(Some(filled)) => *text = filled,
                Ok(None) => {}
                Err(message) => reading.faults.add(place, path, message),
            },
            Value::List(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.fill(item, &format!("{path}[{at}]"), reading);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    let below = Part::path_below(path, &entry.key);
                    self.fill(&mut entry.node, &below, reading);
                }
            }
            Value::Nothing | Value::Boolean(_) | Value::Number => {}
        }
    }

    /// The text with its variables filled in; nothing where it has none that is declared.
    fn filled(&mut self, text: &str) -> Result<Option<String>, String> {
        let (mut filled, mut rest) = (String::new(), text);
        let mut found = false;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            let name = after[2..].split('}').next().unwrap_or_default();
            let known = self.variables.get(name).filter(|_| after[2 + name.len()..].starts_with('}'));
            filled.push_str(before);
            match known {
                None => {
                    filled.push_str("${");
                    rest = &after[2..];
                }
                Some(None) => return Err(format!("the variable {name} has no value here; give it a default")),
                Some(Some(default)) => {
                    found = true;
                    self.grown += default.len();
                    if self.grown > MAX_GROWTH {
                        return Err(format!("the defaults of variables take more than {MAX_GROWTH} bytes"));
                    }
                    filled.push_str(default);
                    rest = &after[3 + name.len()..];
                }
            }
        }
        filled.push_str(rest);
        Ok(found.then_some(filled))
    }
}

fn is_name(name: &str) -> bool {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
