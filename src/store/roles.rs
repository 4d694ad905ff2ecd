//! trait Roles: who holds which role on which object, and the objects that protected resources told of.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::access_model::Access;
use crate::domain::id::{ResourceId, SiteId};
use crate::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use crate::domain::role_binding::{Held, RoleBinding, RoleSubject};
use crate::store::Result;

/// What came of telling of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is known.
    Done,
    /// What it belongs to is not known.
    NoParent,
    /// It is known as part of something else, where roles may have been given because of that.
    Elsewhere,
}

/// What came of giving a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The subject holds it.
    Done,
    /// They held it before.
    Already,
    /// There is no such object.
    NoObject,
}

/// The names of roles that matter to a subject on one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolesThere {
    /// Those that it was given there, itself or by a group of the site that it is in.
    pub held: Vec<String>,
    /// Those that anybody was given there.
    pub set: Vec<String>,
}

/// Roles and what they are held on.
#[async_trait]
pub trait Roles {
    /// What a protected resource declares, and what was decided about it; `None` if it declares nothing.
    async fn access(&self, resource: &ResourceId) -> Result<Option<Arc<Access>>>;

    /// Says by what decisions are made for a protected resource; `false` if there is no such resource.
    async fn set_access(&self, resource: &ResourceId, access: &Arc<Access>) -> Result<bool>;

    /// An object that its protected resource told of.
    async fn object(&self, realm: &Realm, object: &ObjectRef) -> Result<Option<ProtectedObject>>;

    /// The next `count` objects of a type after the one of the identifier `after`, in the order of their identifiers.
    async fn objects(
        &self,
        realm: &Realm,
        kind: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<ProtectedObject>>;

    /// The next `count` objects of a type that belong to `parent`, after the one of the identifier `after`, in the order of their
    /// identifiers.
    async fn objects_beneath(
        &self,
        realm: &Realm,
        parent: &ObjectRef,
        kind: &str,
        after: Option<&str>,
        count: usize,
    ) -> Result<Vec<ProtectedObject>>;

    /// Tells of an object, or gives it another label. It stays beneath what it is beneath.
    async fn put_object(&self, realm: &Realm, object: &ProtectedObject) -> Result<Told>;

    /// Tells of objects in their order, up to the first that is not taken; of each what came of it.
    async fn put_objects(&self, realm: &Realm, objects: &[ProtectedObject]) -> Result<Vec<Told>>;

    /// Removes an object, everything beneath it, and every role that was given there; `false` if it is not known.
    async fn remove_object(&self, realm: &Realm, object: &ObjectRef) -> Result<bool>;

    /// Gives roles, each on an object that is known or on the whole site, whose name is `site`. Done once all is durable, in the order of the bindings.
    async fn give_roles(&self, site: &ObjectRef, bindings: &[RoleBinding]) -> Result<Vec<Given>>;

    /// Takes a role from whoever holds it; `false` if they do not.
    async fn take_role(&self, realm: &Realm, held: &Held) -> Result<bool>;

    /// Who holds what on an object, by role.
    async fn roles_on(&self, realm: &Realm, object: &ObjectRef) -> Result<Vec<RoleBinding>>;

    /// What `subject` holds on which objects, by itself.
    async fn roles_of(&self, realm: &Realm, subject: RoleSubject) -> Result<Vec<(ObjectRef, Vec<String>)>>;

    /// What a decision asks about a subject on each of some objects.
    async fn roles_there(&self, realm: &Realm, subject: RoleSubject, objects: &[ObjectRef]) -> Result<Vec<RolesThere>>;

    /// Whether a subject holds one of these roles on anything, by itself or by a group.
    async fn holds_anywhere(&self, realm: &Realm, subject: RoleSubject, roles: &[&str]) -> Result<bool>;

    /// On which objects of a type somebody was given which roles.
    async fn roles_set(&self, realm: &Realm, kind: &str) -> Result<Vec<(ObjectRef, Vec<String>)>>;

    /// Ends every role that a subject has on a site, whatever resource it is at.
    async fn end_roles_of(&self, site: SiteId, subject: RoleSubject) -> Result<()>;
}
