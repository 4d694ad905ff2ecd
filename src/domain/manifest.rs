//! Manifest: what a version of an app asks for, and what it asks for that another did not.
//!
//! Only what matters to authorization is here; Forge has many more keys, which are accepted where a manifest is read.

use serde::{Deserialize, Serialize};

use crate::domain::id::AppId;
use crate::domain::scope::Scope;

/// The part of a Forge manifest that matters to authorization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Which app it declares.
    pub app_id: AppId,
    /// What people call the app; Forge keeps the name elsewhere, so that most manifests have none.
    pub name: Option<String>,
    /// What it asks for.
    pub privileges: Privileges,
}

/// What an admin approves. Every list is sorted and names each thing once, so that two can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privileges {
    /// `permissions.scopes`.
    pub scopes: Vec<ScopeRequest>,
    /// `permissions.external`: where data may be sent.
    pub egress: Vec<Egress>,
    /// What its pages may do beyond the usual, each as key and value: `scripts unsafe-inline` of `permissions.content`,
    /// `sandbox …` and `enforcement …` of `permissions`.
    pub content: Vec<String>,
    /// `remotes`: back ends of the app's own, which its modules call.
    pub remotes: Vec<Remote>,
    /// `modules.endpoint`: which module calls which remote.
    pub endpoints: Vec<Endpoint>,
    /// `providers.auth`: other services to which it signs people in.
    pub providers: Vec<Provider>,
}

/// A scope that a manifest asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScopeRequest {
    /// The scope.
    pub name: String,
    /// `allowImpersonation`: whether it is also asked for acting as a person who is away.
    pub allow_impersonation: bool,
    /// Whether a person or an admin may leave it out.
    pub optional: bool,
    /// What the developer says it is for.
    pub purpose: Option<String>,
}

/// Somewhere that an app may send data to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Egress {
    /// The path of the key below `permissions.external`: `fetch.backend`, `images`.
    pub kind: String,
    /// Where to.
    pub to: Destination,
    /// Whether it is for analytics.
    pub analytics: bool,
    /// `inScopeEUD`: whether what is sent may be data of people that is tied to a region.
    pub in_scope_eud: bool,
}

/// What may be written in place of an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Destination {
    /// An address, as it is written.
    Address(String),
    /// The remote of this key.
    Remote(String),
    /// Whatever an admin enters later: `configurable`.
    Configured,
}

/// A back end of an app's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Remote {
    /// Its name in the manifest.
    pub key: String,
    /// Where it is, by region; one without regions is `default`.
    pub base_urls: Vec<(String, String)>,
    /// `configurable`: whether an admin says where it is.
    pub configurable: bool,
    /// `auth.appSystemToken`: whether it is sent a token of the app's own.
    pub system_token: bool,
    /// `auth.appUserToken`: whether it is sent a token of the user.
    pub user_token: bool,
}

/// A module that calls a remote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name in the manifest.
    pub key: String,
    /// The remote that it calls.
    pub remote: String,
    /// `route.path`, below the remote's base URL.
    pub path: Option<String>,
    /// Whether it is sent a token of the app's own; as its remote where it does not say.
    pub system_token: Option<bool>,
    /// Whether it is sent a token of the user; as its remote where it does not say.
    pub user_token: Option<bool>,
}

/// Another service to which an app signs people in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Provider {
    /// Its name in the manifest.
    pub key: String,
    /// The `clientId` there.
    pub client_id: String,
}

impl Privileges {
    /// The names of the scopes that are asked for.
    pub fn scope(&self) -> Scope {
        Scope::of(self.scopes.iter().map(|request| request.name.as_str()))
    }

    /// The names of those that may be left out.
    pub fn optional_scope(&self) -> Scope {
        Scope::of(self.scopes.iter().filter(|request| request.optional).map(|request| request.name.as_str()))
    }

    /// The names of those that are also asked for acting as a person who is away.
    pub fn impersonation_scope(&self) -> Scope {
        Scope::of(self.scopes.iter().filter(|request| request.allow_impersonation).map(|request| request.name.as_str()))
    }
}
