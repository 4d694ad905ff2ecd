//! `container add | list | token | end-token | remove`: import sources of sites, and the one token of each.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::accounts::containers::{self, ContainerError, ListedContainer, ListedContainerToken};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::site;
use crate::cli::token::used;
use crate::domain::event::Actor;
use crate::domain::id::ContainerId;
use crate::domain::label::Label;
use crate::secrets::token::{TokenKind, name};

/// What to do with import sources. A site is named by its identifier or its URL.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Register an import source of a site.
    Add {
        /// Which site, by its identifier or URL.
        site: String,
        /// What people call it.
        #[arg(long)]
        label: Label,
        /// The name that it has in the protocol already; without this, a new one.
        #[arg(long, value_name = "UUID", value_parser = uuid)]
        id: Option<ContainerId>,
    },
    /// List import sources, and whether each has a token.
    List {
        /// Of this site alone, by its identifier or URL.
        #[arg(long)]
        site: Option<String>,
    },
    /// Make the token of an import source, which is printed once; the former is over at once.
    Token {
        /// Which site, by its identifier or URL.
        site: String,
        /// Which import source.
        #[arg(value_parser = uuid)]
        id: ContainerId,
    },
    /// End the token of an import source.
    EndToken {
        /// Which site, by its identifier or URL.
        site: String,
        /// Which import source.
        #[arg(value_parser = uuid)]
        id: ContainerId,
    },
    /// Remove an import source; its token is over at once.
    Remove {
        /// Which site, by its identifier or URL.
        site: String,
        /// Which import source.
        #[arg(value_parser = uuid)]
        id: ContainerId,
    },
}

fn uuid(text: &str) -> Result<ContainerId, &'static str> {
    text.parse().map_err(|_| "this is not a UUID")
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let by = Actor::Operator;
        match self {
            Command::Add { site, label, id } => {
                let site = site::known(server, &site).await?;
                let container = containers::add(server, site.id, (id, label), by).await?;
                let text =
                    format!("Added {} to {} as {}; it has no token yet.", container.label, site.name, container.id);
                Ok(Answer::new(text, json!({ "id": container.id, "site_id": site.id, "label": container.label })))
            }
            Command::List { site } => list(server, site).await,
            Command::Token { site, id } => {
                let site = site::known(server, &site).await?;
                let (secret, token) = containers::make_token(server, site.id, id, by).await?;
                let until = token.expires.to_words();
                let text = format!(
                    "{}\nThis token is printed once; the one before it is over. It is good until {until}.",
                    secret.expose()
                );
                let (expires, token_id) = (token.expires.to_rfc3339(), name(token.key));
                Ok(Answer::new(
                    text,
                    json!({ "id": token_id, "container_id": id, "token": secret.expose(), "expires": expires }),
                ))
            }
            Command::EndToken { site, id } => {
                let site = site::known(server, &site).await?;
                let ended = containers::end_token(server, site.id, id, by).await?;
                let text = if ended { "The token is over." } else { "There is no token." };
                Ok(Answer::new(text, json!({ "container_id": id, "ended": ended })))
            }
            Command::Remove { site, id } => {
                let site = site::known(server, &site).await?;
                containers::remove(server, site.id, id, by).await?;
                Ok(Answer::new(format!("Removed {id}; its token is over."), json!({ "id": id, "removed": true })))
            }
        }
    }
}

impl From<ContainerError> for CommandError {
    fn from(error: ContainerError) -> Self {
        match error {
            ContainerError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}

async fn list(server: &AuthorizationServer, of: Option<String>) -> Result<Answer, CommandError> {
    let all = match &of {
        Some(name) => containers::list(server, site::known(server, name).await?.id).await?,
        None => containers::list_all(server).await?,
    };
    let row = |listed: &ListedContainer| {
        let [token, by, last_use] = listed.token.as_ref().map_or(["none".into(), String::new(), String::new()], words);
        let container = &listed.container;
        [container.id.to_string(), container.site_id.to_string(), container.label.to_string(), token, by, last_use]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let text = table(["ID", "SITE", "LABEL", "TOKEN", "MADE BY", "LAST USED"], &rows);
    Ok(Answer::new(text, all.iter().map(entry).collect()))
}

fn words(listed: &ListedContainerToken) -> [String; 3] {
    let ending = format!("{}…{}", TokenKind::Container.prefix(), listed.token.ending);
    let state = if listed.is_live { "until" } else { "expired" };
    [format!("{ending} {state} {}", listed.token.expires.to_words()), maker(listed), used(listed.last_use)]
}

fn maker(listed: &ListedContainerToken) -> String {
    match (&listed.made_by, listed.token.made_by) {
        (Some(user), _) => user.email.to_string(),
        (None, Actor::Operator) => "operator".into(),
        (None, Actor::App(id)) => format!("app:{id}"),
        (None, Actor::User(id)) => id.to_string(),
    }
}

fn entry(listed: &ListedContainer) -> Value {
    let ListedContainer { container, token } = listed;
    let token = token.as_ref().map(|listed| {
        json!({
            "id": listed.name, "ending": listed.token.ending, "made_by": maker(listed),
            "created": listed.token.created.to_rfc3339(), "expires": listed.token.expires.to_rfc3339(),
            "live": listed.is_live, "last_used": listed.last_use.map(|used| used.at.to_rfc3339()),
            "last_used_from": listed.last_use.and_then(|used| used.from),
        })
    });
    json!({
        "id": container.id, "site_id": container.site_id, "label": container.label,
        "created": container.created.to_rfc3339(), "token": token,
    })
}
