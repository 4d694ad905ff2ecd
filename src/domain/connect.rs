//! Connect: what a descriptor declares, what its scopes imply, and what an installed app and this server share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::ClientId;
use crate::domain::manifest::{Privileges, Remote, ScopeRequest};
use crate::domain::resource::BaseUrl;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;

/// With this scope an app may act as a person of a site; it implies no other.
pub const ACT_AS_USER: &str = "ACT_AS_USER";

/// With this scope an app sees e-mail addresses; it implies no other.
pub const ACCESS_EMAIL_ADDRESSES: &str = "ACCESS_EMAIL_ADDRESSES";

/// The key under which the base URL stands among the back ends that an admin approves.
const BASE_URL: &str = "baseUrl";

/// The part of an `atlassian-connect.json` that matters to authorization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Its name among apps, which is also its client id and the `iss` of its JWTs.
    pub key: ClientId,
    /// What people call it.
    pub name: String,
    /// Where it is, and the `aud` of what it is told.
    pub base_url: BaseUrl,
    /// Where it is told what becomes of its installations.
    pub lifecycle: Lifecycle,
    /// What it asks for, in capitals.
    pub scope: Scope,
}

/// The addresses at which an app is told; nothing is told where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// It is on a site, and gets the secret that it shares with it.
    pub installed: Option<String>,
    /// It is on.
    pub enabled: Option<String>,
    /// It is suspended.
    pub disabled: Option<String>,
    /// It is on a site no more.
    pub uninstalled: Option<String>,
}

impl Lifecycle {
    /// Where it is told of `event`.
    pub fn of(&self, event: LifecycleEvent) -> Option<&str> {
        match event {
            LifecycleEvent::Installed => self.installed.as_deref(),
            LifecycleEvent::Enabled => self.enabled.as_deref(),
            LifecycleEvent::Disabled => self.disabled.as_deref(),
            LifecycleEvent::Uninstalled => self.uninstalled.as_deref(),
        }
    }
}

impl Descriptor {
    /// What an admin approves of it: its scopes, and where it is, since that is where the shared secret goes.
    pub fn privileges(&self) -> Privileges {
        let acts = self.scope.contains(ACT_AS_USER);
        let request = |name: &str| ScopeRequest {
            name: name.to_owned(),
            allow_impersonation: acts,
            optional: false,
            purpose: None,
        };
        let remote = Remote {
            key: BASE_URL.into(),
            base_urls: vec![("default".into(), self.base_url.as_str().into())],
            configurable: false,
            system_token: false,
            user_token: false,
        };
        Privileges { scopes: self.scope.iter().map(request).collect(), remotes: vec![remote], ..Privileges::default() }
    }
}

/// What becomes of an installation, by the `eventType` of Connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleEvent {
    /// The app is on a site, or has a new secret there.
    Installed,
    /// It is on.
    Enabled,
    /// It is suspended.
    Disabled,
    /// It is on a site no more.
    Uninstalled,
}

impl LifecycleEvent {
    /// The `eventType`.
    pub fn as_str(self) -> &'static str {
        match self {
            LifecycleEvent::Installed => "installed",
            LifecycleEvent::Enabled => "enabled",
            LifecycleEvent::Disabled => "disabled",
            LifecycleEvent::Uninstalled => "uninstalled",
        }
    }
}

impl fmt::Display for LifecycleEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an installation of a Connect app has beside that of any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenancy {
    /// The secret that both sign with, sealed.
    pub secret: SealedSecret,
    /// The one that is to follow, while the app is being told of it: until it answered, either may be what it signs with.
    pub next_secret: Option<SealedSecret>,
    /// What the app was told last.
    pub last_call: LifecycleCall,
}

/// A shared secret as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret(pub Vec<u8>);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret(…)")
    }
}

/// Something that an app is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleCall {
    /// What.
    pub event: LifecycleEvent,
    /// Since when it is to be told, or when it was.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: CallOutcome,
}

/// What came of telling an app something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It is being told, or that was interrupted.
    Due,
    /// It took it, or does not want to know.
    Done,
    /// It did not take it, for this reason.
    Failed(String),
}

impl CallOutcome {
    /// In words, as what came of something.
    pub fn words(&self) -> &str {
        match self {
            CallOutcome::Due => "no answer yet",
            CallOutcome::Done => "taken",
            CallOutcome::Failed(_) => "not taken",
        }
    }

    /// Whether it did not take it.
    pub fn is_failed(&self) -> bool {
        matches!(self, CallOutcome::Failed(_))
    }
}

/// How much a Connect app may do: each level implies those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// `READ`.
    Read,
    /// `WRITE`.
    Write,
    /// `DELETE`.
    Delete,
    /// `PROJECT_ADMIN`, or `SPACE_ADMIN`.
    ProjectAdmin,
    /// `ADMIN`.
    Admin,
}

