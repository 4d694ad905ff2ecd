//! POST /jsm/assets/workspace/{workspaceId}/v1/importsource/{id}/token and GET /jsm/assets/v1/imports/info: how the script of an
//! import source gets its token, and learns where that is good.

use std::sync::Arc;

use rocket::State;
use serde::Serialize;

use crate::access::sites::of_workspace;
use crate::accounts::containers::{self, ContainerError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::container::IMPORT_SCOPE;
use crate::domain::event::Actor;
use crate::domain::id::ContainerId;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::http::responses::json::NoStore;
use crate::http::scripts::caller::Caller;
use crate::http::scripts::refusal::ScriptRefusal;
use crate::store::StoreError;

const NO_IMPORTS: &str = "no protected resource of this server takes imports";

/// A container token, told this once.
#[derive(Serialize)]
pub struct MadeToken {
    token: String,
}

/// Where the token of an import source is good.
#[derive(Serialize)]
pub struct ImportInfo {
    links: Links,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Links {
    get_status: String,
    start: String,
    mapping: String,
}

/// Makes the token of an import source for an admin of its site; the former is over at once.
#[rocket::post("/jsm/assets/workspace/<workspace>/v1/importsource/<id>/token")]
pub async fn make_token(
    server: &State<Arc<AuthorizationServer>>,
    caller: Caller<'_>,
    workspace: &str,
    id: &str,
) -> Result<NoStore<MadeToken>, ScriptRefusal> {
    let (site, resource) = (site(server, workspace).await?, importer(server).await?);
    // Whoever shows nothing that is good learns nothing of which workspaces there are.
    let asked_of = site.as_deref().unwrap_or(&server.site);
    let user = caller.admin_of(server, asked_of, (&resource, IMPORT_SCOPE)).await?;
    let not_found = ScriptRefusal::NotFound("there is no such import source in that workspace");
    let (Some(site), Ok(id)) = (&site, id.parse::<ContainerId>()) else { return Err(not_found) };
    match containers::make_token(server, site.id, id, Actor::User(user.id)).await {
        Ok((secret, _)) => Ok(NoStore(MadeToken { token: secret.expose().clone() })),
        Err(ContainerError::Unknown(_) | ContainerError::Taken(_)) => Err(not_found),
        Err(ContainerError::Store(error)) => Err(error.into()),
    }
}

/// Tells the script of an import source where its token is good.
#[rocket::get("/jsm/assets/v1/imports/info")]
pub async fn info(
    server: &State<Arc<AuthorizationServer>>,
    caller: Caller<'_>,
) -> Result<NoStore<ImportInfo>, ScriptRefusal> {
    let live = caller.import_source(server).await?;
    let resource = importer(server).await?;
    let base = resource.base_url.as_ref().map_or(server.config.issuer.url.as_str(), |url| url.as_str());
    let source =
        format!("{base}/jsm/assets/workspace/{}/v1/importsource/{}", live.site.workspace_id, live.container.id);
    Ok(NoStore(ImportInfo {
        links: Links {
            get_status: format!("{source}/configstatus"),
            start: format!("{source}/executions"),
            mapping: format!("{source}/mapping"),
        },
    }))
}

async fn site(server: &AuthorizationServer, workspace: &str) -> Result<Option<Arc<Site>>, StoreError> {
    match workspace.parse() {
        Ok(id) => of_workspace(server, id).await,
        Err(_) => Ok(None),
    }
}

/// The protected resource that imports are made at.
async fn importer(server: &AuthorizationServer) -> Result<Arc<ProtectedResource>, ScriptRefusal> {
    let entries = server.store.scope_entries(&Scope::of([IMPORT_SCOPE])).await?;
    let Some(entry) = entries.first() else { return Err(ScriptRefusal::NotFound(NO_IMPORTS)) };
    server.store.resource(&entry.resource).await?.ok_or(ScriptRefusal::NotFound(NO_IMPORTS))
}
