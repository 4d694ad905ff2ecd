//! Object types and their attributes. Hallmark is told of the types, since roles are given on them, too.

use hallmark::domain::label::Label;
use hallmark::domain::protected_object::ProtectedObject;
use hallmark::resource_server::{Allowed, Caller};
use rocket::serde::Deserialize;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, delete, get, post, put, routes};

use super::answer::{Answer, Fault};
use super::here::Here;
use super::store::{Attribute, ObjectType, number, object_ref};

/// A new object type as it is written.
#[derive(Deserialize)]
#[serde(crate = "rocket::serde", rename_all = "camelCase")]
struct WrittenType {
    name: Label,
    #[serde(default)]
    description: String,
    object_schema_id: Value,
}

/// What of an object type changes.
#[derive(Deserialize)]
#[serde(crate = "rocket::serde", rename_all = "camelCase")]
struct Changes {
    name: Label,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde", rename_all = "camelCase")]
struct Position {
    position: u64,
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde")]
struct WrittenAttribute {
    name: String,
}

const NO_SCHEMA: Fault = Fault::NotFound("there is no such object schema");
const NO_TYPE: Fault = Fault::NotFound("there is no such object type");
const NO_ATTRIBUTE: Fault = Fault::NotFound("there is no such attribute");

/// The schema stands in the body, so that the caller is asked about only here.
#[post("/objecttype/create", data = "<written>")]
async fn create(caller: Caller<'_>, here: Here<'_>, written: Json<WrittenType>) -> Answer {
    let WrittenType { name, description, object_schema_id } = written.into_inner();
    let schema = number(&object_schema_id).ok_or(NO_SCHEMA)?;
    let parent = object_ref("schema", schema).ok_or(NO_SCHEMA)?;
    caller.may("POST /objecttype/create", &parent).await?;
    let id = here.change(|workspace| {
        workspace.schema(schema)?;
        Ok(workspace.next_id())
    })?;
    let object = object_ref("object_type", id).ok_or(NO_TYPE)?;
    here.tell(ProtectedObject { object, label: name.clone(), parent: Some(parent) }).await?;
    here.change(|workspace| {
        let position = workspace.types.values().filter(|kind| kind.schema == schema).count() as u64;
        workspace.types.insert(id, ObjectType { schema, name, description, position });
        let attribute = workspace.next_id();
        workspace.attributes.insert(attribute, Attribute { object_type: id, name: "Name".into() });
        Ok(Json(workspace.object_type(id)?.json(workspace, id)))
    })
}

#[get("/objecttype/<id>")]
async fn read(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| Ok(Json(workspace.object_type(id)?.json(workspace, id))))
}

#[put("/objecttype/<id>", data = "<changes>")]
async fn change(_allowed: Allowed, here: Here<'_>, id: u64, changes: Json<Changes>) -> Answer {
    let Changes { name, description } = changes.into_inner();
    let schema = here.read(|workspace| Ok(workspace.object_type(id)?.schema))?;
    let object = object_ref("object_type", id).ok_or(NO_TYPE)?;
    here.tell(ProtectedObject { object, label: name.clone(), parent: object_ref("schema", schema) }).await?;
    here.change(|workspace| {
        let kind = workspace.types.get_mut(&id).ok_or(NO_TYPE)?;
        (kind.name, kind.description) = (name, description);
        Ok(Json(workspace.object_type(id)?.json(workspace, id)))
    })
}

#[delete("/objecttype/<id>")]
async fn remove(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    let told = here.read(|workspace| Ok(workspace.object_type(id)?.json(workspace, id)))?;
    here.tell_end(&object_ref("object_type", id).ok_or(NO_TYPE)?).await?;
    here.change(|workspace| {
        workspace.remove_type(id);
        Ok(Json(told))
    })
}

#[get("/objecttype/<id>/attributes")]
async fn attributes(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| {
        workspace.object_type(id)?;
        Ok(Json(workspace.attributes_of(id).map(|(id, attribute)| attribute.json(workspace, id)).collect()))
    })
}

#[post("/objecttype/<id>/position", data = "<to>")]
async fn position(_allowed: Allowed, here: Here<'_>, id: u64, to: Json<Position>) -> Answer {
    here.change(|workspace| {
        workspace.types.get_mut(&id).ok_or(NO_TYPE)?.position = to.position;
        Ok(Json(workspace.object_type(id)?.json(workspace, id)))
    })
}

#[post("/objecttypeattribute/<object_type>", data = "<written>")]
async fn add(_allowed: Allowed, here: Here<'_>, object_type: u64, written: Json<WrittenAttribute>) -> Answer {
    here.change(|workspace| {
        workspace.object_type(object_type)?;
        let (id, attribute) = (workspace.next_id(), Attribute { object_type, name: written.into_inner().name });
        let told = attribute.json(workspace, id);
        workspace.attributes.insert(id, attribute);
        Ok(Json(told))
    })
}

#[put("/objecttypeattribute/<object_type>/<id>", data = "<written>")]
async fn rename(
    _allowed: Allowed,
    here: Here<'_>,
    object_type: u64,
    id: u64,
    written: Json<WrittenAttribute>,
) -> Answer {
    here.change(|workspace| {
        // The caller may change that type, and no attribute of another.
        let of_type = workspace.attributes.get_mut(&id).filter(|attribute| attribute.object_type == object_type);
        of_type.ok_or(NO_ATTRIBUTE)?.name = written.into_inner().name;
        workspace.attributes.get(&id).map(|attribute| Json(attribute.json(workspace, id))).ok_or(NO_ATTRIBUTE)
    })
}

/// The path names the attribute alone; its object type is known here. Of an attribute that there is not, whoever may not set up the
/// whole site learns no more than of one that is not theirs.
#[delete("/objecttypeattribute/<id>")]
async fn drop_attribute(caller: Caller<'_>, here: Here<'_>, id: u64) -> Answer {
    let object_type =
        here.read(|workspace| Ok(workspace.attributes.get(&id).map(|attribute| attribute.object_type)))?;
    let on = object_ref("object_type", object_type.unwrap_or_default()).ok_or(NO_ATTRIBUTE)?;
    caller.may("DELETE /objecttypeattribute/{id}", &on).await?;
    here.change(|workspace| {
        workspace.attributes.remove(&id).ok_or(NO_ATTRIBUTE)?;
        workspace.objects.values_mut().for_each(|object| drop(object.values.remove(&id)));
        Ok(Json(json!({})))
    })
}

pub fn routes() -> Vec<Route> {
    routes![create, read, change, remove, attributes, position, add, rename, drop_attribute]
}
