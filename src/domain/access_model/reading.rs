//! Reading an access model: what is written, checked, with every fault at once.

use std::fmt;

use crate::domain::access_model::{
    AccessModel, WrittenModel, WrittenOperation, WrittenRole, WrittenSetting, WrittenType,
};
use crate::domain::label::misleads;
use crate::domain::operation::{Operation, RequestShape, ServerPath};
use crate::domain::protected_object::is_name;
use crate::domain::role::{MOST_ROLES, ObjectType, Role, RoleSet, RoleSetting};
use crate::domain::scope::Scope;

/// Longer models are none.
pub const LONGEST_MODEL: usize = 512 * 1024;

const MOST_TYPES: usize = 32;
const MOST_OPERATIONS: usize = 1000;

/// What is wrong with a model: where, and what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {wrong}")]
pub struct ModelFault {
    /// Which part.
    pub place: String,
    /// What is wrong.
    pub wrong: String,
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
        if text.chars().count() > 200 || text.chars().any(misleads) {
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
