//! The bodies of the role API, by the names that scripts of the Assets API on premises use.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, Serializer};

use crate::access::groups::{self, GroupError};
use crate::access::subjects;
use crate::authorization_server::AuthorizationServer;
use crate::domain::role::{ObjectType, Role};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::http::scripts::refusal::ScriptRefusal;
use crate::oauth::evaluation::strictly;
use crate::store::StoreError;

const USER: &str = "atlassian-user-role-actor";
const GROUP: &str = "atlassian-group-role-actor";
const APP: &str = "hallmark-app-role-actor";

/// The roles of an object: what each is called, and where it is told.
pub struct RoleUrls(pub Vec<(String, String)>);

impl Serialize for RoleUrls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, url)| (name, url)))
    }
}

/// A role on an object, and who was given it.
#[derive(Serialize)]
pub struct ToldRole {
    /// Its name in addresses.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it allows.
    pub description: String,
    /// Who was given it.
    pub actors: Vec<ToldActor>,
}

/// Somebody who was given a role.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToldActor {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    display_name: String,
}

/// What a role on objects of a type is called, such as "Object Schema Managers".
pub fn called(kind: &ObjectType, role: &Role) -> String {
    let words = kind.title.split(' ').chain(role.name.split(['_', '-', '.'])).filter(|word| !word.is_empty());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    format!("{}s", words.map(capital).collect::<Vec<String>>().join(" "))
}

/// Those who were given a role, people before groups before apps, each by name.
pub async fn actors(
    server: &AuthorizationServer,
    holders: BTreeSet<RoleSubject>,
) -> Result<Vec<ToldActor>, StoreError> {
    let mut all = Vec::with_capacity(holders.len());
    for holder in holders {
        all.push(subjects::named(server, holder).await?);
    }
    all.sort_by(subjects::Named::order);
    let told = all.into_iter().map(|named| {
        let (kind, name) = match named.subject {
            RoleSubject::User(id) => (USER, id.to_string()),
            RoleSubject::Group(_) => (GROUP, named.name.clone()),
            RoleSubject::App(id) => (APP, id.to_string()),
        };
        ToldActor { kind, name, display_name: named.name }
    });
    Ok(told.collect())
}

/// Everybody who is to hold a role.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Replacement {
    #[serde(deserialize_with = "strictly::object")]
    categorised_actors: Categorised,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Categorised {
    #[serde(rename = "atlassian-user-role-actor")]
    user: Vec<String>,
    #[serde(rename = "atlassian-group-role-actor")]
    group: Vec<String>,
    #[serde(rename = "hallmark-app-role-actor")]
    app: Vec<String>,
}

/// Those who are to hold a role, too.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Named {
    /// People, by account.
    pub user: Vec<String>,
    /// Groups, by name.
    pub group: Vec<String>,
    /// Apps, by installation.
    pub app: Vec<String>,
}

impl From<Replacement> for Named {
    fn from(replacement: Replacement) -> Self {
        let Categorised { user, group, app } = replacement.categorised_actors;
        Self { user, group, app }
    }
}

impl Named {
    /// Whom these names are of.
    ///
    /// # Errors
    /// [`ScriptRefusal::Meaningless`] for the first that is nobody's.
    pub async fn subjects(
        &self,
        server: &AuthorizationServer,
        site: &Site,
    ) -> Result<BTreeSet<RoleSubject>, ScriptRefusal> {
        let mut subjects = BTreeSet::new();
        for name in &self.user {
            subjects.insert(RoleSubject::User(name.parse().map_err(|_| nobody("account", name))?));
        }
        for name in &self.group {
            match groups::named(server, site.id, name).await {
                Ok(group) => subjects.insert(RoleSubject::Group(group.id)),
                Err(GroupError::Store(error)) => return Err(error.into()),
                Err(_) => return Err(nobody("group", name)),
            };
        }
        for name in &self.app {
            let id = name.parse().map_err(|_| nobody("installed app", name))?;
            subjects.insert(RoleSubject::App(id));
        }
        Ok(subjects)
    }
}

fn nobody(what: &str, name: &str) -> ScriptRefusal {
    let shown: String = name.chars().take(100).collect();
    ScriptRefusal::Meaningless(format!("{shown:?} names no {what} on this site"))
}
