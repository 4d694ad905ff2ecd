//! How commands and files name what a role is held on, and by whom.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::access::objects::whole_site;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::realm::Known;
use crate::cli::{group, installation, user};
use crate::domain::id::{InstallationId, UserId};
use crate::domain::protected_object::ObjectRef;
use crate::domain::role_binding::RoleSubject;
use crate::domain::user::Email;

/// The word for the whole site.
const SITE: &str = "site";

/// What a role is held on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum On {
    /// The whole site, whatever its protected resource calls that.
    Site,
    /// An object.
    Object(ObjectRef),
}

impl On {
    /// The object that is meant.
    ///
    /// # Errors
    /// [`CommandError`] if the resource declares no objects at all.
    pub fn object(&self, known: &Known) -> Result<ObjectRef, CommandError> {
        match self {
            On::Object(object) => Ok(object.clone()),
            On::Site => whole_site(&known.access, &known.site)
                .ok_or_else(|| CommandError::failed("the whole site has no name at this resource")),
        }
    }
}

impl FromStr for On {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == SITE {
            return Ok(On::Site);
        }
        text.parse().map(On::Object).map_err(|_| {
            format!("{text:?} is neither an object, such as schema:4, nor the word {SITE:?} for the whole site")
        })
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            On::Site => f.write_str(SITE),
            On::Object(object) => object.fmt(f),
        }
    }
}

/// Who holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum To {
    /// Whoever signs in with that address.
    Email(Email),
    /// The person of that identifier.
    User(UserId),
    /// The group of that name or identifier.
    Group(String),
    /// The account of an app on a site.
    App(InstallationId),
}

impl To {
    /// Who that is.
    ///
    /// # Errors
    /// [`CommandError`] if nobody is called so. Whether they belong to the site is not asked here.
    pub async fn subject(&self, server: &AuthorizationServer, known: &Known) -> Result<RoleSubject, CommandError> {
        Ok(match self {
            To::Email(email) => RoleSubject::User(user::known(server, email).await?.id),
            To::User(id) => RoleSubject::User(*id),
            To::Group(name) => RoleSubject::Group(group::named(server, known.site.id, name).await?.id),
            To::App(id) => RoleSubject::App(*id),
        })
    }
}

impl FromStr for To {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || {
            format!(
                "{text:?} is none of an e-mail address, group:NAME, app:INSTALLATION (its ARI or UUID) and user:UUID"
            )
        };
        match text.split_once(':') {
            Some(("group", name)) if !name.trim().is_empty() => Ok(To::Group(name.to_owned())),
            Some(("app", id)) => installation::installation(id).map(To::App).map_err(|_| malformed()),
            Some(("user", id)) => id.parse().map(To::User).map_err(|_| malformed()),
            _ => text.parse().map(To::Email).map_err(|_| malformed()),
        }
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            To::Email(email) => email.fmt(f),
            To::User(id) => write!(f, "user:{id}"),
            To::Group(name) => write!(f, "group:{name}"),
            To::App(id) => write!(f, "app:{id}"),
        }
    }
}

impl TryFrom<String> for On {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<On> for String {
    fn from(on: On) -> String {
        on.to_string()
    }
}

impl TryFrom<String> for To {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<To> for String {
    fn from(to: To) -> String {
        to.to_string()
    }
}

/// What people call a subject.
///
/// # Errors
/// [`CommandError`] if the store fails.
pub async fn words(server: &AuthorizationServer, subject: RoleSubject) -> Result<String, CommandError> {
    let named = match subject {
        RoleSubject::User(id) => server.store.user(id).await?.map(|user| user.email.to_string()),
        RoleSubject::Group(id) => server.store.group(id).await?.map(|group| format!("group:{}", group.name)),
        RoleSubject::App(_) => None,
    };
    Ok(named.unwrap_or_else(|| subject.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_subject_or_an_object_reads_what_it_writes() {
        let id = "0190a5c2-0000-4000-8000-000000000001";
        for good in ["ann@example.com", "group:Field staff", &format!("app:{id}"), &format!("user:{id}")] {
            assert_eq!(good.parse::<To>().map(|to| to.to_string()), Ok(good.to_owned()));
        }
        for good in ["site", "schema:4"] {
            assert_eq!(good.parse::<On>().map(|on| on.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "ann", "group:", "app:ann", "user:ann", "team:x"] {
            assert!(bad.parse::<To>().is_err(), "{bad:?}");
        }
        assert!("sites".parse::<On>().is_err());
    }
}