impl Level {
    /// The level that a Connect scope stands for; none for one that implies nothing.
    pub fn of(scope: &str) -> Option<Level> {
        match scope {
            "READ" => Some(Level::Read),
            "WRITE" => Some(Level::Write),
            "DELETE" => Some(Level::Delete),
            "PROJECT_ADMIN" | "SPACE_ADMIN" => Some(Level::ProjectAdmin),
            "ADMIN" => Some(Level::Admin),
            _ => None,
        }
    }

    /// The Connect scope that stands for it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Read => "READ",
            Level::Write => "WRITE",
            Level::Delete => "DELETE",
            Level::ProjectAdmin => "PROJECT_ADMIN",
            Level::Admin => "ADMIN",
        }
    }

    /// The highest of the levels that Connect scopes stand for.
    pub fn highest<'a>(scopes: impl Iterator<Item = &'a str>) -> Option<Level> {
        scopes.filter_map(Level::of).max()
    }

    /// The level that an operation with this scope of a protected resource takes, as far as its name tells: by its verb, and
    /// the highest for what changes how a product is set up.
    pub fn needed(name: &str) -> Level {
        let mut parts = name.split(':');
        let (verb, noun) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match verb {
            "read" | "view" | "search" => Level::Read,
            _ if ["-schema", "-config", "-configuration"].iter().any(|end| noun.ends_with(end)) && verb != "import" => {
                Level::Admin
            }
            "write" | "send" | "import" | "report" => Level::Write,
            "delete" => Level::Delete,
            _ => Level::Admin,
        }
    }
}

impl FromStr for Level {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("{text:?} is no level: one of READ, WRITE, DELETE, PROJECT_ADMIN, ADMIN");
        Level::of(&text.to_ascii_uppercase()).ok_or_else(unknown)
    }
}

/// How a protected resource takes Connect apps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectPolicy {
    /// Whether their scopes count.
    pub mode: ConnectMode,
    /// The levels of scopes that their names do not tell.
    pub levels: Vec<(String, Level)>,
}

/// Whether the scopes of a Connect app count at a protected resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectMode {
    /// Each of the resource's scopes takes a level, and the app has what its level covers.
    #[default]
    Strict,
    /// An app that signs a request itself may whatever the resource offers; what it may do as a person stays bounded.
    Compatible,
    /// No Connect app is known here.
    Refused,
}

impl ConnectMode {
    /// The name by which operators choose it.
    pub fn as_str(self) -> &'static str {
        match self {
            ConnectMode::Strict => "strict",
            ConnectMode::Compatible => "compatible",
            ConnectMode::Refused => "refused",
        }
    }
}

impl FromStr for ConnectMode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [ConnectMode::Strict, ConnectMode::Compatible, ConnectMode::Refused]
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no mode: one of strict, compatible, refused"))
    }
}

impl ConnectPolicy {
    /// Whether an app of that level may use `name`, a scope of the resource; one of no level may nothing.
    pub fn covers(&self, granted: Option<Level>, name: &str) -> bool {
        let level = self.levels.iter().find(|(of, _)| of == name).map(|(_, level)| *level);
        granted.is_some_and(|granted| granted >= level.unwrap_or_else(|| Level::needed(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().expect("a scope")
    }

    #[test]
    fn a_level_implies_those_before_it_and_no_other() {
        let names = ["read:cmdb-object:jira", "write:cmdb-object:jira", "delete:cmdb-object:jira", "manage:project"];
        let policy =
            ConnectPolicy { levels: vec![("manage:project".into(), Level::ProjectAdmin)], ..Default::default() };
        let covered = |granted: &str| names.map(|name| policy.covers(Level::highest(scope(granted).iter()), name));
        assert_eq!(covered("READ"), [true, false, false, false]);
        assert_eq!(covered("WRITE"), [true, true, false, false]);
        assert_eq!(covered("DELETE"), [true, true, true, false]);
        assert_eq!(covered("SPACE_ADMIN"), [true; 4]);
        assert_eq!(covered("ADMIN"), [true; 4]);
        for nothing in ["", "ACT_AS_USER", "ACCESS_EMAIL_ADDRESSES", "NONE", "read"] {
            assert_eq!(covered(nothing), [false; 4], "{nothing:?}");
        }
    }

    #[test]
    fn how_a_product_is_set_up_is_for_its_admins() {
        for name in ["write:cmdb-schema:jira", "delete:cmdb-config:jira", "manage:jira-configuration", "anything"] {
            assert_eq!(Level::needed(name), Level::Admin, "{name}");
        }
        assert_eq!(Level::needed("read:cmdb-config:jira"), Level::Read);
        assert_eq!(Level::needed("import:import-configuration:cmdb"), Level::Write);
    }

    #[test]
    fn a_sealed_secret_is_not_printed() {
        assert_eq!(format!("{:?}", SealedSecret(vec![1, 2])), "SealedSecret(…)");
    }
}
