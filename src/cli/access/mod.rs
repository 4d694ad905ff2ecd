//! `resource access set | show | choose | ask-by-id | lint`: by what decisions are made for a protected resource.

mod declared;
mod lint;
mod shown;

use clap::{ArgGroup, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::models;
use crate::authorization_server::AuthorizationServer;
use crate::cli::access::declared::Declared;
pub use crate::cli::access::lint::Lint;
use crate::cli::answer::{Answer, CommandError};
use crate::cli::realm;
use crate::domain::event::Actor;
use crate::domain::id::ResourceId;

/// What to do with what a resource declares.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Say by what decisions are made from now on. What was chosen before stays where it can be chosen still.
    #[command(group = ArgGroup::new("source").required(true).args(["model", "openapi"]))]
    Set {
        /// The resource.
        id: ResourceId,
        /// What it declares.
        #[command(flatten)]
        declared: Declared,
    },
    /// Show what a resource declares, and what is decided about that.
    Show {
        /// The resource.
        id: ResourceId,
    },
    /// Decide who may do something that the resource leaves to you, such as: delete_objects developer.
    Choose {
        /// The resource.
        id: ResourceId,
        /// The setting.
        setting: String,
        /// The least role that may.
        role: String,
    },
    /// Let a resource ask about people and app accounts that it names, without a credential of theirs; or no more.
    AskById {
        /// The resource.
        id: ResourceId,
        /// on or off.
        switch: Switch,
    },
    /// Tell what is odd about what a resource declares, though it means something.
    Lint(Box<Lint>),
}

/// Whether something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Command {
    pub(super) fn read_inputs(&mut self) -> Result<(), CommandError> {
        match self {
            Command::Set { declared, .. } => declared.read(),
            Command::Lint(lint) => lint.read(),
            Command::Show { .. } | Command::Choose { .. } | Command::AskById { .. } => Ok(()),
        }
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let by = Actor::Operator;
        match self {
            Command::Set { id, declared } => {
                let access = models::set(server, &id, declared.model()?, by).await?;
                let counts = shown::counts(&access);
                Ok(Answer::new(format!("{id} declares {counts}."), shown::entry(&id, &access)))
            }
            Command::Show { id } => {
                let access = realm::declared(server, &id).await?;
                Ok(Answer::new(shown::text(&id, &access), shown::entry(&id, &access)))
            }
            Command::Choose { id, setting, role } => {
                let access = models::choose(server, &id, (&setting, &role), by).await?;
                let known = access.model.settings.iter().find(|known| known.name == setting);
                let title = known.map_or(setting.as_str(), |known| known.title.as_str());
                let text = format!("{title}: {role}, and whoever holds more.");
                Ok(Answer::new(text, json!({ "id": id, "setting": setting, "role": role })))
            }
            Command::AskById { id, switch } => {
                let access = models::ask_by_id(server, &id, switch == Switch::On, by).await?;
                Ok(Answer::new(shown::asking(&id, &access), json!({ "id": id, "asks_by_id": access.asks_by_id })))
            }
            Command::Lint(lint) => lint.run(server).await,
        }
    }
}
