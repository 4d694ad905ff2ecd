//! /jsm/assets/workspace/{workspaceId}/v1/config/role/…: who holds which role, told and changed by scripts and apps, in the form of the
//! role API that Assets has on premises.
//!
//! The name of a role is made of the type of the object, its identifier and the name of the role, as in `schema:4:manager`; to callers it
//! is a name and no more.

use std::collections::BTreeSet;
use std::sync::Arc;

use rocket::State;
use serde::de::DeserializeOwned;

use crate::access::objects::whole_site;
use crate::access::role_holders::{self, RoleOn, held, required};
use crate::access::roles::{self, RoleError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::Access;
use crate::domain::connect::Level;
use crate::domain::event::Actor;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::resource::ProtectedResource;
use crate::domain::role_binding::RoleSubject;
use crate::domain::scope::Scope;
use crate::domain::site::Site;
use crate::http::guards::json_body::LongJsonBody;
use crate::http::responses::address::segment;
use crate::http::responses::json::NoStore;
use crate::http::scripts::caller::Caller;
use crate::http::scripts::import_sources::site;
use crate::http::scripts::refusal::ScriptRefusal;
use crate::http::scripts::role_bodies::{Named, Replacement, RoleUrls, ToldRole, actors, called};
use crate::http::scripts::undeclared;
use crate::oauth::evaluation::OwnOperation;
use crate::oauth::evaluation::strictly::Object;

/// The scope of whoever learns who holds what.
const READS: &str = "read:cmdb-schema:jira";

/// The scope of whoever changes that, by which the resource is found too.
const CHANGES: &str = "write:cmdb-schema:jira";

const NO_ROLES: &str = "no protected resource of this server has object schemas and declares roles";

type Server = State<Arc<AuthorizationServer>>;

/// A workspace, and the resource whose roles are meant.
struct Place {
    site: Arc<Site>,
    resource: Arc<ProtectedResource>,
    access: Arc<Access>,
    /// Whether the workspace is one; whoever shows nothing that is good learns nothing of which there are.
    is_known: bool,
}

impl Place {
    async fn of(server: &AuthorizationServer, workspace: &str) -> Result<Self, ScriptRefusal> {
        let entries = server.store.scope_entries(&Scope::of([CHANGES])).await?;
        let Some(entry) = entries.first() else { return Err(ScriptRefusal::NotFound(NO_ROLES)) };
        let resource = server.store.resource(&entry.resource).await?;
        let access = server.store.access(&entry.resource).await?;
        let Some((resource, access)) = resource.zip(access) else { return Err(ScriptRefusal::NotFound(NO_ROLES)) };
        let found = site(server, workspace).await?;
        let is_known = found.is_some();
        let site = match found {
            Some(site) => site,
            None => Arc::clone(&server.site),
        };
        Ok(Self { site, resource, access, is_known })
    }

    fn realm(&self) -> Realm {
        Realm { resource_id: self.resource.id.clone(), site_id: self.site.id }
    }

    /// By whom the roles on an object are asked about, or changed. What is no object is judged as the whole site, so that only whoever
    /// may everything learns that there is none.
    async fn caller(
        &self,
        server: &AuthorizationServer,
        caller: Caller<'_>,
        object: Option<(usize, &ObjectRef)>,
        (name, scope, connect): (&str, &'static str, Level),
    ) -> Result<Actor, ScriptRefusal> {
        let not_found = || ScriptRefusal::NotFound("there is no such role in that workspace");
        let whole = whole_site(&self.access, &self.site).ok_or_else(not_found)?;
        let (kind, on) = object.unwrap_or((0, &whole));
        let required = required(&self.access.model, kind).or_else(|| required(&self.access.model, 0));
        let required = required.map(|required| (&*self.access, required));
        let operation = undeclared(name, scope, Some(connect));
        let wanted = OwnOperation { operation: &operation, object: on, required };
        let by = caller.allowed(server, (&self.site, &self.resource), wanted, scope).await?;
        let is_there = *on == whole || server.store.object(&self.realm(), on).await?.is_some();
        if self.is_known && object.is_some() && is_there { Ok(by) } else { Err(not_found()) }
    }

    async fn told(&self, server: &AuthorizationServer, role: &RoleOn) -> Result<NoStore<ToldRole>, ScriptRefusal> {
        let model = &self.access.model;
        let holders = role_holders::told(server, (&self.realm(), &self.access), role).await?;
        Ok(NoStore(ToldRole {
            id: role.name(model),
            name: called(&model.objects[role.kind], &model.roles[role.role]),
            description: model.roles[role.role].sentence.clone(),
            actors: actors(server, holders).await?,
        }))
    }

    /// Gives a role to these, too.
    async fn give(
        &self,
        server: &AuthorizationServer,
        (role, to): (&RoleOn, BTreeSet<RoleSubject>),
        by: Actor,
    ) -> Result<(), ScriptRefusal> {
        let roles = to.into_iter().map(|subject| held(&self.access, role, subject)).collect();
        roles::give(server, (&self.realm(), &self.access), &self.site, roles, by).await?;
        Ok(())
    }
}

/// The roles of an object, the greatest first.
#[rocket::get("/jsm/assets/workspace/<workspace>/v1/config/role/<kind>/<id>")]
pub async fn of_object(
    server: &Server,
    caller: Caller<'_>,
    workspace: &str,
    kind: &str,
    id: &str,
) -> Result<NoStore<RoleUrls>, ScriptRefusal> {
    let place = Place::of(server, workspace).await?;
    let model = &place.access.model;
    let named =
        |title: &str| title.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    let number = model.objects.iter().position(|known| named(&known.title) == kind);
    let object = number.and_then(|number| Some((number, ObjectRef::new(&model.objects[number].name, id).ok()?)));
    let about = object.as_ref().map(|(number, object)| (*number, object));
    place.caller(server, caller, about, ("GET /config/role/{type}/{id}", READS, Level::Read)).await?;
    let Some((kind, object)) = object else { return Ok(NoStore(RoleUrls(Vec::new()))) };
    let base = format!("{}/jsm/assets/workspace/{workspace}/v1/config/role", server.config.issuer.url.as_str());
    let url = |role: usize| {
        let role_on = RoleOn { object: object.clone(), kind, role };
        let url = format!("{base}/{}", segment(&role_on.name(model)));
        (called(&model.objects[kind], &model.roles[role]), url)
    };
    Ok(NoStore(RoleUrls(model.given_on(kind).numbers().rev().map(url).collect())))
}

/// A role, and who was given it.
#[rocket::get("/jsm/assets/workspace/<workspace>/v1/config/role/<id>")]
pub async fn tell(
    server: &Server,
    caller: Caller<'_>,
    workspace: &str,
    id: &str,
) -> Result<NoStore<ToldRole>, ScriptRefusal> {
    let place = Place::of(server, workspace).await?;
    let (role, _) = role(server, &place, caller, id, ("GET /config/role/{id}", READS, Level::Read)).await?;
    place.told(server, &role).await
}

/// Gives a role to these and to nobody else.
#[rocket::put("/jsm/assets/workspace/<workspace>/v1/config/role/<id>", data = "<body>")]
pub async fn replace(
    server: &Server,
    caller: Caller<'_>,
    workspace: &str,
    id: &str,
    body: LongJsonBody,
) -> Result<NoStore<ToldRole>, ScriptRefusal> {
    let place = Place::of(server, workspace).await?;
    let (role, by) = role(server, &place, caller, id, ("PUT /config/role/{id}", CHANGES, Level::Admin)).await?;
    let wanted = Named::from(read::<Replacement>(body)?).subjects(server, &place.site).await?;
    let here = (&place.realm(), &*place.access);
    role_holders::replace(server, here, &place.site, (&role, &wanted), by).await?;
    place.told(server, &role).await
}

/// Gives a role to these, too.
#[rocket::post("/jsm/assets/workspace/<workspace>/v1/config/role/<id>", data = "<body>")]
pub async fn add(
    server: &Server,
    caller: Caller<'_>,
    workspace: &str,
    id: &str,
    body: LongJsonBody,
) -> Result<NoStore<ToldRole>, ScriptRefusal> {
    let place = Place::of(server, workspace).await?;
    let (role, by) = role(server, &place, caller, id, ("POST /config/role/{id}", CHANGES, Level::Admin)).await?;
    let to = read::<Named>(body)?.subjects(server, &place.site).await?;
    place.give(server, (&role, to), by).await?;
    place.told(server, &role).await
}

/// Takes a role from somebody. Whoever does not hold it goes on not to.
#[rocket::delete("/jsm/assets/workspace/<workspace>/v1/config/role/<id>?<user>&<group>&<app>")]
pub async fn take(
    server: &Server,
    caller: Caller<'_>,
    workspace: &str,
    id: &str,
    user: Vec<String>,
    group: Vec<String>,
    app: Vec<String>,
) -> Result<NoStore<ToldRole>, ScriptRefusal> {
    let place = Place::of(server, workspace).await?;
    let (role, by) = role(server, &place, caller, id, ("DELETE /config/role/{id}", CHANGES, Level::Admin)).await?;
    let from = Named { user, group, app }.subjects(server, &place.site).await?;
    if from.is_empty() {
        return Err(ScriptRefusal::Malformed("the query names nobody: it has user, group or app"));
    }
    for subject in from {
        roles::take(server, &place.realm(), &held(&place.access, &role, subject), by).await?;
    }
    place.told(server, &role).await
}

/// The role of that name, and by whom it is asked about or changed.
async fn role(
    server: &AuthorizationServer,
    place: &Place,
    caller: Caller<'_>,
    id: &str,
    operation: (&str, &'static str, Level),
) -> Result<(RoleOn, Actor), ScriptRefusal> {
    let role = RoleOn::named(&place.access.model, id);
    let about = role.as_ref().map(|role| (role.kind, &role.object));
    let by = place.caller(server, caller, about, operation).await?;
    role.map(|role| (role, by)).ok_or(ScriptRefusal::NotFound("there is no such role in that workspace"))
}

fn read<T: DeserializeOwned>(body: LongJsonBody) -> Result<T, ScriptRefusal> {
    body.read::<Object<T>>().map(|Object(body)| body).map_err(|error| ScriptRefusal::Meaningless(error.description()))
}

impl From<RoleError> for ScriptRefusal {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::Store(error) => error.into(),
            other => ScriptRefusal::Meaningless(other.to_string()),
        }
    }
}
