//! Icons, and what is set for a whole workspace or one schema: status types and reference types.

use std::collections::BTreeMap;

use hallmark::resource_server::{Allowed, Caller};
use rocket::http::ContentType;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, delete, get, post, put, routes};

use super::answer::{Answer, Fault};
use super::here::Here;
use super::store::{Setting, Workspace, number, object_ref};

const ICONS: [(u64, &str); 2] = [(1, "Server"), (2, "Service")];
/// One transparent pixel.
const PIXEL: &[u8] = include_bytes!("icon.png");
const NO_ICON: Fault = Fault::NotFound("there is no such icon");
const NO_STATUS: Fault = Fault::NotFound("there is no such status type");

fn icon_json(here: &Here<'_>, (id, name): (u64, &str)) -> Value {
    let url = format!("/jsm/assets/workspace/{}/v1/icon/{id}/icon.png", here.workspace);
    json!({ "id": id.to_string(), "name": name, "url16": url, "url48": url })
}

#[get("/icon/global")]
async fn icons(_allowed: Allowed, here: Here<'_>) -> Answer {
    Ok(Json(ICONS.iter().map(|icon| icon_json(&here, *icon)).collect()))
}

#[get("/icon/<id>")]
async fn icon(_allowed: Allowed, here: Here<'_>, id: u64) -> Answer {
    let known = ICONS.iter().find(|(known, _)| *known == id).ok_or(NO_ICON)?;
    Ok(Json(icon_json(&here, *known)))
}

#[get("/icon/<id>/icon.png")]
async fn image(_allowed: Allowed, _here: Here<'_>, id: u64) -> Result<(ContentType, &'static [u8]), Fault> {
    ICONS.iter().find(|(known, _)| *known == id).map(|_| (ContentType::PNG, PIXEL)).ok_or(NO_ICON)
}

/// Asks for an operation on a schema, or on the whole site where no schema is named.
async fn may(caller: &Caller<'_>, operation: &str, schema: Option<u64>) -> Result<(), Fault> {
    match schema.and_then(|id| object_ref("schema", id)) {
        Some(schema) => caller.may(operation, &schema).await?,
        None => caller.may_here(operation).await?,
    };
    Ok(())
}

fn of_schema(settings: &BTreeMap<u64, Setting>, schema: Option<u64>) -> Value {
    settings.values().filter(|setting| setting.schema == schema).map(|setting| setting.value.clone()).collect()
}

fn add(workspace: &mut Workspace, schema: Option<u64>, mut value: Value) -> Result<(u64, Setting), Fault> {
    if let Some(id) = schema {
        workspace.schema(id)?;
    }
    let id = workspace.next_id();
    *value.get_mut("id").ok_or(Fault::Malformed("an object is written".into()))? = json!(id.to_string());
    Ok((id, Setting { schema, value }))
}

/// What is written, with room for an identifier.
fn written(value: Json<Value>) -> Result<(Option<u64>, Value), Fault> {
    let mut value = value.into_inner();
    let schema = value.get("objectSchemaId").and_then(number);
    let fields = value.as_object_mut().ok_or(Fault::Malformed("an object is written".into()))?;
    fields.insert("id".into(), Value::Null);
    Ok((schema, value))
}

#[get("/config/statustype?<schema>")]
async fn statuses(caller: Caller<'_>, here: Here<'_>, schema: Option<u64>) -> Answer {
    may(&caller, "GET /config/statustype", schema).await?;
    here.read(|workspace| Ok(Json(of_schema(&workspace.statuses, schema))))
}

#[post("/config/statustype", data = "<status>")]
async fn add_status(caller: Caller<'_>, here: Here<'_>, status: Json<Value>) -> Answer {
    let (schema, value) = written(status)?;
    may(&caller, "POST /config/statustype", schema).await?;
    here.change(|workspace| {
        let (id, setting) = add(workspace, schema, value)?;
        let told = setting.value.clone();
        workspace.statuses.insert(id, setting);
        Ok(Json(told))
    })
}

/// Of which schema a status type is; one that there is not is as one of the whole site.
fn schema_of(here: &Here<'_>, status: u64) -> Result<Option<u64>, Fault> {
    here.read(|workspace| Ok(workspace.statuses.get(&status).and_then(|setting| setting.schema)))
}

#[get("/config/statustype/<id>")]
async fn status(caller: Caller<'_>, here: Here<'_>, id: u64) -> Answer {
    may(&caller, "GET /config/statustype/{id}", schema_of(&here, id)?).await?;
    here.read(|workspace| workspace.statuses.get(&id).map(|known| Json(known.value.clone())).ok_or(NO_STATUS))
}

/// A status type stays where it is, whatever is written.
#[put("/config/statustype/<id>", data = "<status>")]
async fn change_status(caller: Caller<'_>, here: Here<'_>, id: u64, status: Json<Value>) -> Answer {
    let schema = schema_of(&here, id)?;
    may(&caller, "PUT /config/statustype/{id}", schema).await?;
    let (_, mut value) = written(status)?;
    value["id"] = json!(id.to_string());
    value["objectSchemaId"] = json!(schema.map(|schema| schema.to_string()));
    here.change(|workspace| {
        let known = workspace.statuses.get_mut(&id).ok_or(NO_STATUS)?;
        known.value = value;
        Ok(Json(known.value.clone()))
    })
}

#[delete("/config/statustype/<id>")]
async fn remove_status(caller: Caller<'_>, here: Here<'_>, id: u64) -> Answer {
    may(&caller, "DELETE /config/statustype/{id}", schema_of(&here, id)?).await?;
    here.change(|workspace| workspace.statuses.remove(&id).map(|known| Json(known.value)).ok_or(NO_STATUS))
}

#[get("/config/referencetype?<schema>")]
async fn references(caller: Caller<'_>, here: Here<'_>, schema: Option<u64>) -> Answer {
    may(&caller, "GET /config/referencetype", schema).await?;
    here.read(|workspace| Ok(Json(of_schema(&workspace.references, schema))))
}

#[post("/config/referencetype", data = "<reference>")]
async fn add_reference(caller: Caller<'_>, here: Here<'_>, reference: Json<Value>) -> Answer {
    let (schema, value) = written(reference)?;
    may(&caller, "POST /config/referencetype", schema).await?;
    here.change(|workspace| {
        let (id, setting) = add(workspace, schema, value)?;
        let told = setting.value.clone();
        workspace.references.insert(id, setting);
        Ok(Json(told))
    })
}

#[get("/global/config")]
async fn global(_allowed: Allowed, _here: Here<'_>) -> Answer {
    Ok(Json(json!({})))
}

#[get("/usage")]
async fn usage(_allowed: Allowed, here: Here<'_>) -> Answer {
    here.read(|workspace| {
        let count = |id: u64| {
            let of_type = |kind: u64| workspace.types.get(&kind).is_some_and(|kind| kind.schema == id);
            workspace.objects.values().filter(|object| of_type(object.object_type)).count()
        };
        let schemas = workspace.schemas.keys().map(|id| json!({ "id": id.to_string(), "objectCount": count(*id) }));
        Ok(Json(json!({ "totalObjectCount": workspace.objects.len(), "schemas": schemas.collect::<Vec<_>>() })))
    })
}

pub fn routes() -> Vec<Route> {
    routes![
        icons,
        icon,
        image,
        statuses,
        add_status,
        status,
        change_status,
        remove_status,
        references,
        add_reference,
        global,
        usage
    ]
}
