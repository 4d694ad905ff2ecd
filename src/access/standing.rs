//! Standing: what subjects were given on an object and above it, and which roles that comes to there.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::objects::{Line, line};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::Access;
use crate::domain::decision::{OnObject, roles_held};
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::role_binding::{RoleBinding, RoleSubject};
use crate::domain::site::Site;
use crate::store::StoreError;

/// Who stands how on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who, by itself; `None` is the admins of the site, who hold roles by being that.
    pub subject: Option<RoleSubject>,
    /// What they were given there and above.
    pub given: Vec<RoleBinding>,
    /// The greatest roles that they hold there by that, perhaps none.
    pub comes_to: Vec<String>,
}

/// How everybody stands on `object` who was given something there or above it. What people hold by a group is told of the group.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn on(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    object: &ObjectRef,
) -> Result<Vec<Standing>, StoreError> {
    let Some(kind) = access.model.type_named(object.kind()) else { return Ok(Vec::new()) };
    let line = line(server, (realm, access), site, (kind, Some(object)), &BTreeMap::new()).await?;
    let mut given = Vec::new();
    for object in &line.objects {
        given.push(match object {
            Some(object) => server.store.roles_on(realm, object).await?,
            None => Vec::new(),
        });
    }
    let subjects: BTreeSet<RoleSubject> = given.iter().flatten().map(|binding| binding.held.subject).collect();
    let admins = access.model.roles.iter().any(|role| role.held_by_site_admins).then_some(None);
    let all = admins.into_iter().chain(subjects.into_iter().map(Some));
    Ok(all.map(|subject| standing(access, &line, &given, subject)).collect())
}

fn standing(access: &Access, line: &Line, given: &[Vec<RoleBinding>], subject: Option<RoleSubject>) -> Standing {
    let model = &access.model;
    let is_theirs = |binding: &&RoleBinding| Some(binding.held.subject) == subject;
    let names = |bindings: Vec<&RoleBinding>| -> Vec<String> {
        bindings.into_iter().map(|binding| binding.held.role.clone()).collect()
    };
    let known: Vec<Option<OnObject>> = std::iter::zip(&line.objects, given)
        .map(|(object, given)| {
            object.as_ref().map(|_| OnObject {
                held: model.roles_named(&names(given.iter().filter(is_theirs).collect())),
                set: model.roles_named(&names(given.iter().collect())),
            })
        })
        .collect();
    let held = roles_held(access, &line.kinds, &known, subject.is_none());
    Standing {
        subject,
        given: given.iter().flatten().filter(is_theirs).cloned().collect(),
        comes_to: model.greatest(held).into_iter().map(|role| model.roles[role].name.clone()).collect(),
    }
}
