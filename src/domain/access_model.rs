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

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::connect::Level;
use crate::domain::operation::{Operation, RequestShape, ServerPath};
use crate::domain::protected_object::{ObjectRef, is_name};
use crate::domain::role::{MOST_ROLES, ObjectType, Role, RoleSet, RoleSetting};
use crate::domain::scope::Scope;

const MOST_TYPES: usize = 32;
const MOST_OPERATIONS: usize = 1000;

/// Longer models are none.
pub const LONGEST_MODEL: usize = 512 * 1024;

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

/// What is wrong with a model: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {wrong}")]
pub struct ModelFault {
    /// Which part.
    pub place: String,
    /// What is wrong.
    pub wrong: String,
}

/// A model as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenModel {
    /// Types of objects.
    pub objects: Vec<WrittenType>,
    /// Roles, from the least.
    pub roles: Vec<WrittenRole>,
    /// Settings.
    #[serde(default)]
    pub settings: Vec<WrittenSetting>,
    /// Where paths begin.
    #[serde(default)]
    pub servers: Vec<String>,
    /// Operations.
    #[serde(default)]
    pub operations: Vec<WrittenOperation>,
}

/// A type of objects as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenType {
    #[serde(rename = "type")]
    name: String,
    title: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    overrides: bool,
}

/// A role as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRole {
    #[serde(rename = "role")]
    name: String,
    title: Option<String>,
    #[serde(default)]
    sentence: String,
    on: Vec<String>,
    #[serde(default)]
    includes: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    held_by_site_admins: bool,
}

/// A setting as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenSetting {
    #[serde(rename = "setting")]
    name: String,
    title: Option<String>,
    roles: Vec<String>,
}

/// An operation as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenOperation {
    /// Its name, which is its method and path where it is a request.
    pub operation: String,
    /// The scope it takes.
    pub scope: Option<String>,
    /// The type of object that a role is asked for on.
    pub on: String,
    /// The parameter of the path with that object's identifier.
    pub id: Option<String>,
    /// The role, permission or setting that it takes.
    pub requires: Option<String>,
    /// The same, where it is done to the whole site.
    pub on_site: Option<String>,
    /// What a Connect app must be.
    pub connect: Option<Level>,
    /// Whether an import source's token opens it.
    #[serde(default)]
    pub container_token: bool,
    /// Whether its answer must be filtered.
    #[serde(default)]
    pub filter: bool,
}

impl AccessModel {
    /// The model that a text in JSON declares.
    ///
    /// # Errors
    /// Every [`ModelFault`] that is found.
    pub fn read(json: &str) -> Result<Self, Vec<ModelFault>> {
        if json.len() > LONGEST_MODEL {
            return Err(vec![fault("the model", format!("has more than {LONGEST_MODEL} bytes"))]);
        }
        let written = serde_json::from_str(json).map_err(|error| vec![fault("the model", error.to_string())])?;
        Self::of(written)
    }

    /// The model that is written so.
    ///
    /// # Errors
    /// Every [`ModelFault`] that is found.
    pub fn of(written: WrittenModel) -> Result<Self, Vec<ModelFault>> {
        let mut reader = Reader { faults: Vec::new() };
        let objects = reader.objects(&written.objects);
        let roles = reader.roles(&written.roles, &objects);
        let settings = reader.settings(&written.settings, &roles);
        let servers = reader.servers(&written.servers);
        let operations = reader.operations(&written.operations, &objects, &roles, &settings);
        if reader.faults.is_empty() {
            Ok(Self { objects, roles, settings, servers, operations, written })
        } else {
            Err(reader.faults)
        }
    }

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

    /// Whether objects of the type say something of roles: they are given there, or beneath.
    pub fn is_told_of(&self, kind: usize) -> bool {
        kind != 0
    }

    /// Those that no other of them includes, from the least.
    pub fn greatest(&self, roles: RoleSet) -> Vec<usize> {
        let is_included =
            |number: usize| roles.numbers().any(|other| other != number && self.roles[other].includes.contains(number));
        roles.numbers().filter(|number| !is_included(*number)).collect()
    }
}

