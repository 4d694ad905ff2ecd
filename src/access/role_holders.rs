//! Everybody who was given one role on one object: told, and made to be these and no others.

use std::collections::BTreeSet;

use crate::access::roles::{self, RoleError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_model::{Access, AccessModel, Requirement};
use crate::domain::event::Actor;
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::role_binding::{Held, RoleSubject};
use crate::domain::site::Site;
use crate::store::StoreError;

/// A role on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOn {
    /// The object.
    pub object: ObjectRef,
    /// The number of its type.
    pub kind: usize,
    /// The number of the role.
    pub role: usize,
}

impl RoleOn {
    /// The role that a name leads to, which is the type of the object, its identifier and the name of the role with a colon between:
    /// neither of the outer two has one.
    pub fn named(model: &AccessModel, name: &str) -> Option<Self> {
        let (object, role) = name.rsplit_once(':')?;
        let object: ObjectRef = object.parse().ok()?;
        let (kind, role) = (model.type_named(object.kind())?, model.role_named(role)?);
        model.given_on(kind).contains(role).then_some(Self { object, kind, role })
    }

    /// Its name.
    pub fn name(&self, model: &AccessModel) -> String {
        format!("{}:{}", self.object, model.roles[self.role].name)
    }
}

/// What it takes to say who holds which role on objects of a type: the greatest role that can be given there.
pub fn required(model: &AccessModel, kind: usize) -> Option<Requirement> {
    let least = *model.greatest(model.given_on(kind)).last()?;
    let any_of = (0..model.roles.len()).filter(|role| model.roles[*role].includes.contains(least)).collect();
    Some(Requirement { any_of, least })
}

/// Who was given the role.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn told(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    role: &RoleOn,
) -> Result<BTreeSet<RoleSubject>, StoreError> {
    let name = &access.model.roles[role.role].name;
    let given = server.store.roles_on(realm, &role.object).await?.into_iter().map(|binding| binding.held);
    Ok(given.filter(|held| held.role == *name).map(|held| held.subject).collect())
}

/// Makes these hold the role, and nobody else. Those who are to hold it are given it before it is taken from others; asked again, what
/// was left undone is done.
///
/// # Errors
/// [`RoleError`] if one of them cannot be given it: then nothing changed.
pub async fn replace(
    server: &AuthorizationServer,
    (realm, access): (&Realm, &Access),
    site: &Site,
    (role, holders): (&RoleOn, &BTreeSet<RoleSubject>),
    by: Actor,
) -> Result<(), RoleError> {
    let former = told(server, (realm, access), role).await?;
    let held = |subject: &RoleSubject| held(access, role, *subject);
    let new = holders.difference(&former).map(held).collect();
    roles::give(server, (realm, access), site, new, by).await?;
    for subject in former.difference(holders) {
        roles::take(server, realm, &held(subject), by).await?;
    }
    Ok(())
}

/// That somebody holds the role.
pub fn held(access: &Access, role: &RoleOn, subject: RoleSubject) -> Held {
    Held { object: role.object.clone(), role: access.model.roles[role.role].name.clone(), subject }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::models::ASSETS;

    #[test]
    fn a_role_on_an_object_has_one_name() {
        let model = AccessModel::read(ASSETS).expect("a model");
        for good in ["schema:4:manager", "object_type:a:b:user", "workspace:x-y:admin"] {
            assert_eq!(RoleOn::named(&model, good).expect("a role").name(&model), good);
        }
        for bad in
            ["", "schema:4", "schema:4:admin", "schema::user", "object:88:user", "folder:4:user", "schema:4:owner"]
        {
            assert_eq!(RoleOn::named(&model, bad), None, "{bad}");
        }
    }

    #[test]
    fn the_greatest_role_of_a_type_says_who_holds_the_others() {
        let model = AccessModel::read(ASSETS).expect("a model");
        let least = |kind: &str| model.roles[required(&model, model.type_named(kind)?)?.least].name.clone().into();
        let names: Vec<Option<String>> = ["workspace", "schema", "object_type", "object"].map(least).to_vec();
        assert_eq!(names, [Some("admin".into()), Some("manager".into()), Some("manager".into()), None]);
    }
}
