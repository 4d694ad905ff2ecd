//! Roles on a site: who holds which on what, at each protected resource that declares any.
//!
//! | file | path below `/admin/sites/ID` | what |
//! |---|---|---|
//! | `resources` | `/roles` | the resources that declare roles |
//! | `object` | `/roles/RESOURCE` | the roles on the whole site or on one object, and what is beneath it |
//! | `holders` | | who holds what there, whom that restricts, and what it comes to for somebody |
//! | `beneath` | | the objects beneath, part by part |
//! | `change` | `/roles/RESOURCE/give`, `/roles/RESOURCE/take` | giving and taking a role |
//! | `holder` | `/roles-of` | what one person, group or app holds on the site |

pub mod beneath;
pub mod change;
pub mod holder;
pub mod holders;
pub mod object;
pub mod resources;

use rocket::http::Status;

use crate::access::holdings::Declared;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::AccessModel;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::role::{Role, RoleSet};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::http::responses::address::{segment, with_query};
use crate::http::responses::page::ErrorPage;

/// A resource that declares roles, by what its path says.
async fn declared(server: &AuthorizationServer, resource: &str) -> Result<Declared, ErrorPage> {
    let Ok(id) = resource.parse() else { return Err(no_such_api()) };
    let found = server.store.resource(&id).await.map_err(|error| ErrorPage::failure(&error))?;
    let access = server.store.access(&id).await.map_err(|error| ErrorPage::failure(&error))?;
    match (found, access) {
        (Some(resource), Some(access)) => Ok(Declared { resource, access }),
        _ => Err(no_such_api()),
    }
}

fn realm(declared: &Declared, site: &Site) -> Realm {
    Realm { resource_id: declared.resource.id.clone(), site_id: site.id }
}

/// The titles of roles, in a sentence: the greatest, with which come the others.
fn titles(model: &AccessModel, roles: RoleSet) -> String {
    let greatest: Vec<&str> =
        model.greatest(roles).iter().rev().map(|role| model.roles[*role].title.as_str()).collect();
    match greatest.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The role of that name, as people call it; by its name, if the model does not have it any more.
fn title<'a>(model: &'a AccessModel, name: &'a str) -> &'a str {
    model.role_named(name).map_or(name, |role| model.roles[role].title.as_str())
}

/// The roles that can be given on objects of a type, from the least.
fn given_on(model: &AccessModel, kind: usize) -> Vec<&Role> {
    model.given_on(kind).numbers().map(|role| &model.roles[role]).collect()
}

/// The page of an object; of the whole site, if there is none.
fn path(site: &Site, declared: &Declared, object: Option<&ObjectRef>) -> String {
    let path = format!("/admin/sites/{}/roles/{}", site.id, segment(declared.resource.id.as_str()));
    with_query(&path, &[("object", &object.map(ObjectRef::to_string).unwrap_or_default())])
}

fn subject(text: &str) -> Result<RoleSubject, ErrorPage> {
    text.parse().map_err(|_| no_such_subject())
}

fn no_such_api() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such API here")
        .what_happened("No API of that name declares roles here. Perhaps an operator removed it.")
        .what_to_do(&["Look at the roles of the site again."])
}

fn no_such_object() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is no such object here")
        .what_happened("The API told of no object of that name on this site, or it was removed.")
        .what_to_do(&["Look at the roles of the site again."])
}

fn no_such_subject() -> ErrorPage {
    ErrorPage::new(Status::NotFound, "There is nobody of that name here")
        .what_happened(
            "Only members, groups and apps of this site hold roles on it. Perhaps they were removed a moment ago.",
        )
        .what_to_do(&["Look at the page again, and choose somebody who is listed."])
}
