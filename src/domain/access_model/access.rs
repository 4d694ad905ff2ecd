//! Access: a model with what an operator decided about it, made ready for decisions.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::domain::access_model::{AccessModel, Faults, WrittenModel};
use crate::domain::operation::{Operation, RequestShape};
use crate::domain::role::{RoleSet, RoleSetting};

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

    /// What an operation takes on an object of that type, which is its own or the whole site.
    pub fn required_on(&self, operation: usize, kind: usize) -> Option<Requirement> {
        if kind == self.model.operations[operation].on {
            self.required(operation)
        } else {
            self.required[operation].on_site
        }
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
