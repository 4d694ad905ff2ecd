//! The API: three objects, behind the guard that any API can use, at paths of its own and at those of the Assets API that its
//! clients know.

use rocket::figment::Figment;
use rocket::http::Status;
use rocket::serde::json::{Value, json};
use rocket::{Build, Request, Rocket, catch, catchers, get, put, routes};

use crate::cli::answer::CommandError;
use crate::cli::demo::imports::{self, Imports, not_found};
use crate::cli::demo::world::API_ID;
use crate::resource_server::{Bearer, Introspection, RequiredScope, ResourceServer};

struct ReadObjects;

impl RequiredScope for ReadObjects {
    const SCOPE: &'static str = "read:cmdb-object:jira";
}

struct WriteObjects;

impl RequiredScope for WriteObjects {
    const SCOPE: &'static str = "write:cmdb-object:jira";
}

struct ReadSchemas;

impl RequiredScope for ReadSchemas {
    const SCOPE: &'static str = "read:cmdb-schema:jira";
}

/// An object by its number, its label and its type.
struct Object(u32, &'static str, &'static str);

const OBJECTS: [Object; 3] =
    [Object(87, "web-1", "Server"), Object(88, "web-2", "Server"), Object(91, "mail-relay", "Service")];

#[get("/objects")]
async fn objects(caller: Bearer<ReadObjects>) -> Value {
    let object = |Object(id, label, kind): &Object| json!({ "id": id, "label": label, "type": kind });
    json!({
        "read_by": caller.username, "through": caller.client_id, "acting": caller.act.as_ref().map(|act| &act.sub),
        "site": caller.site.as_ref().map(|site| &site.url),
        "objects": OBJECTS.iter().map(object).collect::<Vec<_>>(),
    })
}

#[put("/objects/<id>")]
async fn change(id: u32, caller: Bearer<WriteObjects>) -> Value {
    json!({ "id": id, "changed_by": caller.username, "acting": caller.act.as_ref().map(|act| &act.sub) })
}

/// How clients of the Assets API learn what their workspace is.
#[get("/rest/servicedeskapi/assets/workspace")]
async fn workspaces(caller: Bearer<ReadObjects>) -> Value {
    let workspaces: Vec<Value> = caller.site.iter().map(|site| json!({ "workspaceId": site.workspace_id })).collect();
    json!({ "size": workspaces.len(), "start": 0, "limit": 50, "isLastPage": true, "values": workspaces })
}

#[get("/jsm/assets/workspace/<workspace>/v1/object/<id>")]
async fn object(workspace: &str, id: u32, caller: Bearer<ReadObjects>) -> (Status, Value) {
    let found = OBJECTS.iter().find(|object| object.0 == id).filter(|_| is_of(&caller, workspace));
    match found {
        Some(Object(id, label, kind)) => {
            let object = json!({
                "workspaceId": workspace, "globalId": format!("{workspace}:{id}"), "id": id.to_string(), "label": label,
                "objectKey": format!("DEMO-{id}"), "objectType": { "name": kind },
            });
            (Status::Ok, object)
        }
        None => not_found("there is no such object in that workspace"),
    }
}

#[get("/jsm/assets/workspace/<workspace>/v1/objectschema/list")]
async fn schemas(workspace: &str, caller: Bearer<ReadSchemas>) -> (Status, Value) {
    if !is_of(&caller, workspace) {
        return not_found("there is no such workspace");
    }
    let schema = json!({ "workspaceId": workspace, "id": "4", "name": "Machines", "objectSchemaKey": "DEMO" });
    (Status::Ok, json!({ "startAt": 0, "maxResults": 25, "total": 1, "isLast": true, "values": [schema] }))
}

/// Whether a workspace is that of the site that the caller's credential is good on.
fn is_of(caller: &Introspection, workspace: &str) -> bool {
    caller.site.as_ref().is_some_and(|site| site.workspace_id == workspace)
}

#[catch(default)]
fn other(status: Status, _: &Request<'_>) -> Value {
    json!({ "error": status.reason_lossy() })
}

/// The API at `api_url` as a Rocket.
pub fn rocket(figment: Figment, issuer: &str, api_url: &str, secret: &str) -> Result<Rocket<Build>, CommandError> {
    let guard = ResourceServer::new(issuer, API_ID, secret, "Assets")
        .map_err(|error| CommandError::failed(format!("the demo is wrong: {error}")))?;
    // Nothing stands before it.
    let guard = guard.telling_client_ip(|request| request.remote().map(|peer| peer.ip()));
    Ok(rocket::custom(figment)
        .attach(guard)
        .manage(Imports::new(api_url))
        .mount("/", routes![objects, change, workspaces, object, schemas])
        .mount("/", imports::routes())
        .register("/", catchers![other]))
}
