//! What a running server can also be told, as data: parsed from argv here, or read from the control socket there.

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::{
    app, audit, container, group, installation, key, object, resource, role, setup_link, site, token, user,
};
use crate::domain::signing_key::KeyState;
use crate::domain::time::Timestamp;

/// A command by its noun.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make a new one-time link for the first admin; it voids the former.
    SetupLink,
    /// People.
    #[command(subcommand)]
    User(user::Command),
    /// Sites, and who is a member of them.
    #[command(subcommand)]
    Site(site::Command),
    /// OAuth clients.
    #[command(subcommand)]
    App(app::Command),
    /// Protected resources: the APIs that tokens are for.
    #[command(subcommand)]
    Resource(resource::Command),
    /// Apps on sites.
    #[command(subcommand)]
    Installation(installation::Command),
    /// API tokens of people.
    #[command(subcommand)]
    Token(token::Command),
    /// Import sources of sites, and their tokens.
    #[command(subcommand)]
    Container(container::Command),
    /// Objects of protected resources, on which roles are held.
    #[command(subcommand)]
    Object(object::Command),
    /// Groups of people of a site, who hold roles together.
    #[command(subcommand)]
    Group(group::Command),
    /// Who holds which role on what.
    #[command(subcommand)]
    Role(role::Command),
    /// The keys that this server signs with.
    #[command(subcommand)]
    Key(key::Command),
    /// The audit trail.
    #[command(skip)]
    Audit(audit::Command),
    /// Ask whether the running server should be sent requests: exit code 0 if so, 1 otherwise.
    Ready,
    /// How much of everything there is.
    #[command(hide = true)]
    Count,
}

impl Command {
    /// Reads what is not in argv, namely standard input and files, in the process that was called.
    ///
    /// # Errors
    /// [`CommandError`] if something cannot be read.
    pub fn read_inputs(&mut self) -> Result<(), CommandError> {
        match self {
            Command::User(command) => command.read_inputs(),
            Command::App(command) => command.read_inputs(),
            Command::Resource(command) => command.read_inputs(),
            Command::Site(_)
            | Command::Installation(_)
            | Command::Token(_)
            | Command::Container(_)
            | Command::Object(_)
            | Command::Group(_)
            | Command::Role(_)
            | Command::Key(_)
            | Command::Audit(_)
            | Command::SetupLink
            | Command::Ready
            | Command::Count => Ok(()),
        }
    }

    /// Whether it means nothing without a server that runs.
    pub fn is_for_a_running_server(&self) -> bool {
        matches!(self, Command::Ready)
    }

    /// Carries it out.
    ///
    /// # Errors
    /// [`CommandError`] says what was refused or failed.
    pub async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::SetupLink => setup_link::run(server).await,
            Command::User(command) => command.run(server).await,
            Command::Site(command) => command.run(server).await,
            Command::App(command) => command.run(server).await,
            Command::Resource(command) => command.run(server).await,
            Command::Installation(command) => command.run(server).await,
            Command::Token(command) => command.run(server).await,
            Command::Container(command) => command.run(server).await,
            Command::Object(command) => command.run(server).await,
            Command::Group(command) => command.run(server).await,
            Command::Role(command) => command.run(server).await,
            Command::Key(command) => command.run(server).await,
            Command::Audit(command) => command.run(server).await,
            Command::Ready => ready(server).await,
            Command::Count => count(server).await,
        }
    }
}

async fn ready(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    match server.ready().await {
        Ok(()) => Ok(Answer::new("ready", serde_json::json!({ "status": "ok" }))),
        Err(reason) => Err(CommandError::failed(format!("not ready: {}", reason.as_str()))),
    }
}

async fn count(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let (users, clients) = (server.store.users().await?.len(), server.store.clients().await?.len());
    let resources = server.store.resources().await?.len();
    let sites = server.store.sites().await?.len();
    let counted = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let text = [
        counted(sites, "site", "sites"),
        counted(resources, "protected resource", "protected resources"),
        counted(clients, "app", "apps"),
        counted(users, "person", "people"),
    ]
    .join(", ");
    let newest = newest(server).await?;
    let json = serde_json::json!({ "sites": sites, "resources": resources, "apps": clients, "users": users, "newest": newest });
    Ok(Answer::new(text, json))
}

/// The latest moment that the store has seen.
async fn newest(server: &AuthorizationServer) -> Result<Timestamp, CommandError> {
    let ring = server.store.key_ring().await?;
    let began = ring.keys().iter().filter_map(|key| match key.state {
        KeyState::Published { since } | KeyState::Signing { since } => Some(since),
        KeyState::Retiring { .. } => None,
    });
    let recorded = server.store.newest_events(1).await?.into_iter().map(|recorded| recorded.at);
    Ok(began.chain(recorded).max().unwrap_or_default())
}
