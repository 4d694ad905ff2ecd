//! `paths`: each method of a path is an operation.

use crate::apps::manifest::node::Value;
use crate::apps::manifest::part::{Fields, Part};
use crate::apps::manifest::reading::Reading;
use crate::apps::openapi::security::{Schemes, is_reference};
use crate::apps::openapi::{OWN, Places};
use crate::domain::access_model::WrittenOperation;
use crate::domain::connect::Level;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The extensions that an operation may have. One that is misspelt would leave it without what it takes.
const EXTENSIONS: [&str; 6] = [
    "x-hallmark-connect",
    "x-hallmark-container-token",
    "x-hallmark-filter",
    "x-hallmark-object",
    "x-hallmark-role",
    "x-hallmark-role-on-site",
];

const LEVELS: [&str; 5] = ["READ", "WRITE", "DELETE", "PROJECT_ADMIN", "ADMIN"];

/// The operations in the order of the document.
pub fn read(
    root: &Fields<'_>,
    whole_site: &str,
    reading: &mut Reading<'_>,
    places: &mut Places,
) -> Vec<WrittenOperation> {
    let schemes = Schemes::of(root, reading);
    let general = root.get("security");
    let paths = root.required(reading, "paths").and_then(|part| reading.map(part));
    let mut operations = Vec::new();
    for entry in paths.iter().flat_map(|paths| paths.part().entries()) {
        if entry.key.starts_with("x-") {
            continue;
        }
        let Some(path) = reading.map(Part::new(&entry.node, Part::path_below("paths", &entry.key))) else { continue };
        if is_reference(&path, reading) {
            continue;
        }
        if let Some(servers) = path.get("servers") {
            reading.refuse(&servers, "a path begins where the servers of the document do, and has none of its own");
        }
        for entry in path.part().entries().iter().filter(|entry| entry.key.starts_with(OWN)) {
            let message = "an extension belongs to each operation, and says nothing of a whole path";
            reading.faults.add(entry.place, &Part::path_below(&path.part().path, &entry.key), message);
        }
        for method in path.part().entries().iter().filter(|method| METHODS.contains(&method.key.as_str())) {
            let name = format!("{} {}", method.key.to_ascii_uppercase(), entry.key);
            places.insert(format!("operations, {name:?}"), method.place);
            let Some(fields) = reading.map(path.part().below(method)) else { continue };
            let security = fields.get("security").or_else(|| general.clone());
            let scope = security.and_then(|security| schemes.scope(&security, reading));
            let start = WrittenOperation { operation: name, scope, on: whole_site.into(), ..Default::default() };
            operations.push(extended(start, &fields, reading));
        }
    }
    operations
}

fn extended(mut operation: WrittenOperation, fields: &Fields<'_>, reading: &mut Reading<'_>) -> WrittenOperation {
    for entry in fields.part().entries() {
        let part = fields.part().below(entry);
        match entry.key.as_str() {
            "x-hallmark-role" => operation.requires = reading.text(&part).map(str::to_owned),
            "x-hallmark-role-on-site" => operation.on_site = reading.text(&part).map(str::to_owned),
            "x-hallmark-connect" => operation.connect = level(&part, reading),
            "x-hallmark-filter" => operation.filter = reading.boolean(&part).unwrap_or_default(),
            "x-hallmark-container-token" => operation.container_token = reading.boolean(&part).unwrap_or_default(),
            "x-hallmark-object" => object(&mut operation, part, reading),
            "servers" => {
                reading
                    .refuse(&part, "an operation begins where the servers of the document do, and has none of its own");
            }
            other if other.starts_with(OWN) => {
                let message = "there is no such extension";
                reading.faults.add_name(entry.place, &part.path, message, other, EXTENSIONS.into_iter());
            }
            _ => {}
        }
    }
    operation
}

fn level(part: &Part<'_>, reading: &mut Reading<'_>) -> Option<Level> {
    reading.one_of(part, &LEVELS).and_then(|level| level.parse().ok())
}

/// A type, or a type with the parameter of the path that has the identifier.
fn object(operation: &mut WrittenOperation, part: Part<'_>, reading: &mut Reading<'_>) {
    if let Value::Text(kind) = &part.node.value {
        operation.on.clone_from(kind);
        return;
    }
    let Some(fields) = reading.fields(part, &["type", "id"]) else { return };
    if let Some(kind) = fields.required(reading, "type").and_then(|kind| reading.text(&kind)) {
        operation.on = kind.to_owned();
    }
    operation.id = fields.get("id").and_then(|id| reading.text(&id).map(str::to_owned));
}
