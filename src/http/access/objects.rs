//! PUT and DELETE /access/v1/objects: a protected resource tells of its objects, so that roles can be given on them and beneath.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;
use serde::Deserialize;

use crate::access::objects::{self, MOST_AT_ONCE};
use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::label::Label;
use crate::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use crate::domain::site::Site;
use crate::http::guards::asker::Asker;
use crate::http::guards::json_body::LongJsonBody;
use crate::oauth::error::{OAuthError, RequestFault};
use crate::oauth::evaluation::strictly::{list, optional};

/// Where a protected resource tells.
pub const PATH: &str = "/access/v1/objects";

/// Objects on a site, those that others belong to before these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldObjects {
    site: String,
    #[serde(deserialize_with = "list")]
    objects: Vec<ToldObject>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldObject {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    label: String,
    #[serde(default, deserialize_with = "optional")]
    parent: Option<ToldParent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldParent {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

/// Takes objects. 204 is sent only once all are known for good.
#[rocket::put("/access/v1/objects", data = "<body>")]
pub async fn put(
    server: &State<Arc<AuthorizationServer>>,
    asker: Asker<'_>,
    body: LongJsonBody,
) -> Result<Status, OAuthError> {
    let asker = asker.resource(server, PATH).await?;
    let ToldObjects { site, objects: told } = body.read()?;
    if told.len() > MOST_AT_ONCE {
        return Err(refused(format!("there are more than {MOST_AT_ONCE} objects, so that none was taken")));
    }
    let access = server.store.access(&asker.id).await?;
    let access = access.ok_or_else(|| refused("this protected resource declares no types of objects yet"))?;
    let site = site_named(server, &site).await?;
    let realm = Realm { resource_id: asker.id.clone(), site_id: site.id };
    // Nothing is told of the whole site, which is what an object belongs to that says nothing else.
    let whole = objects::whole_site(&access, &site);
    let told = told.into_iter().enumerate();
    let objects = told
        .map(|(number, told)| told.read(whole.as_ref()).map_err(|why| refused(format!("objects[{number}]: {why}"))));
    let objects = objects.collect::<Result<Vec<_>, _>>()?;
    objects::put_all(server, (&realm, &access), &objects).await?.map_err(|not_taken| refused(not_taken.to_string()))?;
    Ok(Status::NoContent)
}

/// Removes an object with what is beneath it and the roles that were given there. 204 is sent only once it is gone for good.
#[rocket::delete("/access/v1/objects/<kind>/<id>?<site>")]
pub async fn remove(
    server: &State<Arc<AuthorizationServer>>,
    asker: Asker<'_>,
    kind: &str,
    id: &str,
    site: Option<&str>,
) -> Result<Status, OAuthError> {
    let asker = asker.resource(server, PATH).await?;
    let site = site.ok_or(RequestFault::Missing("site"))?;
    let object = ObjectRef::new(kind, id).map_err(|why| refused(why.to_string()))?;
    let realm = Realm { resource_id: asker.id.clone(), site_id: site_named(server, site).await?.id };
    let is_removed = objects::remove(server, &realm, &object, None).await?;
    Ok(if is_removed { Status::NoContent } else { Status::NotFound })
}

async fn site_named(server: &AuthorizationServer, name: &str) -> Result<Arc<Site>, OAuthError> {
    sites::named(server, name).await?.ok_or_else(|| refused("there is no such site"))
}

fn refused(why: impl Into<String>) -> OAuthError {
    RequestFault::Meaningless(why.into()).into()
}

impl ToldObject {
    fn read(self, whole: Option<&ObjectRef>) -> Result<ProtectedObject, String> {
        let object = ObjectRef::new(&self.kind, &self.id).map_err(|why| why.to_string())?;
        let label: Label = self.label.parse().map_err(|why| format!("label: {why}"))?;
        let parent = self.parent.map(|parent| ObjectRef::new(&parent.kind, &parent.id));
        let parent = parent.transpose().map_err(|why| format!("parent: {why}"))?;
        Ok(ProtectedObject { object, label, parent: parent.filter(|parent| Some(parent) != whole) })
    }
}
