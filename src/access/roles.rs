//! Layer 3: which roles a principal holds on an object; and roles given and taken.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::objects::{Line, line, whole_site};
use crate::access::subjects::belongs;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::{Access, Requirement};
use crate::domain::decision::{OnObject, roles_held, suffices};
use crate::domain::event::{Actor, Event};
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::role::RoleSet;
use crate::domain::role_binding::{Held, Principal, RoleBinding, RoleSubject};
use crate::domain::site::Site;
use crate::store::{Given, StoreError};

/// So many roles at most are given at once.
pub const MOST_AT_ONCE: usize = 10_000;

/// Why a role was not given.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The model has no such role.
    #[error("there is no role {0:?}")]
    NoRole(String),
    /// The role is not given on objects of that type.
    #[error("the role {role:?} is not given on objects of the type {kind:?}")]
    NotThere {
        /// The role.
        role: String,
        /// The type.
        kind: String,
    },
    /// The object is not known.
    #[error("there is no object {0} on this site")]
    NoObject(ObjectRef),
    /// Only members, groups and apps of the site hold roles there.
    #[error("{0} is no member, group or app of this site")]
    Stranger(RoleSubject),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gives roles; nothing is given unless all can be. Those that were held before change nothing.
///
/// # Errors
/// [`RoleError`] for the first that cannot be given.
pub async fn give(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    roles: Vec<Held>,
    by: Actor,
) -> Result<usize, RoleError> {
    let Some(whole) = whole_site(access, site) else { return Ok(0) };
    if let Some((_, fault)) = faults(server, (realm, access), site, &roles).await?.into_iter().next() {
        return Err(fault);
    }
    let known: BTreeSet<RoleSubject> = roles.iter().map(|held| held.subject).collect();
    let at = server.now();
    let bindings: Vec<RoleBinding> =
        roles.into_iter().map(|held| RoleBinding { realm: realm.clone(), held, by, at }).collect();
    let outcomes = server.store.give_roles(&whole, &bindings).await?;
    for (RoleBinding { held, .. }, outcome) in bindings.iter().zip(&outcomes) {
        if *outcome == Given::Done {
            server.record(given(realm, held, by)).await;
        }
    }
    // Whoever ceased to belong here meanwhile must not find the role when they come again.
    for subject in known {
        if !belongs(server, site.id, subject).await? {
            server.store.end_roles_of(site.id, subject).await?;
            return Err(RoleError::Stranger(subject));
        }
    }
    match bindings.iter().zip(&outcomes).find(|(_, outcome)| **outcome == Given::NoObject) {
        Some((binding, _)) => Err(RoleError::NoObject(binding.held.object.clone())),
        None => Ok(outcomes.iter().filter(|outcome| **outcome == Given::Done).count()),
    }
}

/// Which of these roles cannot be given, by their place among them, and why.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn faults(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    roles: &[Held],
) -> Result<Vec<(usize, RoleError)>, StoreError> {
    let whole = whole_site(access, site);
    let (mut faults, mut known, mut told) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    for (at, held) in roles.iter().enumerate() {
        if let Err(fault) = check(access, held) {
            faults.push((at, fault));
            continue;
        }
        if Some(&held.object) != whole.as_ref() && !told.contains(&held.object) {
            if server.store.object(realm, &held.object).await?.is_none() {
                faults.push((at, RoleError::NoObject(held.object.clone())));
                continue;
            }
            told.insert(&held.object);
        }
        let is_known = match known.get(&held.subject) {
            Some(is_known) => *is_known,
            None => belongs(server, site.id, held.subject).await?,
        };
        known.insert(held.subject, is_known);
        if !is_known {
            faults.push((at, RoleError::Stranger(held.subject)));
        }
    }
    Ok(faults)
}

/// Takes a role; `false` if it was not held.
///
/// # Errors
/// [`StoreError`] if the store fails: it may still be held.
pub async fn take(server: &AuthorizationServer, realm: &Realm, held: &Held, by: Actor) -> Result<bool, StoreError> {
    let taken = server.store.take_role(realm, held).await?;
    if taken {
        let Realm { site_id, resource_id } = realm.clone();
        let Held { object, role, subject } = held.clone();
        let object = object.to_string();
        server.record(Event::RoleTaken { site_id, resource_id, object, role, subject, by }).await;
    }
    Ok(taken)
}

fn given(realm: &Realm, held: &Held, by: Actor) -> Event {
    let Realm { site_id, resource_id } = realm.clone();
    let Held { object, role, subject } = held.clone();
    Event::RoleGiven { site_id, resource_id, object: object.to_string(), role, subject, by }
}

fn check(access: &Access, held: &Held) -> Result<(), RoleError> {
    let model = &access.model;
    let role = model.role_named(&held.role).ok_or_else(|| RoleError::NoRole(held.role.clone()))?;
    if model.roles[role].on.iter().any(|kind| kind == held.object.kind()) {
        Ok(())
    } else {
        Err(RoleError::NotThere { role: held.role.clone(), kind: held.object.kind().to_owned() })
    }
}

