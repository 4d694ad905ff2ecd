//! Objects: made, read, changed and removed.

use std::collections::BTreeMap;

use hallmark::resource_server::{Allowed, Caller};
use rocket::serde::Deserialize;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, delete, get, post, put, routes};

use super::answer::{Answer, Fault};
use super::here::Here;
use super::store::{Object, Workspace, number, object_ref};

/// An object as it is written.
#[derive(Deserialize)]
#[serde(crate = "rocket::serde", rename_all = "camelCase")]
struct Written {
    object_type_id: Value,
    attributes: Vec<WrittenAttribute>,
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde", rename_all = "camelCase")]
struct WrittenAttribute {
    object_type_attribute_id: Value,
    object_attribute_values: Vec<WrittenValue>,
}

#[derive(Deserialize)]
#[serde(crate = "rocket::serde")]
struct WrittenValue {
    value: String,
}

impl Written {
    fn object_type(&self) -> Result<u64, Fault> {
        number(&self.object_type_id).ok_or_else(|| Fault::Malformed("objectTypeId is no identifier".into()))
    }

    /// The values by their attributes, each of which is one of the type.
    fn values(self, workspace: &Workspace, object_type: u64) -> Result<BTreeMap<u64, Vec<String>>, Fault> {
        let value = |written: WrittenAttribute| {
            let id = number(&written.object_type_attribute_id);
            let known = id.filter(|id| workspace.attributes_of(object_type).any(|(own, _)| own == *id));
            let id = known.ok_or_else(|| Fault::Malformed("the object type has no such attribute".into()))?;
            Ok((id, written.object_attribute_values.into_iter().map(|value| value.value).collect()))
        };
        self.attributes.into_iter().map(value).collect()
    }
}

/// The object type stands in the body, so that the caller is asked about only here.
#[post("/object/create", data = "<written>")]
async fn create(caller: Caller<'_>, here: Here<'_>, written: Json<Written>) -> Answer {
    let object_type = written.object_type()?;
    let on = object_ref("object_type", object_type).ok_or(Fault::NotFound("there is no such object type"))?;
    caller.may("POST /object/create", &on).await?;
    here.change(|workspace| {
        workspace.object_type(object_type)?;
        let values = written.into_inner().values(workspace, object_type)?;
        let id = workspace.next_id();
        workspace.objects.insert(id, Object { object_type, values, history: Vec::new() });
        Ok(Json(workspace.object(id)?.json(workspace, id)))
    })
}

#[get("/object/<id>")]
async fn read(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| Ok(Json(workspace.object(id)?.json(workspace, id))))
}

/// What is not written stays as it was.
#[put("/object/<id>", data = "<written>")]
async fn change(allowed: Allowed, here: Here<'_>, id: u64, written: Json<Written>) -> Answer {
    here.change(|workspace| {
        let object_type = workspace.object(id)?.object_type;
        if written.object_type()? != object_type {
            return Err(Fault::Malformed("an object stays of its type".into()));
        }
        let values = written.into_inner().values(workspace, object_type)?;
        let changes = values.keys().map(|attribute| {
            let name = workspace.attributes.get(attribute).map(|attribute| &attribute.name);
            json!({ "affectedAttribute": name, "type": 1, "actor": { "name": allowed.sub } })
        });
        let changes: Vec<Value> = changes.collect();
        if let Some(object) = workspace.objects.get_mut(&id) {
            object.values.extend(values);
            object.history.extend(changes);
        }
        Ok(Json(workspace.object(id)?.json(workspace, id)))
    })
}

#[delete("/object/<id>")]
async fn remove(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.change(|workspace| {
        workspace.object(id)?;
        workspace.objects.remove(&id);
        Ok(Json(json!({})))
    })
}

#[get("/object/<id>/attributes")]
async fn attributes(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| Ok(Json(json!(workspace.object(id)?.attributes(workspace, id)))))
}

#[get("/object/<id>/history")]
async fn history(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| Ok(Json(json!(workspace.object(id)?.history))))
}

/// No attribute refers to another object.
#[get("/object/<id>/referenceinfo")]
async fn references(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| workspace.object(id).map(|_| Json(json!([]))))
}

/// There are no tickets.
#[get("/objectconnectedtickets/<id>/tickets")]
async fn tickets(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| workspace.object(id).map(|_| Json(json!({ "tickets": [], "allTicketsQuery": "" }))))
}

pub fn routes() -> Vec<Route> {
    routes![create, read, change, remove, attributes, history, references, tickets]
}
