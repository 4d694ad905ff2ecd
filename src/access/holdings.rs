//! What a subject holds at which protected resources, and whom a role that is set on an object keeps from what they bring from above.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::objects::{Line, line, whole_site};
use crate::access::{roles, subjects};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::Access;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::resource::ProtectedResource;
use crate::domain::role::RoleSet;
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::store::StoreError;

/// A protected resource that declares roles.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The resource.
    pub resource: Arc<ProtectedResource>,
    /// What it declares, and what was decided about that.
    pub access: Arc<Access>,
}

/// What a subject was given at a resource, object by object.
pub struct GivenAt {
    /// Where.
    pub declared: Declared,
    /// The names of the roles on each object.
    pub given: Vec<(ObjectRef, Vec<String>)>,
}

/// Somebody who would hold more on an object, did not others hold it there.
pub struct Restricted {
    /// Who.
    pub subject: RoleSubject,
    /// What they bring from above.
    pub brings: RoleSet,
    /// What they hold there.
    pub holds: RoleSet,
}

/// So many of those who hold something above are looked at.
const MOST_LOOKED_AT: usize = 200;

/// The resources that declare roles, by name.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn resources(server: &AuthorizationServer) -> Result<Vec<Declared>, StoreError> {
    let mut all = Vec::new();
    for resource in server.store.resources().await? {
        if let Some(access) = server.store.access(&resource.id).await? {
            all.push(Declared { resource, access });
        }
    }
    all.sort_by(|one, other| one.resource.name.cmp(&other.resource.name));
    Ok(all)
}

/// What a subject was given itself on a site, at each resource that declares roles.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn given_to(
    server: &AuthorizationServer,
    site: &Site,
    subject: RoleSubject,
) -> Result<Vec<GivenAt>, StoreError> {
    let mut all = Vec::new();
    for declared in resources(server).await? {
        let realm = Realm { resource_id: declared.resource.id.clone(), site_id: site.id };
        let given = server.store.roles_of(&realm, subject).await?;
        all.push(GivenAt { declared, given });
    }
    Ok(all)
}

/// What people call an object; the whole site by the name of the site, and what is not known by what it is.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn label_of(
    server: &AuthorizationServer,
    site: &Site,
    declared: &Declared,
    object: &ObjectRef,
) -> Result<String, StoreError> {
    if whole_site(&declared.access, site).as_ref() == Some(object) {
        return Ok(site.name.clone());
    }
    let realm = Realm { resource_id: declared.resource.id.clone(), site_id: site.id };
    let known = server.store.object(&realm, object).await?;
    Ok(known.map_or_else(|| object.to_string(), |known| known.label.to_string()))
}

/// What a subject holds at the end of a line of objects; of a group, what it brings its members.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn held(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    subject: RoleSubject,
    line: &Line,
) -> Result<RoleSet, StoreError> {
    match subjects::principal(server, realm.site_id, subject).await? {
        Some(principal) => roles::held(server, (realm, access), &principal, line).await,
        None => roles::held_by(server, (realm, access), subject, line).await,
    }
}

/// Those who bring a role from above that is set on the last object of a line, and do not hold it there; of many the first.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn restricted(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    below: &Line,
) -> Result<Vec<Restricted>, StoreError> {
    let (Some((kind, above)), Some(Some(last))) = (below.kinds.split_last(), below.objects.last()) else {
        return Ok(Vec::new());
    };
    let is_set = !server.store.roles_on(realm, last).await?.is_empty();
    if !access.model.objects[*kind].overrides || !is_set {
        return Ok(Vec::new());
    }
    let (Some(parent), Some(parent_kind)) = (below.objects.iter().rev().nth(1), above.last()) else {
        return Ok(Vec::new());
    };
    let above = line(server, (realm, access), site, (*parent_kind, parent.as_ref()), &BTreeMap::new()).await?;
    let mut bringing = BTreeSet::new();
    for object in above.objects.iter().flatten() {
        bringing.extend(server.store.roles_on(realm, object).await?.into_iter().map(|binding| binding.held.subject));
    }
    let mut all = Vec::new();
    for subject in bringing.into_iter().take(MOST_LOOKED_AT) {
        let brings = held(server, (realm, access), subject, &above).await?;
        let holds = held(server, (realm, access), subject, below).await?;
        if access.model.greatest(brings).into_iter().any(|role| !holds.contains(role)) {
            all.push(Restricted { subject, brings, holds });
        }
    }
    Ok(all)
}
