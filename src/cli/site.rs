//! `site add | list | rename | members | add-member | remove-member`: tenants, and who is a member of them.

use std::sync::Arc;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::sites::named;
use crate::accounts::sites::{self, Admins, Fellow, NewSite, NewUrl, SiteError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::user;
use crate::domain::event::Actor;
use crate::domain::id::SiteId;
use crate::domain::site::{Site, SiteStanding, SiteUrl};
use crate::domain::user::Email;

/// What to do with sites. A site is named by its identifier or its URL.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Add a site that nobody is a member of yet.
    Add {
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Where people reach it; without this, where they reach this server.
        #[arg(long)]
        url: Option<SiteUrl>,
        /// The workspace that belongs to it; without this, a new one.
        #[arg(long, value_name = "UUID", value_parser = uuid)]
        workspace_id: Option<SiteId>,
    },
    /// List sites.
    List,
    /// Give a site another name, and perhaps another URL.
    Rename {
        /// Which site, by its identifier or URL.
        site: String,
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Where people reach it; without this, where they did before.
        #[arg(long)]
        url: Option<SiteUrl>,
    },
    /// List who is a member of a site.
    Members {
        /// Which site, by its identifier or URL.
        site: String,
    },
    /// Make somebody who has an account a member of a site, or change what they may do there.
    AddMember {
        /// Which site, by its identifier or URL.
        site: String,
        /// Who.
        email: Email,
        /// Let them install apps and say who is a member.
        #[arg(long)]
        admin: bool,
    },
    /// Remove somebody from a site; what they allowed apps there is over.
    RemoveMember {
        /// Which site, by its identifier or URL.
        site: String,
        /// Who.
        email: Email,
    },
}

fn uuid(text: &str) -> Result<SiteId, &'static str> {
    text.parse().map_err(|_| "this is not a UUID")
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Add { name, url, workspace_id } => {
                let site = sites::add(server, NewSite { name, url, workspace_id }, Actor::Operator).await?;
                let text = format!("Added {} as {}; nobody is a member of it yet.", site.name, site.id);
                Ok(Answer::new(text, entry(server, &site)))
            }
            Command::List => list(server).await,
            Command::Rename { site, name, url } => {
                let (id, url) = (known(server, &site).await?.id, url.map_or(NewUrl::Kept, NewUrl::At));
                let site = sites::change(server, id, (&name, url), Actor::Operator).await?;
                Ok(Answer::new(format!("{} is {} now.", site.id, site.name), entry(server, &site)))
            }
            Command::Members { site } => members(server, &*known(server, &site).await?).await,
            Command::AddMember { site, email, admin } => {
                let standing = if admin { SiteStanding::Admin } else { SiteStanding::Member };
                add_member(server, &*known(server, &site).await?, (&email, standing)).await
            }
            Command::RemoveMember { site, email } => {
                let (site, user) = (known(server, &site).await?, user::known(server, &email).await?);
                let admins = sites::remove_member(server, (site.id, user.id), Actor::Operator).await?;
                let text = format!("Removed {email} from {}; what they allowed apps there is over.", site.name);
                Ok(warned(text, admins, json!({ "site_id": site.id, "email": email })))
            }
        }
    }
}

impl From<SiteError> for CommandError {
    fn from(error: SiteError) -> Self {
        match error {
            SiteError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}

/// The site of that identifier or URL.
pub(super) async fn known(server: &AuthorizationServer, name: &str) -> Result<Arc<Site>, CommandError> {
    let unknown = || CommandError::failed(format!("there is no site {name}; `hallmark site list` lists sites"));
    named(server, name).await?.ok_or_else(unknown)
}

/// The site of that identifier or URL; the default one where none is named.
pub(super) async fn known_or_default(
    server: &AuthorizationServer,
    name: Option<&str>,
) -> Result<Arc<Site>, CommandError> {
    match name {
        Some(name) => known(server, name).await,
        None => known(server, &server.site.id.to_string()).await,
    }
}

async fn list(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let sites = sites::list(server).await?;
    let row = |site: &Arc<Site>| {
        [site.id.to_string(), site.name.clone(), server.url_of(site).into(), site.workspace_id.to_string()]
    };
    let rows: Vec<_> = sites.iter().map(row).collect();
    let text = table(["ID", "NAME", "URL", "WORKSPACE"], &rows);
    Ok(Answer::new(text, sites.iter().map(|site| entry(server, site)).collect()))
}

async fn members(server: &AuthorizationServer, site: &Site) -> Result<Answer, CommandError> {
    let fellows = sites::members(server, site.id).await?;
    let row = |fellow: &Fellow| [fellow.user.email.to_string(), fellow.user.name.clone(), words(fellow).into()];
    let rows: Vec<_> = fellows.iter().map(row).collect();
    let text = table(["EMAIL", "NAME", "STANDING"], &rows);
    Ok(Answer::new(text, fellows.iter().map(fellow_entry).collect()))
}

async fn add_member(
    server: &AuthorizationServer,
    site: &Site,
    (email, standing): (&Email, SiteStanding),
) -> Result<Answer, CommandError> {
    let by = Actor::Operator;
    let (fellow, admins) = match sites::add_member(server, site.id, (email, standing), by).await {
        Ok(fellow) => (fellow, Admins::Left),
        Err(SiteError::Member(_)) => {
            let user = user::known(server, email).await?;
            sites::set_standing(server, (site.id, user.id), standing, by).await?
        }
        Err(error) => return Err(error.into()),
    };
    let text = format!("{email} is {} of {}.", words(&fellow), site.name);
    Ok(warned(text, admins, fellow_entry(&fellow)))
}

/// An answer that says so where nobody of the site decides about it any more.
fn warned(text: String, admins: Admins, json: Value) -> Answer {
    match admins {
        Admins::Left => Answer::new(text, json),
        Admins::NoneLeft => {
            let mut json = json;
            json["admins_left"] = json!(false);
            let warning =
                "Nobody on the site is its admin now: only admins of this server and operators decide about it.";
            Answer::new(format!("{text}\n{warning}"), json)
        }
    }
}

fn entry(server: &AuthorizationServer, site: &Site) -> Value {
    json!({ "id": site.id, "name": site.name, "url": server.url_of(site), "workspace_id": site.workspace_id })
}

fn fellow_entry(fellow: &Fellow) -> Value {
    json!({
        "site_id": fellow.member.site_id, "user_id": fellow.user.id, "email": fellow.user.email,
        "name": fellow.user.name, "standing": fellow.member.standing, "since": fellow.member.since.to_rfc3339(),
    })
}

fn words(fellow: &Fellow) -> &'static str {
    if fellow.is_admin() { "an admin" } else { "a member" }
}
