//! Installation: an app on a site. It follows what is deployed, and may do no more than the site's admin approved.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::app::{AppVersion, Deployed, Deployment, VersionNumber};
use crate::domain::client::Client;
use crate::domain::connect::{Level, Tenancy};
use crate::domain::event::Actor;
use crate::domain::id::{InstallationId, SiteId, UserId};
use crate::domain::manifest::Privileges;
use crate::domain::scope::{Scope, needs_interactive_consent};
use crate::domain::site::Site;
use crate::domain::time::Timestamp;

/// An app in one of its environments, on a site. There is at most one for the two; an uninstalled one is removed, and its
/// name is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// Its name; also that of its app account, which is `app:` and this.
    pub id: InstallationId,
    /// What is installed.
    pub deployment: Deployment,
    /// Where.
    pub site_id: SiteId,
    /// Whether it is on.
    pub state: InstallationState,
    /// What was approved.
    pub approval: Approval,
    /// The version that an admin of the site refused last: it is not asked about again.
    pub refused: Option<VersionNumber>,
    /// When it was installed.
    pub created: Timestamp,
    /// Of a Connect app: what it shares with the site.
    pub tenancy: Option<Tenancy>,
}

/// Whether an installation is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallationState {
    /// It is.
    Active,
    /// Nothing issued to it is live until an admin resumes it.
    Suspended,
    /// It is not yet: its app is being told, or that was interrupted, and nothing of it is live.
    Installing,
}

/// What an admin of a site approved, of which version and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The version whose privileges these are.
    pub version: VersionNumber,
    /// The scopes.
    pub scope: Scope,
    /// Those with which it may also act as a person who is away.
    pub impersonation: Scope,
    /// Who approved it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// That somebody who may not install an app would have it on a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallationRequest {
    /// Where.
    pub site_id: SiteId,
    /// What.
    pub deployment: Deployment,
    /// Who.
    pub by: UserId,
    /// What for, in their words; may be empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Installation {
    /// Whether `version` asks for what its admin, who approved the privileges `approved`, has yet to answer.
    pub fn waits_for(&self, version: &AppVersion, approved: Option<&Privileges>) -> bool {
        let number = version.number;
        let is_unanswered = self.approval.version.major != number.major
            && self.refused.is_none_or(|refused| refused.major != number.major);
        let nothing = Privileges::default();
        is_unanswered && version.manifest.privileges.changes_since(approved.unwrap_or(&nothing)).is_major()
    }

    /// The name of its app account, which is the subject of its tokens.
    pub fn account(&self) -> AppAccount {
        AppAccount(self.id)
    }

    /// Whether its app has yet to take its secret.
    pub fn is_installing(&self) -> bool {
        self.state == InstallationState::Installing
    }

    /// Whether what is issued to it is live.
    pub fn is_active(&self) -> bool {
        self.state == InstallationState::Active
    }
}

/// The account of an app on one site. It holds no role until an admin gives it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppAccount(pub InstallationId);

impl fmt::Display for AppAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "app:{}", self.0)
    }
}

/// An installation with what bounds it now: the client that its version asks for, and the version that runs.
#[derive(Clone, Debug)]
pub struct Authority {
    /// The installation.
    pub installation: Arc<Installation>,
    /// What runs in its environment.
    pub deployed: Arc<Deployed>,
}

/// A Connect app on a site.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The app, by its key.
    pub client: Arc<Client>,
    /// The site.
    pub site: Arc<Site>,
    /// What it may there.
    pub authority: Authority,
}

impl Authority {
    /// Whether the app may have the scope `token` on the site at all: approved there, and asked for by the version that runs.
    pub fn allows(&self, client: &Client, token: &str) -> bool {
        self.installation.approval.scope.contains(token) && client.allows_token(token)
    }

    /// Everything that the app may have on the site.
    pub fn scope(&self, client: &Client) -> Scope {
        self.installation.approval.scope.filter(|token| self.allows(client, token))
    }

    /// How much a Connect app may: what was approved and what the version that runs asks for each imply lower levels.
    pub fn level(&self, client: &Client) -> Option<Level> {
        Some(Level::highest(self.installation.approval.scope.iter())?.min(Level::highest(client.scope.iter())?))
    }

    /// Everything that it may use for a person who is away.
    pub fn scope_away(&self, client: &Client) -> Scope {
        self.installation.approval.impersonation.filter(|token| self.allows_away(client, token))
    }

    /// Whether the app may use it for a person who is away.
    pub fn allows_away(&self, client: &Client, token: &str) -> bool {
        self.allows(client, token)
            && self.installation.approval.impersonation.contains(token)
            && self.deployed.impersonation.contains(token)
            && !needs_interactive_consent(token)
    }
}
