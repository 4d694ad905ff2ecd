//! Role binding: a person, a group or an app account holds a role on an object.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::event::Actor;
use crate::domain::id::{ContainerId, GroupId, InstallationId, MalformedId, UserId};
use crate::domain::protected_object::{ObjectRef, Realm};
use crate::domain::time::Timestamp;

/// Who may be given a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum RoleSubject {
    /// A person.
    User(UserId),
    /// Whoever is in a group.
    Group(GroupId),
    /// The account of an app on a site.
    App(InstallationId),
}

impl RoleSubject {
    /// How many bytes [`RoleSubject::to_bytes`] gives.
    pub const LENGTH: usize = 17;

    /// The subject as a store keys it.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let (kind, id) = match &self {
            RoleSubject::User(id) => (b'u', id.as_bytes()),
            RoleSubject::Group(id) => (b'g', id.as_bytes()),
            RoleSubject::App(id) => (b'a', id.as_bytes()),
        };
        let mut bytes = [kind; Self::LENGTH];
        bytes[1..].copy_from_slice(id);
        bytes
    }

    /// The subject that `to_bytes` gave these bytes for.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, id) = bytes.split_first()?;
        let id = <[u8; 16]>::try_from(id).ok()?;
        match kind {
            b'u' => Some(RoleSubject::User(UserId::from_bytes(id))),
            b'g' => Some(RoleSubject::Group(GroupId::from_bytes(id))),
            b'a' => Some(RoleSubject::App(InstallationId::from_bytes(id))),
            _ => None,
        }
    }
}

impl fmt::Display for RoleSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoleSubject::User(id) => write!(f, "user:{id}"),
            RoleSubject::Group(id) => write!(f, "group:{id}"),
            RoleSubject::App(id) => write!(f, "app:{id}"),
        }
    }
}

impl FromStr for RoleSubject {
    type Err = MalformedId;
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(RoleSubject::User),
            Some(("group", id)) => id.parse().map(RoleSubject::Group),
            Some(("app", id)) => id.parse().map(RoleSubject::App),
            _ => Err(MalformedId),
        }
    }
}

impl From<RoleSubject> for String {
    fn from(subject: RoleSubject) -> String {
        subject.to_string()
    }
}

impl TryFrom<String> for RoleSubject {
    type Error = MalformedId;
    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

/// That somebody holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Held {
    /// On what.
    pub object: ObjectRef,
    /// The role, by its name.
    pub role: String,
    /// Who.
    pub subject: RoleSubject,
}

/// A role that was given, by whom and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleBinding {
    /// Whose role it is.
    pub realm: Realm,
    /// Who holds what on which object.
    pub held: Held,
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// Whom a credential stands for, where roles are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person, and whether they decide about the site.
    Person {
        /// Who.
        user_id: UserId,
        /// Whether they are one of its admins.
        is_site_admin: bool,
    },
    /// An app as itself.
    App(InstallationId),
    /// A client as itself, which nobody can give a role.
    Client,
    /// An import source, which may what is done with an import source on itself, and nothing else.
    ImportSource(ContainerId),
}

impl Principal {
    /// Whether admins of the site hold a role by being that.
    pub fn is_site_admin(&self) -> bool {
        matches!(self, Principal::Person { is_site_admin: true, .. })
    }

    /// Who holds its roles.
    pub fn subject(&self) -> Option<RoleSubject> {
        match self {
            Principal::Person { user_id, .. } => Some(RoleSubject::User(*user_id)),
            Principal::App(id) => Some(RoleSubject::App(*id)),
            Principal::Client | Principal::ImportSource(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_what_it_writes() {
        let id = [7; 16];
        for subject in [
            RoleSubject::User(UserId::from_random(id)),
            RoleSubject::Group(GroupId::from_random(id)),
            RoleSubject::App(InstallationId::from_random(id)),
        ] {
            assert_eq!(subject.to_string().parse(), Ok(subject));
            assert_eq!(RoleSubject::from_bytes(&subject.to_bytes()), Some(subject));
        }
        assert_eq!("nobody".parse::<RoleSubject>(), Err(MalformedId));
        assert_eq!(RoleSubject::from_bytes(b"x"), None);
    }
}
