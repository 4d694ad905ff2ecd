//! Who can hold roles on a site, as people call them: its members, its groups, and the accounts of its apps.

use std::cmp::Ordering;

use crate::authorization_server::AuthorizationServer;
use crate::domain::app::Environment;
use crate::domain::id::SiteId;
use crate::domain::installation::Installation;
use crate::domain::role_binding::{Principal, RoleSubject};
use crate::domain::site::decides;
use crate::store::StoreError;

/// Somebody who can hold roles, and what people call them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Who.
    pub subject: RoleSubject,
    /// What they are called.
    pub name: String,
    /// What tells them from others who are called so; empty if nothing more is known.
    pub detail: String,
}

impl Named {
    /// What they are, in a word.
    pub fn kind(&self) -> &'static str {
        match self.subject {
            RoleSubject::User(_) => "Person",
            RoleSubject::Group(_) => "Group",
            RoleSubject::App(_) => "App",
        }
    }

    /// Whether roles come to something for them that is not what they were given: a group is asked about by its members.
    pub fn is_principal(&self) -> bool {
        !matches!(self.subject, RoleSubject::Group(_))
    }

    /// Whether what they are called begins with `words`, whatever the case of the letters.
    pub fn is_called(&self, words: &str) -> bool {
        let words = words.trim().to_lowercase();
        [&self.name, &self.detail].iter().any(|text| text.to_lowercase().starts_with(&words))
    }

    /// People before groups before apps, each by name.
    pub fn order(&self, other: &Self) -> Ordering {
        let rank = |named: &Self| match named.subject {
            RoleSubject::User(_) => 0,
            RoleSubject::Group(_) => 1,
            RoleSubject::App(_) => 2,
        };
        let key = |named: &Self| (rank(named), named.name.to_lowercase());
        key(self).cmp(&key(other)).then_with(|| self.subject.cmp(&other.subject))
    }
}

/// What somebody is called; who is gone meanwhile is called so.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn named(server: &AuthorizationServer, subject: RoleSubject) -> Result<Named, StoreError> {
    let (name, detail) = match subject {
        RoleSubject::User(id) => match server.store.user(id).await? {
            Some(user) => {
                let detail = if user.name.is_empty() { String::new() } else { user.email.to_string() };
                (user.display_name().to_owned(), detail)
            }
            None => ("Somebody who is gone".to_owned(), String::new()),
        },
        RoleSubject::Group(id) => match server.store.group(id).await? {
            Some(group) => (group.name.to_string(), String::new()),
            None => ("A group that is gone".to_owned(), String::new()),
        },
        RoleSubject::App(id) => match server.store.installation(id).await? {
            Some(installation) => of_app(server, &installation).await?,
            None => ("An app that is gone".to_owned(), String::new()),
        },
    };
    Ok(Named { subject, name, detail })
}

async fn of_app(server: &AuthorizationServer, installation: &Installation) -> Result<(String, String), StoreError> {
    let deployment = installation.deployment;
    let app = server.store.app(deployment.app_id).await?;
    let name = app.map_or_else(|| "An app that is gone".to_owned(), |app| app.name.clone());
    let is_usual = deployment.environment == Environment::Production;
    Ok((name, if is_usual { String::new() } else { deployment.environment.to_string() }))
}

/// Everybody who can be given a role on a site: people before groups before apps, each by name.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn all(server: &AuthorizationServer, site: SiteId) -> Result<Vec<Named>, StoreError> {
    let mut subjects: Vec<RoleSubject> = Vec::new();
    subjects.extend(server.store.members(site).await?.iter().map(|member| RoleSubject::User(member.user_id)));
    subjects.extend(server.store.groups_on(site).await?.iter().map(|group| RoleSubject::Group(group.id)));
    let apps = server.store.installations_on(site).await?;
    subjects.extend(apps.iter().map(|installation| RoleSubject::App(installation.id)));
    let mut all = Vec::with_capacity(subjects.len());
    for subject in subjects {
        all.push(named(server, subject).await?);
    }
    all.sort_by(Named::order);
    Ok(all)
}

/// Somebody of a site, as decisions see them; none for a group, which asks for nothing, and for whoever is not of the site.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn principal(
    server: &AuthorizationServer,
    site: SiteId,
    subject: RoleSubject,
) -> Result<Option<Principal>, StoreError> {
    Ok(match subject {
        RoleSubject::User(user_id) => {
            let (user, member) = (server.store.user(user_id).await?, server.store.member(site, user_id).await?);
            user.zip(member).map(|(user, member)| {
                let is_site_admin = decides(&user, Some(member.standing));
                Principal::Person { user_id, is_site_admin }
            })
        }
        RoleSubject::App(id) => {
            let installation = server.store.installation(id).await?;
            installation.filter(|app| app.site_id == site).map(|app| Principal::App(app.id))
        }
        RoleSubject::Group(_) => None,
    })
}

/// Whether somebody is a member, a group or an app of a site.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn belongs(server: &AuthorizationServer, site: SiteId, subject: RoleSubject) -> Result<bool, StoreError> {
    Ok(match subject {
        RoleSubject::User(user) => server.store.member(site, user).await?.is_some(),
        RoleSubject::Group(group) => server.store.group(group).await?.is_some_and(|group| group.site_id == site),
        RoleSubject::App(app) => server.store.installation(app).await?.is_some_and(|app| app.site_id == site),
    })
}
