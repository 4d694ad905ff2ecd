//! The API at shorter paths, which name no workspace: that is the one of the site on which the caller's credential is good. And where
//! clients of the Assets API learn what that is.

use std::sync::Arc;

use rocket::serde::json::{Json, Value, json};
use rocket::{Route, State, get, put, routes};

use crate::cli::demo::assets::answer::{Answer, Fault};
use crate::cli::demo::assets::store::{Object, Store};
use crate::domain::protected_object::ObjectRef;
use crate::resource_server::{Bearer, Caller, Introspection, RequiredScope};

struct ReadObjects;

impl RequiredScope for ReadObjects {
    const SCOPE: &'static str = "read:cmdb-object:jira";
}

#[get("/objects")]
async fn objects(caller: Caller<'_>, store: &State<Arc<Store>>) -> Answer {
    let told = caller.may_here("POST /object/aql").await?;
    let visible = caller.those_of("object_type", "POST /object/aql").await?;
    store.at(workspace_of(&told), |workspace| {
        let all = workspace.objects.iter().filter(|(_, object)| visible.contains(&object.object_type.to_string()));
        let object = |(id, object): (&u64, &Object)| {
            let kind = workspace.types.get(&object.object_type).map(|kind| &kind.name);
            json!({ "id": id, "label": object.label(workspace), "type": kind })
        };
        Ok(Json(json!({
            "read_by": told.username, "through": told.client_id, "acting": told.act.as_ref().map(|act| &act.sub),
            "site": told.site.as_ref().map(|site| &site.url), "objects": all.map(object).collect::<Vec<_>>(),
        })))
    })
}

#[put("/objects/<id>")]
async fn change(id: u64, caller: Caller<'_>) -> Answer {
    let object = ObjectRef::new("object", &id.to_string()).map_err(|_| Fault::NotFound("there is no such object"))?;
    let told = caller.may("PUT /object/{id}", &object).await?;
    let acting = told.act.as_ref().map(|act| &act.sub);
    Ok(Json(json!({ "id": id, "changed_by": told.username, "acting": acting })))
}

#[get("/rest/servicedeskapi/assets/workspace")]
async fn workspaces(caller: Bearer<ReadObjects>) -> Value {
    let workspaces: Vec<Value> = caller.site.iter().map(|site| json!({ "workspaceId": site.workspace_id })).collect();
    json!({ "size": workspaces.len(), "start": 0, "limit": 50, "isLastPage": true, "values": workspaces })
}

fn workspace_of(told: &Introspection) -> &str {
    told.site.as_ref().map_or("", |site| site.workspace_id.as_str())
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![objects, change, workspaces]
}
