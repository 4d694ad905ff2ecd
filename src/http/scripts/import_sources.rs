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
use crate::domain::protected_object::ObjectRef;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::http::responses::json::NoStore;
use crate::http::scripts::caller::Caller;
use crate::http::scripts::refusal::ScriptRefusal;
use crate::http::scripts::undeclared;
use crate::oauth::evaluation::OwnOperation;
use crate::store::StoreError;

/// The operation, by the name that the model of the Assets API gives it.
const MAKES_TOKENS: &str = "POST /importsource/{importSourceId}/token";

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

/// Makes the token of an import source for an admin of its site or, where its resource declares roles, whoever holds there what that
/// takes; the former is over at once.
#[rocket::post("/jsm/assets/workspace/<workspace>/v1/importsource/<id>/token")]
pub async fn make_token(
    server: &State<Arc<AuthorizationServer>>,
    caller: Caller<'_>,
    workspace: &str,
    id: &str,
) -> Result<NoStore<MadeToken>, ScriptRefusal> {
    let (site, resource) = (site(server, workspace).await?, importer(server).await?);
    let id = id.parse::<ContainerId>().ok();
    // Whoever shows nothing that is good learns nothing of which workspaces there are.
    let asked_of = site.as_deref().unwrap_or(&server.site);
    let by = maker(server, caller, (asked_of, &resource), id).await?;
    let not_found = ScriptRefusal::NotFound("there is no such import source in that workspace");
    let (Some(site), Some(id)) = (&site, id) else { return Err(not_found) };
    match containers::make_token(server, site.id, id, by).await {
        Ok((secret, _)) => Ok(NoStore(MadeToken { token: secret.expose().clone() })),
        Err(ContainerError::Unknown(_) | ContainerError::Taken(_)) => Err(not_found),
        Err(ContainerError::Store(error)) => Err(error.into()),
    }
}

/// By whom the token of an import source is made.
async fn maker(
    server: &AuthorizationServer,
    caller: Caller<'_>,
    (site, resource): (&Site, &Arc<ProtectedResource>),
    id: Option<ContainerId>,
) -> Result<Actor, ScriptRefusal> {
    let access = server.store.access(&resource.id).await?;
    let access = access.as_deref();
    let declared = access.and_then(|access| access.operation(MAKES_TOKENS).map(|found| (access, found)));
    let required = declared.and_then(|(access, (number, _))| Some((access, access.required(number)?)));
    let own = undeclared(MAKES_TOKENS, IMPORT_SCOPE, None);
    let operation = declared.map_or(&own, |(_, (_, operation))| operation);
    let kind = declared.map_or("import_source", |(access, _)| access.model.objects[operation.on].name.as_str());
    let object = id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    let object = ObjectRef::new(kind, &object).map_err(|why| ScriptRefusal::Meaningless(why.to_string()))?;
    let wanted = OwnOperation { operation, object: &object, required };
    caller.allowed(server, (site, resource), wanted, IMPORT_SCOPE).await
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

/// The site of a workspace.
pub(super) async fn site(server: &AuthorizationServer, workspace: &str) -> Result<Option<Arc<Site>>, StoreError> {
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