fn fault(place: impl Into<String>, wrong: impl Into<String>) -> ModelFault {
    ModelFault { place: place.into(), wrong: wrong.into() }
}

struct Reader {
    faults: Vec<ModelFault>,
}

impl Reader {
    fn fault(&mut self, place: impl Into<String>, wrong: impl Into<String>) {
        self.faults.push(fault(place, wrong));
    }

    fn name(&mut self, place: &str, name: &str, taken: bool) {
        if !is_name(name) {
            self.fault(
                place,
                format!("{name:?} is no name: 1 to 32 lower-case letters, digits, \"_\", \"-\" and \".\""),
            );
        } else if taken {
            self.fault(place, format!("{name:?} is there twice"));
        }
    }

    fn text(&mut self, place: &str, title: Option<&String>, name: &str) -> String {
        let text = title.map_or(name, String::as_str);
        if text.chars().count() > 200 || text.chars().any(crate::domain::label::misleads) {
            self.fault(place, "a text has at most 200 characters on one line");
        }
        text.to_owned()
    }

    fn objects(&mut self, written: &[WrittenType]) -> Vec<ObjectType> {
        if written.is_empty() || written.len() > MOST_TYPES {
            self.fault(
                "objects",
                format!("there are 1 to {MOST_TYPES} types of objects, the first of which is the whole site"),
            );
        }
        let mut objects: Vec<ObjectType> = Vec::new();
        for (number, WrittenType { name, title, parent, overrides }) in written.iter().enumerate() {
            let place = format!("objects, {name:?}");
            self.name(&place, name, objects.iter().any(|earlier| earlier.name == *name));
            let found = parent.as_ref().and_then(|parent| objects.iter().position(|earlier| earlier.name == *parent));
            match (number, parent, found) {
                (0, None, _) | (1.., _, Some(_)) => {}
                (0, Some(_), _) => self.fault(&place, "the first type is the whole site and has no parent"),
                (_, None, _) => self.fault(&place, "only the first type has no parent"),
                (_, Some(parent), None) => self.fault(&place, format!("no type before it is its parent {parent:?}")),
            }
            let title = self.text(&place, title.as_ref(), name);
            objects.push(ObjectType { name: name.clone(), title, parent: found, overrides: *overrides && number > 0 });
        }
        objects
    }

    fn roles(&mut self, written: &[WrittenRole], objects: &[ObjectType]) -> Vec<Role> {
        if written.is_empty() || written.len() > MOST_ROLES {
            self.fault("roles", format!("there are 1 to {MOST_ROLES} roles"));
            return Vec::new();
        }
        let mut roles: Vec<Role> = Vec::new();
        for (number, role) in written.iter().enumerate() {
            let place = format!("roles, {:?}", role.name);
            self.name(&place, &role.name, roles.iter().any(|earlier| earlier.name == role.name));
            let mut includes = RoleSet::of(number);
            for included in &role.includes {
                match roles.iter().find(|earlier| earlier.name == *included) {
                    Some(earlier) => includes = includes | earlier.includes,
                    None => self.fault(&place, format!("no role before it is {included:?}, which it includes")),
                }
            }
            if role.on.is_empty() {
                self.fault(&place, "it can be given on nothing");
            }
            for kind in &role.on {
                if !objects.iter().any(|object| object.name == *kind) {
                    self.fault(&place, format!("there is no type {kind:?} that it can be given on"));
                }
            }
            for permission in &role.permissions {
                self.name(&place, permission, written.iter().any(|role| role.name == *permission));
            }
            let title = self.text(&place, role.title.as_ref(), &role.name);
            let sentence = self.text(&place, Some(&role.sentence), "");
            roles.push(Role {
                name: role.name.clone(),
                title,
                sentence,
                on: role.on.clone(),
                includes,
                permissions: role.permissions.clone(),
                held_by_site_admins: role.held_by_site_admins,
            });
        }
        roles
    }

