//! What there is, in memory: workspaces with schemas, their object types with attributes, objects, and import sources.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hallmark::domain::label::Label;
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject};
use hallmark::resource_server::{ObjectTree, Unknown};
use rocket::serde::json::{Value, json};

use super::answer::Fault;
use super::imports::ImportSource;
use super::seed::Place;

/// The workspaces by their identifiers.
pub struct Store(Mutex<BTreeMap<String, Workspace>>);

/// A workspace. Whatever has an identifier has another one than anything else of the workspace.
#[derive(Default)]
pub struct Workspace {
    pub id: String,
    pub schemas: BTreeMap<u64, Schema>,
    pub types: BTreeMap<u64, ObjectType>,
    pub attributes: BTreeMap<u64, Attribute>,
    pub objects: BTreeMap<u64, Object>,
    pub statuses: BTreeMap<u64, Setting>,
    pub references: BTreeMap<u64, Setting>,
    pub sources: BTreeMap<String, ImportSource>,
    pub last_id: u64,
}

pub struct Schema {
    pub name: Label,
    pub key: String,
    pub description: String,
    pub properties: Value,
}

pub struct ObjectType {
    pub schema: u64,
    pub name: Label,
    pub description: String,
    pub position: u64,
}

pub struct Attribute {
    pub object_type: u64,
    pub name: String,
}

/// An object: its values by attribute, and what became of them.
pub struct Object {
    pub object_type: u64,
    pub values: BTreeMap<u64, Vec<String>>,
    pub history: Vec<Value>,
}

/// A status type or reference type, of one schema or of all.
pub struct Setting {
    pub schema: Option<u64>,
    pub value: Value,
}

impl Store {
    /// As it is at the beginning.
    pub fn of(places: &[Place]) -> Self {
        Self(Mutex::new(places.iter().map(|place| (place.workspace.clone(), Workspace::of(place))).collect()))
    }

    /// Whatever is done in a workspace.
    pub fn at<T>(&self, id: &str, work: impl FnOnce(&mut Workspace) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut workspaces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(workspaces.get_mut(id).ok_or(Fault::NotFound("there is no such workspace"))?)
    }

    /// Everything on which roles are given, by workspace.
    pub fn told(&self) -> Vec<(String, Vec<ProtectedObject>)> {
        let workspaces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        workspaces.iter().map(|(id, workspace)| (id.clone(), workspace.told())).collect()
    }
}

#[rocket::async_trait]
impl ObjectTree for Store {
    async fn above(&self, site: &str, object: &ObjectRef) -> Result<Vec<ObjectRef>, Unknown> {
        let workspaces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(workspace) = workspaces.get(site) else { return Ok(Vec::new()) };
        let mut above: Vec<ObjectRef> = workspace.parent(object).into_iter().collect();
        above.extend(above.first().and_then(|parent| workspace.parent(parent)));
        Ok(above)
    }
}

impl Workspace {
    /// An identifier that nothing has.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn schema(&self, id: u64) -> Result<&Schema, Fault> {
        self.schemas.get(&id).ok_or(Fault::NotFound("there is no such object schema"))
    }

    pub fn object_type(&self, id: u64) -> Result<&ObjectType, Fault> {
        self.types.get(&id).ok_or(Fault::NotFound("there is no such object type"))
    }

    pub fn object(&self, id: u64) -> Result<&Object, Fault> {
        self.objects.get(&id).ok_or(Fault::NotFound("there is no such object"))
    }

    /// The attributes of an object type, the first of which is what people call its objects.
    pub fn attributes_of(&self, object_type: u64) -> impl Iterator<Item = (u64, &Attribute)> {
        let of_type = move |(_, attribute): &(&u64, &Attribute)| attribute.object_type == object_type;
        self.attributes.iter().filter(of_type).map(|(id, attribute)| (*id, attribute))
    }

    /// What an object type and everything in it goes with.
    pub fn remove_type(&mut self, id: u64) {
        self.types.remove(&id);
        self.attributes.retain(|_, attribute| attribute.object_type != id);
        self.objects.retain(|_, object| object.object_type != id);
    }

    fn parent(&self, object: &ObjectRef) -> Option<ObjectRef> {
        let number = object.id().parse();
        let (kind, id) = match object.kind() {
            "object" => ("object_type", self.objects.get(&number.ok()?)?.object_type),
            "object_type" => ("schema", self.types.get(&number.ok()?)?.schema),
            "import_source" => ("schema", self.sources.get(object.id())?.schema),
            _ => return None,
        };
        object_ref(kind, id)
    }

    fn told(&self) -> Vec<ProtectedObject> {
        let told = |kind, id: &str, label: &Label| {
            let object = ObjectRef::new(kind, id).ok()?;
            Some(ProtectedObject { parent: self.parent(&object), object, label: label.clone() })
        };
        let schemas = self.schemas.iter().filter_map(|(id, schema)| told("schema", &id.to_string(), &schema.name));
        let types = self.types.iter().filter_map(|(id, kind)| told("object_type", &id.to_string(), &kind.name));
        let sources = self.sources.iter().filter_map(|(id, source)| told("import_source", id, &source.name));
        schemas.chain(types).chain(sources).collect()
    }
}

