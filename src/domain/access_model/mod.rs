//! Access model: what a protected resource declares of its objects, its roles and its operations, as data.
//!
//! ```json
//! {
//!   "objects": [
//!     { "type": "workspace", "title": "Workspace" },
//!     { "type": "schema", "title": "Object schema", "parent": "workspace" },
//!     { "type": "object_type", "title": "Object type", "parent": "schema", "overrides": true }
//!   ],
//!   "roles": [
//!     { "role": "user", "title": "User", "on": ["schema", "object_type"] },
//!     { "role": "admin", "title": "Admin", "on": ["workspace"], "includes": ["user"], "held_by_site_admins": true }
//!   ],
//!   "servers": ["/workspace/{site}/v1"],
//!   "settings": [{ "setting": "delete_schemas", "title": "Who may delete schemas", "roles": ["admin", "user"] }],
//!   "operations": [
//!     { "operation": "DELETE /schema/{id}", "scope": "delete:schema", "on": "schema", "id": "id", "requires": "delete_schemas", "connect": "ADMIN" }
//!   ]
//! }
//! ```
//!
//! The first type of objects is the whole site. Roles come from the least to the greatest; a role is ordered by what it
//! `includes`, or has `permissions` that operations ask for.
//!
//! | file | what |
//! |---|---|
//! | `written` | a model as it is written |
//! | `reading` | from there to a model that is checked, with every fault at once |
//! | `access` | a model with what an operator decided: what decisions are made by |

mod access;
mod reading;
mod written;

pub use access::{Access, Asked, ChoiceFault, Requirement};
pub use reading::{Faults, LONGEST_MODEL, ModelFault};
pub use written::{WrittenModel, WrittenOperation, WrittenRole, WrittenSetting, WrittenType};

use crate::domain::operation::{Operation, ServerPath};
use crate::domain::role::{ObjectType, Role, RoleSet, RoleSetting};

/// What a protected resource declares, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessModel {
    /// The types of objects, each after its parent; the first is the whole site.
    pub objects: Vec<ObjectType>,
    /// The roles, from the least.
    pub roles: Vec<Role>,
    /// What an operator decides.
    pub settings: Vec<RoleSetting>,
    /// Where in the paths of requests the operations begin.
    pub servers: Vec<ServerPath>,
    /// The operations.
    pub operations: Vec<Operation>,
    written: WrittenModel,
}

impl AccessModel {
    /// How it is written.
    pub fn written(&self) -> &WrittenModel {
        &self.written
    }

    /// The number of a type of objects.
    pub fn type_named(&self, name: &str) -> Option<usize> {
        self.objects.iter().position(|kind| kind.name == name)
    }

    /// The number of a role.
    pub fn role_named(&self, name: &str) -> Option<usize> {
        self.roles.iter().position(|role| role.name == name)
    }

    /// The roles of these names; a name that the model does not have any more is nobody's role.
    pub fn roles_named(&self, names: &[String]) -> RoleSet {
        names.iter().filter_map(|name| self.role_named(name)).collect()
    }

    /// These roles and all that they include.
    pub fn with_included(&self, roles: RoleSet) -> RoleSet {
        roles.numbers().fold(roles, |all, number| all | self.roles[number].includes)
    }

    /// The roles that can be given on objects of a type.
    pub fn given_on(&self, kind: usize) -> RoleSet {
        let is_given = |number: &usize| self.roles[*number].on.contains(&self.objects[kind].name);
        (0..self.roles.len()).filter(is_given).collect()
    }

    /// The types of objects from the whole site down to that one.
    pub fn line_of(&self, kind: usize) -> Vec<usize> {
        let mut line: Vec<usize> = std::iter::successors(Some(kind), |kind| self.objects[*kind].parent).collect();
        line.reverse();
        line
    }

    /// Those that no other of them includes, from the least.
    pub fn greatest(&self, roles: RoleSet) -> Vec<usize> {
        let is_included =
            |number: usize| roles.numbers().any(|other| other != number && self.roles[other].includes.contains(number));
        roles.numbers().filter(|number| !is_included(*number)).collect()
    }
}