/// Whether `principal` holds what is required at the end of a line of objects. On the whole site, a role that cannot be given there
/// is held by whoever holds it on anything.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn holds(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    principal: &Principal,
    line: &Line,
    required: Option<Requirement>,
) -> Result<bool, StoreError> {
    let Some(required) = required else { return Ok(true) };
    if suffices(held(server, (realm, access), principal, line).await?, Some(required)) {
        return Ok(true);
    }
    match principal.subject() {
        Some(subject) if line.kinds.len() == 1 && access.is_held_anywhere(required) => {
            let names: Vec<&str> =
                required.any_of.numbers().map(|role| access.model.roles[role].name.as_str()).collect();
            server.store.holds_anywhere(realm, subject, &names).await
        }
        _ => Ok(false),
    }
}

/// The roles that `principal` holds at the end of a line of objects.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn held(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    principal: &Principal,
    line: &Line,
) -> Result<RoleSet, StoreError> {
    let known = match principal.subject() {
        None => vec![None; line.kinds.len()],
        Some(subject) => known_of(server, (realm, access), subject, line).await?,
    };
    Ok(roles_held(access, &line.kinds, &known, principal.is_site_admin()))
}

/// The roles that `subject` holds at the end of a line of objects by what it was given, whoever it is beside that.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn held_by(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    subject: RoleSubject,
    line: &Line,
) -> Result<RoleSet, StoreError> {
    let known = known_of(server, (realm, access), subject, line).await?;
    Ok(roles_held(access, &line.kinds, &known, false))
}

/// What a decision asks about a subject on each object of a line.
async fn known_of(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    subject: RoleSubject,
    line: &Line,
) -> Result<Vec<Option<OnObject>>, StoreError> {
    let objects: Vec<ObjectRef> = line.objects.iter().flatten().cloned().collect();
    let mut there = server.store.roles_there(realm, subject, &objects).await?.into_iter();
    let model = &access.model;
    let on_object = |_: &ObjectRef| {
        let there = there.next().unwrap_or_default();
        OnObject { held: model.roles_named(&there.held), set: model.roles_named(&there.set) }
    };
    let mut on_object = on_object;
    Ok(line.objects.iter().map(|object| object.as_ref().map(&mut on_object)).collect())
}

/// Roles as they are told: on each of these objects the principal holds these, and beneath it too unless another entry is nearer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldRoles {
    /// An object and the greatest roles there, perhaps none.
    pub entries: Vec<(ObjectRef, Vec<String>)>,
    /// Whether these are all.
    pub is_complete: bool,
}

/// So many objects at most are told of.
pub const MOST_TOLD: usize = 100;

/// What a principal holds on a site, by the objects where it changes.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn told(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    principal: &Principal,
) -> Result<ToldRoles, StoreError> {
    let objects = told_of(server, (realm, access), site, principal).await?;
    let is_complete = objects.len() <= MOST_TOLD;
    let model = &access.model;
    let mut entries = Vec::new();
    for object in objects.into_iter().take(MOST_TOLD) {
        let Some(kind) = model.type_named(object.kind()) else { continue };
        let line = line(server, (realm, access), site, (kind, Some(&object)), &BTreeMap::new()).await?;
        let held = held(server, (realm, access), principal, &line).await?;
        let greatest = model.greatest(held).into_iter().map(|role| model.roles[role].name.clone());
        entries.push((object, greatest.collect()));
    }
    Ok(ToldRoles { entries, is_complete })
}

/// Where what a principal holds may change: where it was given something, and where somebody was given what it brings from above.
async fn told_of(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    principal: &Principal,
) -> Result<BTreeSet<ObjectRef>, StoreError> {
    let mut objects = BTreeSet::new();
    if principal.is_site_admin() {
        objects.extend(whole_site(access, site));
    }
    let Some(subject) = principal.subject() else { return Ok(objects) };
    let mut subjects = vec![subject];
    if let RoleSubject::User(user) = subject {
        subjects.extend(server.store.groups_of(realm.site_id, user).await?.into_iter().map(RoleSubject::Group));
    }
    for subject in subjects {
        objects.extend(server.store.roles_of(realm, subject).await?.into_iter().map(|(object, _)| object));
    }
    let above: BTreeSet<ObjectRef> = objects.clone();
    for (kind, known) in access.model.objects.iter().enumerate().filter(|(_, known)| known.overrides) {
        for (object, _) in server.store.roles_set(realm, &known.name).await? {
            let line = line(server, (realm, access), site, (kind, Some(&object)), &BTreeMap::new()).await?;
            if line.objects.iter().flatten().any(|object| above.contains(object)) {
                objects.insert(object);
            }
            if objects.len() > MOST_TOLD {
                return Ok(objects);
            }
        }
    }
    Ok(objects)
}