/// What Hallmark calls something that has a number here.
pub fn object_ref(kind: &str, id: u64) -> Option<ObjectRef> {
    ObjectRef::new(kind, &id.to_string()).ok()
}

/// What an identifier in a body is: clients write numbers, or numbers in quotes.
pub fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

impl Schema {
    /// How it is told.
    pub fn json(&self, workspace: &Workspace, id: u64) -> Value {
        let types: Vec<u64> = workspace.types.iter().filter(|(_, kind)| kind.schema == id).map(|(id, _)| *id).collect();
        let objects = workspace.objects.values().filter(|object| types.contains(&object.object_type)).count();
        json!({
            "workspaceId": workspace.id, "globalId": format!("{}:{id}", workspace.id), "id": id.to_string(),
            "name": self.name, "objectSchemaKey": self.key, "description": self.description, "status": "Ok",
            "objectCount": objects, "objectTypeCount": types.len(),
        })
    }
}

impl ObjectType {
    /// How it is told.
    pub fn json(&self, workspace: &Workspace, id: u64) -> Value {
        let objects = workspace.objects.values().filter(|object| object.object_type == id).count();
        json!({
            "workspaceId": workspace.id, "globalId": format!("{}:{id}", workspace.id), "id": id.to_string(),
            "name": self.name, "description": self.description, "position": self.position,
            "objectSchemaId": self.schema.to_string(), "objectCount": objects, "inherited": false, "abstractObjectType": false,
        })
    }
}

impl Attribute {
    /// How it is told.
    pub fn json(&self, workspace: &Workspace, id: u64) -> Value {
        let is_label = workspace.attributes_of(self.object_type).next().is_some_and(|(first, _)| first == id);
        json!({
            "workspaceId": workspace.id, "globalId": format!("{}:{id}", workspace.id), "id": id.to_string(),
            "name": self.name, "label": is_label, "type": 0, "defaultType": { "id": 0, "name": "Text" },
            "objectTypeId": self.object_type.to_string(), "editable": true, "minimumCardinality": u8::from(is_label),
        })
    }
}

impl Object {
    /// What people call it.
    pub fn label<'w>(&'w self, workspace: &'w Workspace) -> &'w str {
        let first = workspace.attributes_of(self.object_type).next();
        let value = first.and_then(|(id, _)| self.values.get(&id)).and_then(|values| values.first());
        value.map_or("", String::as_str)
    }

    /// The key by which people name it: that of its schema, and its number.
    pub fn key(&self, workspace: &Workspace, id: u64) -> String {
        let kind = workspace.types.get(&self.object_type);
        let schema = kind.and_then(|kind| workspace.schemas.get(&kind.schema));
        format!("{}-{id}", schema.map_or("", |schema| schema.key.as_str()))
    }

    /// How it is told.
    pub fn json(&self, workspace: &Workspace, id: u64) -> Value {
        let kind = workspace.types.get(&self.object_type).map(|kind| kind.json(workspace, self.object_type));
        json!({
            "workspaceId": workspace.id, "globalId": format!("{}:{id}", workspace.id), "id": id.to_string(),
            "label": self.label(workspace), "objectKey": self.key(workspace, id), "objectType": kind,
            "attributes": self.attributes(workspace, id),
        })
    }

    /// How its values are told.
    pub fn attributes(&self, workspace: &Workspace, id: u64) -> Vec<Value> {
        let told = |(attribute, values): (&u64, &Vec<String>)| {
            let name = workspace.attributes.get(attribute).map(|attribute| &attribute.name);
            let value = |value: &String| json!({ "value": value, "searchValue": value, "displayValue": value });
            json!({
                "id": format!("{id}-{attribute}"), "objectId": id.to_string(),
                "objectTypeAttributeId": attribute.to_string(),
                "objectTypeAttribute": { "id": attribute.to_string(), "name": name },
                "objectAttributeValues": values.iter().map(value).collect::<Vec<_>>(),
            })
        };
        self.values.iter().map(told).collect()
    }
}
