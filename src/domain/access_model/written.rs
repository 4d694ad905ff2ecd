//! An access model as it is written in JSON.

use serde::{Deserialize, Serialize};

use crate::domain::connect::Level;

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
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) parent: Option<String>,
    #[serde(default)]
    pub(super) overrides: bool,
}

/// A role as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenRole {
    #[serde(rename = "role")]
    pub(super) name: String,
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) sentence: String,
    pub(super) on: Vec<String>,
    #[serde(default)]
    pub(super) includes: Vec<String>,
    #[serde(default)]
    pub(super) permissions: Vec<String>,
    #[serde(default)]
    pub(super) held_by_site_admins: bool,
}

/// A setting as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenSetting {
    #[serde(rename = "setting")]
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) roles: Vec<String>,
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
