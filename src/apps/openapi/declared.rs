//! `x-hallmark-access`: the objects, roles and settings of a protected resource; and `servers`.

use serde::de::DeserializeOwned;

use crate::apps::manifest::node::{Node, Value};
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::apps::openapi::Places;
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
    let mut list = |key: &str, name: &str, is_required: bool| -> Vec<serde_json::Value> {
        let found = if is_required { access.required(reading, key) } else { access.get(key) };
        let items = found.map(|part| reading.list(&part)).unwrap_or_default();
        items.iter().filter_map(|item| json(item, (key, name), reading, places)).collect()
    };
    let objects = list("objects", "type", true);
    let roles = list("roles", "role", true);
    let settings = list("settings", "setting", false);
    Some(WrittenModel {
        objects: every(objects, &access, "objects", reading),
        roles: every(roles, &access, "roles", reading),
        settings: every(settings, &access, "settings", reading),
        ..WrittenModel::default()
    })
}

/// Each of these, or the fault that it has, at the item that it is.
fn every<T: DeserializeOwned>(
    items: Vec<serde_json::Value>,
    access: &Fields<'_>,
    key: &str,
    reading: &mut Reading<'_>,
) -> Vec<T> {
    let parts = access.get(key).map(|part| reading.list(&part)).unwrap_or_default();
    let mut all = Vec::new();
    for (item, part) in items.into_iter().zip(&parts) {
        match serde_json::from_value(item) {
            Ok(item) => all.push(item),
            Err(error) => reading.refuse(part, error.to_string()),
        }
    }
    all
}

/// An item as JSON, with its place noted by its name. What cannot be JSON is null, so that the item keeps its place in the list.
fn json(
    item: &Part<'_>,
    (key, name): (&str, &str),
    reading: &mut Reading<'_>,
    places: &mut Places,
) -> Option<serde_json::Value> {
    if let Some(name) = item.node.at(name).and_then(Node::text) {
        places.insert(format!("{key}, {name:?}"), item.place());
    }
    if let Some(number) = number_in(item.node) {
        reading.faults.add(number.place, &item.path, "expected text, true or false, found a number");
    }
    Some(value_of(item.node))
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
