//! The objects that protected resources tell of, and the line of objects that leads from the whole site down to one.

use std::collections::BTreeMap;

use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::Access;
use crate::domain::event::{Actor, Event};
use crate::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use crate::domain::site::Site;
use crate::store::{StoreError, Told};

/// So many objects at most are told of, or listed, at once.
pub const MOST_AT_ONCE: usize = 1000;

/// Why an object was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The model has no such type.
    #[error("there is no type of objects {0:?}")]
    NoType(String),
    /// The whole site is known.
    #[error("{0} is the whole site, which nobody needs to tell of")]
    WholeSite(ObjectRef),
    /// It must belong to an object of another type.
    #[error("{object} belongs to an object of the type {parent:?}")]
    Parent {
        /// The object.
        object: ObjectRef,
        /// The type of what it belongs to.
        parent: String,
    },
    /// What it belongs to is not known.
    #[error("{0} belongs to something that is not known; tell of that first")]
    NoParent(ObjectRef),
    /// It is known as part of something else.
    #[error("{0} is part of something else, where roles may have been given because of that; remove it first")]
    Elsewhere(ObjectRef),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells of an object, or gives it another label.
///
/// # Errors
/// [`ObjectError`].
pub async fn put(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    object: &ProtectedObject,
) -> Result<(), ObjectError> {
    check(access, object)?;
    taken(server.store.put_object(realm, object).await?, object)
}

/// Tells of objects in their order, those that others belong to before these, up to the first that is not taken.
///
/// # Errors
/// [`NotTaken`] says which, and why; or [`StoreError`], and some may have been taken.
pub async fn put_all(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    objects: &[ProtectedObject],
) -> Result<Result<(), NotTaken>, StoreError> {
    let faults = objects.iter().enumerate().find_map(|(number, object)| Some((number, check(access, object).err()?)));
    let good = faults.as_ref().map_or(objects.len(), |(number, _)| *number);
    let outcomes = server.store.put_objects(realm, &objects[..good]).await?;
    for (number, (outcome, object)) in outcomes.into_iter().zip(objects).enumerate() {
        if let Err(why) = taken(outcome, object) {
            return Ok(Err(NotTaken { number, why }));
        }
    }
    Ok(match faults {
        Some((number, why)) => Err(NotTaken { number, why }),
        None => Ok(()),
    })
}

/// The first object of several that was not taken; those before it were.
#[derive(Debug, thiserror::Error)]
#[error("objects[{number}] was not taken, and the {number} before it were: {why}")]
pub struct NotTaken {
    /// How many were taken.
    pub number: usize,
    /// Why it was not.
    pub why: ObjectError,
}

/// Whether the model has a place for an object.
fn check(access: &Access, object: &ProtectedObject) -> Result<(), ObjectError> {
    let model = &access.model;
    let kind = object.object.kind();
    let number = model.type_named(kind).ok_or_else(|| ObjectError::NoType(kind.into()))?;
    let parent = match model.objects[number].parent {
        None => return Err(ObjectError::WholeSite(object.object.clone())),
        // What belongs to the whole site need not say so.
        Some(0) => None,
        Some(parent) => Some(&model.objects[parent].name),
    };
    if object.parent.as_ref().map(ObjectRef::kind) != parent.map(String::as_str) {
        let parent = parent.unwrap_or(&model.objects[0].name).clone();
        return Err(ObjectError::Parent { object: object.object.clone(), parent });
    }
    Ok(())
}

fn taken(outcome: Told, object: &ProtectedObject) -> Result<(), ObjectError> {
    match outcome {
        Told::Done => Ok(()),
        Told::NoParent => Err(ObjectError::NoParent(object.object.clone())),
        Told::Elsewhere => Err(ObjectError::Elsewhere(object.object.clone())),
    }
}

/// Removes an object and what is beneath it, with every role that was given there; `false` if it is not known.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn remove(
    server: &AuthorizationServer,
    realm: &Realm,
    object: &ObjectRef,
    by: Option<Actor>,
) -> Result<bool, StoreError> {
    let removed = server.store.remove_object(realm, object).await?;
    if removed {
        let Realm { site_id, resource_id } = realm.clone();
        server.record(Event::ObjectRemoved { site_id, resource_id, object: object.to_string(), by }).await;
    }
    Ok(removed)
}

/// What the whole site is to a protected resource: an object of its first type, with the name of the workspace.
pub fn whole_site(access: &Access, site: &Site) -> Option<ObjectRef> {
    ObjectRef::new(&access.model.objects.first()?.name, &site.workspace_id.to_string()).ok()
}

/// The line of objects from the whole site down to one.
pub struct Line {
    /// The number of the type of each.
    pub kinds: Vec<usize>,
    /// Each, as far as it is known.
    pub objects: Vec<Option<ObjectRef>>,
}

/// The line down to `object`, by what its resource told of and, where it told of nothing, by what is `given` for this question:
/// the identifier of an object by its type.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn line(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    (kind, object): (usize, Option<&ObjectRef>),
    given: &BTreeMap<String, String>,
) -> Result<Line, StoreError> {
    let kinds = access.model.line_of(kind);
    let mut objects = vec![None; kinds.len()];
    if let Some(last) = objects.last_mut() {
        *last = object.cloned();
    }
    for at in (1..kinds.len().saturating_sub(1)).rev() {
        let told = match &objects[at + 1] {
            Some(below) => server.store.object(realm, below).await?.and_then(|known| known.parent),
            None => None,
        };
        let kind = &access.model.objects[kinds[at]].name;
        objects[at] = told.or_else(|| given.get(kind).and_then(|id| ObjectRef::new(kind, id).ok()));
    }
    if let Some(first) = objects.first_mut() {
        *first = whole_site(access, site);
    }
    Ok(Line { kinds, objects })
}
