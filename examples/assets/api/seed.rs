//! What there is at the beginning: one schema with two types of objects, three objects, and an import source if one is named.

use std::collections::BTreeMap;

use hallmark::domain::label::Label;
use rocket::serde::json::json;

use super::imports::ImportSource;
use super::store::{Attribute, Object, ObjectType, Schema, Workspace};

/// A workspace to begin with.
pub struct Place {
    /// Its identifier at Hallmark.
    pub workspace: String,
    /// An import source that Hallmark has for it.
    pub import_source: Option<String>,
}

/// An identifier, and a text.
type Pair = (u64, &'static str);

const SCHEMA: u64 = 4;
const TYPES: [(u64, &str, &[Pair]); 2] =
    [(12, "Server", &[(121, "Name"), (122, "Address")]), (13, "Service", &[(131, "Name")])];
const OBJECTS: [(u64, u64, &[Pair]); 3] = [
    (87, 12, &[(121, "web-1"), (122, "192.0.2.1")]),
    (88, 12, &[(121, "web-2"), (122, "192.0.2.2")]),
    (91, 13, &[(131, "mail-relay")]),
];
/// The first identifier that is given is the next.
const LAST_ID: u64 = 200;

impl Workspace {
    /// A workspace as it is at the beginning.
    pub fn of(place: &Place) -> Self {
        let mut workspace = Self { id: place.workspace.clone(), last_id: LAST_ID, ..Self::default() };
        let Ok(machines) = "Machines".parse::<Label>() else { return workspace };
        let schema = Schema {
            name: machines.clone(),
            key: "DEMO".into(),
            description: "What the examples are about".into(),
            properties: json!({}),
        };
        workspace.schemas.insert(SCHEMA, schema);
        for ((id, name, attributes), position) in TYPES.iter().zip(0..) {
            let Ok(name) = name.parse() else { continue };
            let kind = ObjectType { schema: SCHEMA, name, description: String::new(), position };
            workspace.types.insert(*id, kind);
            let attribute =
                |(attribute, name): &Pair| (*attribute, Attribute { object_type: *id, name: (*name).into() });
            workspace.attributes.extend(attributes.iter().map(attribute));
        }
        let object = |(id, object_type, values): &(u64, u64, &[Pair])| {
            let values: BTreeMap<_, _> = values.iter().map(|(at, value)| (*at, vec![(*value).to_owned()])).collect();
            (*id, Object { object_type: *object_type, values, history: Vec::new() })
        };
        workspace.objects.extend(OBJECTS.iter().map(object));
        let source = place.import_source.iter().map(|id| (id.clone(), ImportSource::new(SCHEMA, machines.clone())));
        workspace.sources.extend(source);
        workspace
    }
}
