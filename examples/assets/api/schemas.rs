//! Object schemas, of which Hallmark is told as they come and go.

use hallmark::domain::label::Label;
use hallmark::domain::protected_object::ProtectedObject;
use hallmark::resource_server::{Allowed, Caller};
use rocket::serde::Deserialize;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, delete, get, post, put, routes};

use super::answer::{Answer, Fault, Page};
use super::here::Here;
use super::store::{Schema, object_ref};

/// A schema as it is written.
#[derive(Deserialize)]
#[serde(crate = "rocket::serde", rename_all = "camelCase")]
struct Written {
    name: Label,
    object_schema_key: String,
    #[serde(default)]
    description: String,
}

/// Each with whether the caller may set it up, as far as their credential lets them.
#[get("/objectschema/list?<page..>")]
async fn list(allowed: Allowed, caller: Caller<'_>, here: Here<'_>, page: Page) -> Answer {
    let visible = caller.those_of("schema", allowed.operation()).await?;
    let managed = match allowed.allows("write:cmdb-schema:jira") {
        true => caller.those_of("schema", "PUT /objectschema/{id}").await?,
        false => Default::default(),
    };
    here.read(|workspace| {
        let all = workspace.schemas.iter().filter(|(id, _)| visible.contains(&id.to_string()));
        let told = all.map(|(id, schema)| {
            let mut told = schema.json(workspace, *id);
            told["canManage"] = json!(managed.contains(&id.to_string()));
            told
        });
        Ok(Json(page.of(told.collect())))
    })
}

/// It is there once Hallmark knows it, so that nobody finds a schema on which no role can be given.
#[post("/objectschema/create", data = "<written>")]
async fn create(_allowed: Allowed, here: Here<'_>, written: Json<Written>) -> Answer {
    let Written { name, object_schema_key: key, description } = written.into_inner();
    let id = here.change(|workspace| match workspace.schemas.values().any(|schema| schema.key == key) {
        true => Err(Fault::Malformed("another object schema has that key".into())),
        false => Ok(workspace.next_id()),
    })?;
    let object = object_ref("schema", id).ok_or(Fault::NotFound("there is no such object schema"))?;
    here.tell(ProtectedObject { object, label: name.clone(), parent: None }).await?;
    here.change(|workspace| {
        workspace.schemas.insert(id, Schema { name, key, description, properties: json!({}) });
        Ok(Json(workspace.schema(id)?.json(workspace, id)))
    })
}

#[get("/objectschema/<id>")]
async fn read(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| Ok(Json(workspace.schema(id)?.json(workspace, id))))
}

#[put("/objectschema/<id>", data = "<written>")]
async fn change(_allowed: Allowed, here: Here<'_>, id: u64, written: Json<Written>) -> Answer {
    let Written { name, object_schema_key: key, description } = written.into_inner();
    here.read(|workspace| workspace.schema(id).map(drop))?;
    let object = object_ref("schema", id).ok_or(Fault::NotFound("there is no such object schema"))?;
    here.tell(ProtectedObject { object, label: name.clone(), parent: None }).await?;
    here.change(|workspace| {
        let properties = workspace.schema(id)?.properties.clone();
        workspace.schemas.insert(id, Schema { name, key, description, properties });
        Ok(Json(workspace.schema(id)?.json(workspace, id)))
    })
}

#[delete("/objectschema/<id>")]
async fn remove(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    let told = here.read(|workspace| Ok(workspace.schema(id)?.json(workspace, id)))?;
    let object = object_ref("schema", id).ok_or(Fault::NotFound("there is no such object schema"))?;
    here.tell_end(&object).await?;
    here.change(|workspace| {
        let types = workspace.types.iter().filter(|(_, kind)| kind.schema == id);
        for kind in types.map(|(kind, _)| *kind).collect::<Vec<_>>() {
            workspace.remove_type(kind);
        }
        workspace.sources.retain(|_, source| source.schema != id);
        workspace.schemas.remove(&id);
        Ok(Json(told))
    })
}

#[get("/objectschema/<id>/attributes")]
async fn attributes(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| {
        workspace.schema(id)?;
        let is_there = |kind: u64| workspace.types.get(&kind).is_some_and(|kind| kind.schema == id);
        let all = workspace.attributes.iter().filter(|(_, attribute)| is_there(attribute.object_type));
        Ok(Json(all.map(|(id, attribute)| attribute.json(workspace, *id)).collect()))
    })
}

#[get("/objectschema/<id>/objecttypes")]
async fn object_types(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    Ok(Json(json!({ "entries": types_of(&here, id)? })))
}

#[get("/objectschema/<id>/objecttypes/flat")]
async fn flat_object_types(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    Ok(Json(json!(types_of(&here, id)?)))
}

fn types_of(here: &Here<'_>, schema: u64) -> Result<Vec<Value>, Fault> {
    here.read(|workspace| {
        workspace.schema(schema)?;
        let mut types: Vec<_> = workspace.types.iter().filter(|(_, kind)| kind.schema == schema).collect();
        types.sort_by_key(|(_, kind)| kind.position);
        Ok(types.into_iter().map(|(id, kind)| kind.json(workspace, *id)).collect())
    })
}

#[get("/global/config/objectschema/<id>")]
async fn properties(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    here.read(|workspace| Ok(Json(workspace.schema(id)?.properties.clone())))
}

#[post("/global/config/objectschema/<id>/property", data = "<properties>")]
async fn set_properties(_allowed: Allowed, here: Here<'_>, id: u64, properties: Json<Value>) -> Answer {
    here.change(|workspace| {
        let schema = workspace.schemas.get_mut(&id).ok_or(Fault::NotFound("there is no such object schema"))?;
        schema.properties = properties.into_inner();
        Ok(Json(schema.properties.clone()))
    })
}

pub fn routes() -> Vec<Route> {
    routes![list, create, read, change, remove, attributes, object_types, flat_object_types, properties, set_properties]
}
