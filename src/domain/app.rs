//! App: who owns it, who may consent to it, its environments and the versions deployed to them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::client::PublicKey;
use crate::domain::connect::Descriptor;
use crate::domain::event::Actor;
use crate::domain::id::{AppId, ClientId, UserId};
use crate::domain::manifest::{Manifest, Privileges};
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;

/// A Forge-style app: what its manifests declare is deployed to environments, each of which has an OAuth client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its name in ARIs.
    pub id: AppId,
    /// What people call it, as the last manifest said.
    pub name: String,
    /// Whose it is; `None` where an operator registered it, which makes it trusted.
    pub owner: Option<UserId>,
    /// Who else may deploy it, and may consent to it before it is shared.
    pub contributors: Vec<UserId>,
    /// Who may consent to it.
    pub distribution: Distribution,
    /// When it was registered.
    pub created: Timestamp,
    /// How it is declared, and how it says who it is.
    pub platform: Platform,
}

/// How an app is declared, and how it says who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// By a manifest; it has tokens.
    #[default]
    Forge,
    /// By a descriptor; it signs its requests with a secret that it shares with a site.
    Connect,
}

impl App {
    /// Whether `user` owns it or contributes to it.
    pub fn is_developed_by(&self, user: UserId) -> bool {
        self.owner == Some(user) || self.contributors.contains(&user)
    }

    /// Whether it is declared by a descriptor, and signs its requests.
    pub fn is_connect(&self) -> bool {
        self.platform == Platform::Connect
    }

    /// Whether `user` may allow it anything.
    pub fn is_offered_to(&self, user: UserId) -> bool {
        self.distribution == Distribution::Shared || self.is_developed_by(user)
    }
}

/// Who may allow an app anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Its owner and contributors.
    NotShared,
    /// Everybody on a site where it is installed.
    Shared,
}

/// Where a version is deployed to. Each has its own client and its own installations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// For the developer alone.
    Development,
    /// For those who try it.
    Staging,
    /// For everybody.
    Production,
}

impl Environment {
    /// All of them, from the developer to everybody.
    pub const ALL: [Environment; 3] = [Environment::Development, Environment::Staging, Environment::Production];

    /// The name that Forge gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Development => "development",
            Environment::Staging => "staging",
            Environment::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of no environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an environment is development, staging or production")]
pub struct UnknownEnvironment;

impl FromStr for Environment {
    type Err = UnknownEnvironment;
    fn from_str(text: &str) -> Result<Self, UnknownEnvironment> {
        Environment::ALL.into_iter().find(|environment| environment.as_str() == text).ok_or(UnknownEnvironment)
    }
}

/// An app in one of its environments: what a client belongs to, and what is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Deployment {
    /// The app.
    pub app_id: AppId,
    /// The environment.
    pub environment: Environment,
}

/// What is deployed to an environment now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// Its OAuth client.
    pub client_id: ClientId,
    /// The version that runs there.
    pub version: VersionNumber,
    /// The scopes with which that version would act for a person who is away.
    pub impersonation: Scope,
    /// The keys with which the app says that it acts for a person who is away (RFC 7523 section 2.1).
    pub keys: Vec<PublicKey>,
}

/// The number of a version: the first part grows with what an admin must approve, the second with everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VersionNumber {
    /// Which approval it takes.
    pub major: u32,
    /// How often it was deployed since.
    pub minor: u32,
}

impl VersionNumber {
    /// The first one.
    pub const FIRST: VersionNumber = VersionNumber { major: 1, minor: 0 };

    /// The one after it, where a version that asked for `before` is followed by one that asks for `after`.
    pub fn after(self, before: &Privileges, after: &Privileges) -> Self {
        if after.changes_since(before).is_major() { self.next_major() } else { self.next_minor() }
    }

    /// The one after it that asks for the same.
    pub fn next_minor(self) -> Self {
        Self { minor: self.minor.saturating_add(1), ..self }
    }

    /// The one after it that must be approved.
    pub fn next_major(self) -> Self {
        Self { major: self.major.saturating_add(1), minor: 0 }
    }
}

/// Text that is no number of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is two numbers with a dot between, such as 2.0")]
pub struct MalformedVersionNumber;

impl FromStr for VersionNumber {
    type Err = MalformedVersionNumber;
    fn from_str(text: &str) -> Result<Self, MalformedVersionNumber> {
        let (major, minor) = text.split_once('.').ok_or(MalformedVersionNumber)?;
        let number = |digits: &str| digits.parse().map_err(|_| MalformedVersionNumber);
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A manifest, once it was deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppVersion {
    /// Its number.
    pub number: VersionNumber,
    /// What it asks for.
    pub manifest: Manifest,
    /// When it was deployed.
    pub deployed: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Of a Connect app: its descriptor, of which the manifest is what an admin approves.
    pub descriptor: Option<Descriptor>,
}
