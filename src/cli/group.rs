//! `group add | list | members | add-member | remove-member | remove`: people of a site who hold roles together.

use std::sync::Arc;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::groups::{self, GroupError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::{site, user};
use crate::domain::event::Actor;
use crate::domain::group::Group;
use crate::domain::id::SiteId;
use crate::domain::label::Label;
use crate::domain::user::{Email, User};

/// What to do with groups. A group is named by its identifier or by what people call it.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make a group that nobody is in yet.
    Add {
        /// What people call it.
        name: Label,
        /// The site: its id or URL; the default site where none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// List the groups of a site.
    List {
        /// The site: its id or URL; the default site where none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// List who is in a group.
    Members {
        /// Which group.
        group: String,
        /// The site: its id or URL; the default site where none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// Put a member of the site in a group.
    AddMember {
        /// Which group.
        group: String,
        /// Who.
        email: Email,
        /// The site: its id or URL; the default site where none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// Take somebody out of a group; what they held by it they hold no more.
    RemoveMember {
        /// Which group.
        group: String,
        /// Who.
        email: Email,
        /// The site: its id or URL; the default site where none is given.
        #[arg(long)]
        site: Option<String>,
    },
    /// Remove a group; what it held, nobody holds by it any more.
    Remove {
        /// Which group.
        group: String,
        /// The site: its id or URL; the default site where none is given.
        #[arg(long)]
        site: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let by = Actor::Operator;
        match self {
            Command::Add { name, site } => {
                let site = site::known_or_default(server, site.as_deref()).await?;
                let group = groups::add(server, site.id, name, by).await?;
                let text = format!("Added {} to {} as {}; nobody is in it yet.", group.name, site.name, group.id);
                Ok(Answer::new(text, entry(&group, &[])))
            }
            Command::List { site } => list(server, site::known_or_default(server, site.as_deref()).await?.id).await,
            Command::Members { group, site } => {
                let (site, group) = known(server, &group, site.as_deref()).await?;
                members(&groups::members(server, site, group.id).await?)
            }
            Command::AddMember { group, email, site } => {
                let (site, group) = known(server, &group, site.as_deref()).await?;
                let user = user::known(server, &email).await?;
                groups::put(server, site, (group.id, user.id), by).await?;
                let text = format!("{email} is in {}.", group.name);
                Ok(Answer::new(text, json!({ "group_id": group.id, "email": email, "in_group": true })))
            }
            Command::RemoveMember { group, email, site } => {
                let (site, group) = known(server, &group, site.as_deref()).await?;
                let user = user::known(server, &email).await?;
                groups::take(server, site, (group.id, user.id), by).await?;
                let text = format!("{email} is not in {} any more.", group.name);
                Ok(Answer::new(text, json!({ "group_id": group.id, "email": email, "in_group": false })))
            }
            Command::Remove { group, site } => {
                let (site, group) = known(server, &group, site.as_deref()).await?;
                groups::remove(server, site, group.id, by).await?;
                let text = format!("Removed {}; what it held, nobody holds by it any more.", group.name);
                Ok(Answer::new(text, json!({ "group_id": group.id, "removed": true })))
            }
        }
    }
}

async fn known(
    server: &AuthorizationServer,
    group: &str,
    site: Option<&str>,
) -> Result<(SiteId, Arc<Group>), CommandError> {
    let site = site::known_or_default(server, site).await?;
    Ok((site.id, named(server, site.id, group).await?))
}

/// The group of that name or identifier.
///
/// # Errors
/// [`CommandError`] if the site has none.
pub(super) async fn named(server: &AuthorizationServer, site: SiteId, name: &str) -> Result<Arc<Group>, CommandError> {
    groups::named(server, site, name).await.map_err(|error| match error {
        GroupError::Unknown => {
            CommandError::failed(format!("there is no group {name:?} on this site; `hallmark group list` lists groups"))
        }
        other => other.into(),
    })
}

async fn list(server: &AuthorizationServer, site: SiteId) -> Result<Answer, CommandError> {
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    for group in server.store.groups_on(site).await? {
        let members = groups::members(server, site, group.id).await?;
        rows.push([group.id.to_string(), group.name.to_string(), members.len().to_string()]);
        entries.push(entry(&group, &members));
    }
    Ok(Answer::new(table(["ID", "NAME", "MEMBERS"], &rows), entries.into()))
}

fn members(members: &[User]) -> Result<Answer, CommandError> {
    let rows: Vec<_> = members.iter().map(|user| [user.email.to_string(), user.name.clone()]).collect();
    Ok(Answer::new(table(["EMAIL", "NAME"], &rows), members.iter().map(member).collect()))
}

fn member(user: &User) -> Value {
    json!({ "user_id": user.id, "email": user.email, "name": user.name })
}

fn entry(group: &Group, members: &[User]) -> Value {
    json!({
        "id": group.id, "site_id": group.site_id, "name": group.name, "created": group.created.to_rfc3339(),
        "members": members.iter().map(member).collect::<Value>(),
    })
}

impl From<GroupError> for CommandError {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}