    fn settings(&mut self, written: &[WrittenSetting], roles: &[Role]) -> Vec<RoleSetting> {
        let mut settings: Vec<RoleSetting> = Vec::new();
        for WrittenSetting { name, title, roles: choices } in written {
            let place = format!("settings, {name:?}");
            let is_taken = settings.iter().any(|earlier| earlier.name == *name) || is_asked_for(roles, name);
            self.name(&place, name, is_taken);
            let number = |choice: &String| roles.iter().position(|role| role.name == *choice);
            for unknown in choices.iter().filter(|choice| number(choice).is_none()) {
                self.fault(&place, format!("there is no role {unknown:?}"));
            }
            if choices.is_empty() {
                self.fault(&place, "it names no role");
            }
            let title = self.text(&place, title.as_ref(), name);
            settings.push(RoleSetting {
                name: name.clone(),
                title,
                choices: choices.iter().filter_map(number).collect(),
            });
        }
        settings
    }

    fn servers(&mut self, written: &[String]) -> Vec<ServerPath> {
        if written.is_empty() {
            return vec![ServerPath::default()];
        }
        let mut servers = Vec::new();
        for path in written {
            match path.parse() {
                Ok(server) => servers.push(server),
                Err(_) => self.fault(
                    format!("servers, {path:?}"),
                    "a server is the beginning of a path, whose only parameter is {site}",
                ),
            }
        }
        servers
    }

    fn operations(
        &mut self,
        written: &[WrittenOperation],
        objects: &[ObjectType],
        roles: &[Role],
        settings: &[RoleSetting],
    ) -> Vec<Operation> {
        if written.len() > MOST_OPERATIONS {
            self.fault("operations", format!("there are at most {MOST_OPERATIONS} operations"));
        }
        let mut operations: Vec<Operation> = Vec::new();
        for operation in written {
            let place = format!("operations, {:?}", operation.operation);
            let request = self.request(&place, operation, &operations);
            let on = objects.iter().position(|object| object.name == operation.on);
            if on.is_none() {
                self.fault(&place, format!("there is no type {:?}", operation.on));
            }
            if let Some(scope) = &operation.scope
                && scope.parse::<Scope>().map_or(true, |scope| scope.iter().count() != 1)
            {
                self.fault(&place, format!("{scope:?} is not one scope"));
            }
            for required in operation.requires.iter().chain(&operation.on_site) {
                if !is_asked_for(roles, required) && !settings.iter().any(|setting| setting.name == *required) {
                    self.fault(&place, format!("there is no role, permission or setting {required:?}"));
                }
            }
            let is_parameter = |id: &String| {
                request.as_ref().is_some_and(|request| request.parameters().any(|parameter| parameter == id))
            };
            if let Some(id) = operation.id.as_ref().filter(|id| !is_parameter(id)) {
                self.fault(&place, format!("its path has no parameter {id:?}"));
            }
            operations.push(Operation {
                name: operation.operation.clone(),
                request,
                scope: operation.scope.clone(),
                on: on.unwrap_or_default(),
                id: operation.id.clone(),
                requires: operation.requires.clone(),
                on_site: operation.on_site.clone(),
                connect: operation.connect,
                container_token: operation.container_token,
                filter: operation.filter,
            });
        }
        operations
    }

    /// The request that an operation is, if it is one; it is a name otherwise.
    fn request(&mut self, place: &str, written: &WrittenOperation, earlier: &[Operation]) -> Option<RequestShape> {
        if !written.operation.contains(' ') {
            self.name(place, &written.operation, earlier.iter().any(|earlier| earlier.name == written.operation));
            return None;
        }
        match written.operation.parse::<RequestShape>() {
            Ok(shape) => {
                let is_like = |other: &Operation| other.request.as_ref().is_some_and(|other| other.is_like(&shape));
                if let Some(other) = earlier.iter().find(|earlier| is_like(earlier)) {
                    self.fault(place, format!("the same paths are those of {:?}", other.name));
                }
                Some(shape)
            }
            Err(error) => {
                self.fault(place, error.to_string());
                None
            }
        }
    }
}

