//! AccessToken: its claims and validity (RFC 6749 section 1.4). The token itself is opaque; this is what it stands for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::id::{ClientId, FamilyId, GrantId, InstallationId, ResourceId, SiteId, UserId};
use crate::domain::installation::AppAccount;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;

/// An access token, for one protected resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// To which client it was issued.
    pub client_id: ClientId,
    /// Whom it stands for.
    pub subject: Subject,
    /// What it was issued for; what it is good for is less wherever something was taken back since.
    pub scope: Scope,
    /// The one resource it is meant for.
    pub resource: ResourceId,
    /// The site it is good on.
    pub site_id: SiteId,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// Whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A person, through what they allowed.
    User {
        /// Who.
        user_id: UserId,
        /// Their epoch when the token was issued.
        epoch: Epoch,
        /// The grant it hangs from.
        grant_id: GrantId,
        /// The code it came from, and everything else that came from it.
        family: FamilyId,
    },
    /// The client itself (RFC 6749 section 4.4).
    Client,
    /// An app on a site, as itself.
    App {
        /// The installation it hangs from.
        installation_id: InstallationId,
    },
    /// A person, for whom an app on a site acts (RFC 8693 section 4.1).
    Acting {
        /// The installation it hangs from.
        installation_id: InstallationId,
        /// For whom.
        user_id: UserId,
        /// Their epoch when the token was issued.
        epoch: Epoch,
        /// Whether the person was there.
        presence: Presence,
    },
    /// An app on a site, before the gateway: no protected resource takes it.
    Gateway {
        /// The installation it hangs from.
        installation_id: InstallationId,
    },
}

/// Whether the person was there for whom an app acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Presence {
    /// They were, and had allowed the app what it does for them.
    Here {
        /// The grant that the token hangs from too.
        grant_id: GrantId,
    },
    /// They were away: the app says for whom it acts, and may what its admin approved for that.
    Away,
}

impl Subject {
    /// The `sub` claim of a token that was issued to `client_id`.
    pub fn claim<'a>(&'a self, client_id: &'a ClientId) -> SubjectClaim<'a> {
        match self {
            Subject::User { user_id, .. } => SubjectClaim::User(user_id),
            Subject::Acting { user_id, .. } => SubjectClaim::User(user_id),
            Subject::Client => SubjectClaim::App(client_id),
            Subject::App { installation_id } | Subject::Gateway { installation_id } => {
                SubjectClaim::Account(AppAccount(*installation_id))
            }
        }
    }

    /// Who acts for the subject, the `act` claim (RFC 8693 section 4.1); nobody where the subject acts itself.
    pub fn actor(&self) -> Option<AppAccount> {
        match self {
            Subject::Acting { installation_id, .. } => Some(AppAccount(*installation_id)),
            Subject::User { .. } | Subject::Client | Subject::App { .. } | Subject::Gateway { .. } => None,
        }
    }

    /// The installation that the token hangs from.
    pub fn installation(&self) -> Option<InstallationId> {
        match self {
            Subject::App { installation_id }
            | Subject::Gateway { installation_id }
            | Subject::Acting { installation_id, .. } => Some(*installation_id),
            Subject::User { .. } | Subject::Client => None,
        }
    }
}

/// A `sub` claim. Clients live in a name space of their own, so that none can pass for a person (RFC 9700 section 4.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectClaim<'a> {
    /// `user:` and the identifier of a person.
    User(&'a UserId),
    /// `app:` and the identifier of a client.
    App(&'a ClientId),
    /// `app:` and the identifier of an installation. No client is named so.
    Account(AppAccount),
}

impl fmt::Display for SubjectClaim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubjectClaim::User(id) => write!(f, "user:{id}"),
            SubjectClaim::App(id) => write!(f, "app:{id}"),
            SubjectClaim::Account(account) => account.fmt(f),
        }
    }
}
