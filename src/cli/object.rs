//! `object put | list | remove`: what protected resources have on sites, so that roles can be given on it.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::objects::{self, MOST_AT_ONCE, ObjectError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::realm::{Known, Within, object};
use crate::domain::event::Actor;
use crate::domain::label::Label;
use crate::domain::protected_object::{ObjectRef, ProtectedObject};

/// What to do with objects. A protected resource can tell of them itself, over HTTP.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Tell of an object, or give it another label.
    Put {
        /// Where.
        #[command(flatten)]
        within: Within,
        /// The object: its type and identifier, such as schema:4.
        #[arg(value_name = "TYPE:ID", value_parser = object)]
        object: ObjectRef,
        /// What people call it.
        #[arg(long)]
        label: Label,
        /// What it belongs to, unless that is the whole site.
        #[arg(long, value_name = "TYPE:ID", value_parser = object)]
        parent: Option<ObjectRef>,
    },
    /// List the objects that are known.
    List {
        /// Where.
        #[command(flatten)]
        within: Within,
        /// Of this type alone.
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
    },
    /// Forget an object and what is beneath it; every role that was given there is over.
    Remove {
        /// Where.
        #[command(flatten)]
        within: Within,
        /// The object.
        #[arg(value_name = "TYPE:ID", value_parser = object)]
        object: ObjectRef,
    },
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Put { within, object, label, parent } => {
                let known = within.known(server).await?;
                let object = ProtectedObject { object, label, parent };
                objects::put(server, known.parts(), &object).await?;
                let text = format!("{} is {} on {}.", object.object, object.label, known.site.name);
                Ok(Answer::new(text, entry(&object)))
            }
            Command::List { within, kind } => list(server, &within.known(server).await?, kind.as_deref()).await,
            Command::Remove { within, object } => {
                let known = within.known(server).await?;
                if !objects::remove(server, &known.realm, &object, Some(Actor::Operator)).await? {
                    return Err(CommandError::failed(format!(
                        "there is no object {object} on this site; `hallmark object list` lists them"
                    )));
                }
                let text = format!("Removed {object}; roles that were given on it and beneath it are over.");
                Ok(Answer::new(text, json!({ "object": object.to_string(), "removed": true })))
            }
        }
    }
}

async fn list(server: &AuthorizationServer, known: &Known, kind: Option<&str>) -> Result<Answer, CommandError> {
    let model = &known.access.model;
    if let Some(kind) = kind
        && model.type_named(kind).is_none()
    {
        return Err(ObjectError::NoType(kind.to_owned()).into());
    }
    let kinds = model.objects.iter().skip(1).map(|known| known.name.as_str());
    let mut all = Vec::new();
    for kind in kinds.filter(|one| kind.is_none_or(|kind| kind == *one)) {
        let mut after: Option<String> = None;
        loop {
            let some = server.store.objects(&known.realm, kind, after.as_deref(), MOST_AT_ONCE).await?;
            let is_last = some.len() < MOST_AT_ONCE;
            after = some.last().map(|last| last.object.id().to_owned());
            all.extend(some);
            if is_last {
                break;
            }
        }
    }
    let parent = |object: &ProtectedObject| object.parent.as_ref().map(ToString::to_string).unwrap_or_default();
    let row = |object: &ProtectedObject| [object.object.to_string(), object.label.to_string(), parent(object)];
    let rows: Vec<_> = all.iter().map(row).collect();
    let text = table(["OBJECT", "LABEL", "BELONGS TO"], &rows);
    Ok(Answer::new(text, all.iter().map(entry).collect()))
}

fn entry(object: &ProtectedObject) -> Value {
    json!({
        "object": object.object.to_string(), "label": object.label,
        "parent": object.parent.as_ref().map(ToString::to_string),
    })
}

impl From<ObjectError> for CommandError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}