/// Whether a name is that of a role or a permission.
fn is_asked_for(roles: &[Role], name: &str) -> bool {
    roles.iter().any(|role| role.name == name || role.permissions.iter().any(|permission| permission == name))
}

/// A model with what an operator decided about it: what decisions are made by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Access {
    /// The model.
    pub model: AccessModel,
    /// Whether the protected resource may ask about people and app accounts that it names, without a credential of theirs.
    pub asks_by_id: bool,
    choices: BTreeMap<String, String>,
    by_name: HashMap<String, usize>,
    /// The numbers of operations that are requests, the narrower shape first.
    by_shape: Vec<usize>,
    required: Vec<Required>,
}

/// What an operation takes, on an object of its type and on the whole site.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Required {
    on_object: Option<Requirement>,
    on_site: Option<Requirement>,
}

/// One of these roles is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Whoever holds one of them may.
    pub any_of: RoleSet,
    /// The least of them.
    pub least: usize,
}

/// What a request asks for, as far as its path tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'p> {
    /// The number of the operation.
    pub operation: usize,
    /// What names the site: all of these the same one.
    pub sites: Vec<&'p str>,
    /// The identifier of the object that it is done to, where the path has it.
    pub id: Option<&'p str>,
}

#[derive(Serialize, Deserialize)]
struct WrittenAccess {
    model: WrittenModel,
    asks_by_id: bool,
    choices: BTreeMap<String, String>,
}

/// What cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceFault {
    /// There is no such setting.
    #[error("there is no setting {0:?}")]
    Unknown(String),
    /// That role is not among its choices.
    #[error("{setting:?} is one of {choices}")]
    NotAChoice {
        /// The setting.
        setting: String,
        /// What it can be.
        choices: String,
    },
}

impl Access {
    /// Decisions by `model`, with the first choice of every setting.
    pub fn by(model: AccessModel) -> Self {
        Self::with(model, BTreeMap::new(), false)
    }

    fn with(model: AccessModel, choices: BTreeMap<String, String>, asks_by_id: bool) -> Self {
        let by_name = model.operations.iter().enumerate().map(|(number, op)| (op.name.clone(), number)).collect();
        let mut by_shape: Vec<usize> = (0..model.operations.len()).collect();
        by_shape.retain(|number| model.operations[*number].request.is_some());
        by_shape.sort_by_key(|number| model.operations[*number].request.as_ref().map(RequestShape::openness));
        let mut access = Self { model, asks_by_id, choices, by_name, by_shape, required: Vec::new() };
        let resolve = |name: &Option<String>| name.as_deref().and_then(|name| access.requirement(name));
        let operations = access.model.operations.iter();
        let required = operations.map(|operation| Required {
            on_object: resolve(&operation.requires),
            on_site: resolve(operation.on_site.as_ref().map_or(&operation.requires, |_| &operation.on_site)),
        });
        access.required = required.collect();
        access
    }

    /// The same decisions but for one setting.
    ///
    /// # Errors
    /// [`ChoiceFault`].
    pub fn choosing(&self, setting: &str, role: &str) -> Result<Self, ChoiceFault> {
        let model = &self.model;
        let found = model.settings.iter().find(|known| known.name == setting);
        let known = found.ok_or_else(|| ChoiceFault::Unknown(setting.into()))?;
        if !known.choices.iter().any(|choice| model.roles[*choice].name == role) {
            let choices: Vec<&str> = known.choices.iter().map(|choice| model.roles[*choice].name.as_str()).collect();
            return Err(ChoiceFault::NotAChoice { setting: setting.into(), choices: choices.join(", ") });
        }
        let mut choices = self.choices.clone();
        choices.insert(setting.into(), role.into());
        Ok(Self::with(model.clone(), choices, self.asks_by_id))
    }

