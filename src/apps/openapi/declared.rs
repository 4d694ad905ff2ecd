//! `x-hallmark-access`: the objects, roles and settings of a protected resource; and `servers`.

use serde::de::DeserializeOwned;

use crate::apps::manifest::node::{Node, Value};
use crate::apps::manifest::part::Fields;
use crate::apps::manifest::reading::Reading;
use crate::apps::openapi::{OWN, Places};
use crate::domain::access_model::WrittenModel;

/// The key of a document.
const ACCESS: &str = "x-hallmark-access";

const KEYS: [&str; 3] = ["objects", "roles", "settings"];

/// What is declared beside operations.
pub fn read(root: &Fields<'_>, reading: &mut Reading<'_>, places: &mut Places) -> Option<WrittenModel> {
    let Some(access) = root.get(ACCESS) else {
        let message =
            format!("the key {ACCESS:?} is missing; declare objects and roles there, or name a model with --roles");
        reading.faults.add(root.part().place(), "", message);
        return None;
    };
    let access = reading.fields(access, &KEYS)?;
    for key in ["objects", "roles"] {
        access.required(reading, key);
    }
    Some(WrittenModel {
        objects: list(&access, ("objects", "type"), reading, places),
        roles: list(&access, ("roles", "role"), reading, places),
        settings: list(&access, ("settings", "setting"), reading, places),
        ..WrittenModel::default()
    })
}

/// The items at a key that mean something, with the place of each noted by its name.
fn list<T: DeserializeOwned>(
    access: &Fields<'_>,
    (key, name): (&str, &str),
    reading: &mut Reading<'_>,
    places: &mut Places,
) -> Vec<T> {
    let items = access.get(key).map(|part| reading.list(&part)).unwrap_or_default();
    let mut all = Vec::new();
    for item in &items {
        if let Some(name) = item.node.at(name).and_then(Node::text) {
            places.insert(format!("{key}, {name:?}"), item.place());
        }
        match number_in(item.node) {
            Some(number) => {
                reading.faults.add(number.place, &item.path, "expected text, true or false, found a number");
            }
            None => match serde_json::from_value(value_of(item.node)) {
                Ok(meant) => all.push(meant),
                Err(error) => reading.refuse(item, error.to_string()),
            },
        }
    }
    all
}

fn number_in(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Number => Some(node),
        Value::List(items) => items.iter().find_map(number_in),
        Value::Map(entries) => entries.iter().find_map(|entry| number_in(&entry.node)),
        Value::Nothing | Value::Boolean(_) | Value::Text(_) => None,
    }
}

fn value_of(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Nothing | Value::Number => serde_json::Value::Null,
        Value::Boolean(boolean) => (*boolean).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(value_of).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), value_of(&entry.node)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// Notes each extension of this server that no document has.
pub fn refuse_unknown(root: &Fields<'_>, reading: &mut Reading<'_>) {
    let own = root.part().entries().iter().filter(|entry| entry.key.starts_with(OWN) && entry.key != ACCESS);
    for entry in own {
        let message = "a document has no such extension";
        reading.faults.add_name(entry.place, &entry.key, message, &entry.key, std::iter::once(ACCESS));
    }
}

/// The paths of `servers`; nothing where the document names none.
pub fn servers(root: &Fields<'_>, reading: &mut Reading<'_>, places: &mut Places) -> Option<Vec<String>> {
    let servers = root.get("servers")?;
    let mut paths: Vec<String> = Vec::new();
    for server in reading.list(&servers) {
        let Some(fields) = reading.map(server) else { continue };
        let Some(url) = fields.required(reading, "url") else { continue };
        let Some(text) = reading.text(&url) else { continue };
        let path = path_of(text).trim_end_matches('/').to_owned();
        places.insert(format!("servers, {path:?}"), url.place());
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    Some(paths)
}

/// The path of a URL, which may be one without a host.
fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => url,
    }
}

/// The type of objects that the whole site is.
pub fn whole_site(model: &WrittenModel) -> String {
    let first = model.objects.first().and_then(|first| serde_json::to_value(first).ok());
    first.and_then(|first| first["type"].as_str().map(str::to_owned)).unwrap_or_default()
}