    /// The same decisions by another model; what was chosen stays where it can be chosen still.
    #[must_use]
    pub fn by_another(&self, model: AccessModel) -> Self {
        let plain = Self::with(model, BTreeMap::new(), self.asks_by_id);
        self.choices.iter().fold(plain, |access, (setting, role)| access.choosing(setting, role).unwrap_or(access))
    }

    /// The same, for a resource that is trusted to ask about whom it names, or no more.
    #[must_use]
    pub fn asking_by_id(self, asks_by_id: bool) -> Self {
        Self { asks_by_id, ..self }
    }

    /// Which role was chosen for a setting.
    pub fn choice(&self, setting: &RoleSetting) -> usize {
        let chosen = self.choices.get(&setting.name).and_then(|name| self.model.role_named(name));
        chosen.or(setting.choices.first().copied()).unwrap_or_default()
    }

    /// The operation of that name, and its number.
    pub fn operation(&self, name: &str) -> Option<(usize, &Operation)> {
        self.by_name.get(name).map(|number| (*number, &self.model.operations[*number]))
    }

    /// The operation that a request asks for; of two that it could be the narrower. The path is as it was sent, without a query.
    pub fn operation_at<'p>(&self, method: &str, path: &'p str) -> Option<Asked<'p>> {
        self.model.servers.iter().find_map(|server| {
            let (sites, rest) = server.strip(path)?;
            self.by_shape.iter().find_map(|number| {
                let operation = &self.model.operations[*number];
                let parameters = operation.request.as_ref()?.matches(method, rest)?;
                let id = operation.id.as_deref();
                let id = parameters.iter().find(|(name, _)| Some(*name) == id).map(|(_, value)| *value);
                Some(Asked { operation: *number, sites: sites.clone(), id })
            })
        })
    }

    /// What an operation takes on an object of its type; nothing if no role.
    pub fn required(&self, operation: usize) -> Option<Requirement> {
        self.required[operation].on_object
    }

    /// What an operation takes where it is done to the whole site.
    pub fn required_on_site(&self, operation: usize) -> Option<Requirement> {
        self.required[operation].on_site
    }

    /// Whether a role cannot be given on the whole site, so that there it is held by whoever holds it on anything.
    pub fn is_held_anywhere(&self, requirement: Requirement) -> bool {
        !self.model.given_on(0).contains(requirement.least)
    }

    fn requirement(&self, name: &str) -> Option<Requirement> {
        let model = &self.model;
        let setting = model.settings.iter().find(|setting| setting.name == name).map(|setting| self.choice(setting));
        let allows = |number: usize| match setting.or_else(|| model.role_named(name)) {
            Some(role) => model.roles[number].includes.contains(role),
            None => model.roles[number]
                .includes
                .numbers()
                .any(|of| model.roles[of].permissions.iter().any(|permission| permission == name)),
        };
        let any_of: RoleSet = (0..model.roles.len()).filter(|number| allows(*number)).collect();
        let least = any_of.numbers().next()?;
        Some(Requirement { any_of, least })
    }
}

impl From<Access> for String {
    fn from(access: Access) -> String {
        let Access { model, asks_by_id, choices, .. } = access;
        serde_json::to_string(&WrittenAccess { model: model.written, asks_by_id, choices }).unwrap_or_default()
    }
}

impl TryFrom<String> for Access {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let written: WrittenAccess = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let model = AccessModel::of(written.model).map_err(|faults| Faults(&faults).to_string())?;
        Ok(Self::with(model, written.choices, written.asks_by_id))
    }
}

/// Several faults, one line each.
pub struct Faults<'a>(pub &'a [ModelFault]);

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if number == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// An object of a model's type.
pub fn is_of(model: &AccessModel, kind: usize, object: &ObjectRef) -> bool {
    model.objects.get(kind).is_some_and(|known| known.name == object.kind())
}
