//! `resource add | list | rotate-secret | connect | api-tokens | access | remove`: protected resources and the scopes they own.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apps::catalogue::WrittenScope;
use crate::apps::credentials::NewAuthentication;
use crate::apps::resources::{self, NewResource, Registered};
use crate::authorization_server::AuthorizationServer;
use crate::cli::access;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::app::{method, rotated, secrets, warn_of_guessable, with_secret};
use crate::cli::inputs;
use crate::domain::connect::{ConnectMode, ConnectPolicy, Level};
use crate::domain::id::ResourceId;
use crate::domain::resource::{ApiTokenPolicy, BaseUrl, Invocations, ProtectedResource, ResourceIdentifier};
use crate::domain::scope::{Risk, ScopeEntry};

/// What to do with protected resources.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Register a protected resource with the scopes it owns. A secret that is made is printed once.
    Add(Box<Registration>),
    /// List protected resources and their scopes.
    List,
    /// Give a resource a new secret; the one before it stays good until the next rotation.
    RotateSecret {
        /// Its id.
        id: ResourceId,
        /// Read the new secret from standard input.
        #[arg(long)]
        secret_stdin: bool,
        /// What standard input held.
        #[arg(skip)]
        secret: Option<String>,
    },
    /// Say how a resource takes Connect apps from now on.
    Connect {
        /// Its id.
        id: ResourceId,
        /// strict, compatible or refused; see `resource add`.
        mode: ConnectMode,
        /// The Connect scope that a scope takes, where its name does not tell; replaces those of before. May be repeated.
        #[arg(long = "connect-level", value_name = "SCOPE=LEVEL", value_parser = level)]
        levels: Vec<(String, Level)>,
    },
    /// Say which API tokens a resource takes from now on.
    ApiTokens {
        /// Its id.
        id: ResourceId,
        /// scoped or everything; see `resource add`.
        policy: ApiTokenPolicy,
    },
    /// What a resource declares of objects, roles and operations, and what is decided about that.
    #[command(subcommand)]
    Access(access::Command),
    /// Remove a resource and its scopes; tokens for it are over at once.
    Remove {
        /// Its id.
        id: ResourceId,
    },
}

/// A resource that is to be registered.
#[derive(Args, Serialize, Deserialize)]
pub struct Registration {
    /// The id it authenticates with; no client may have it.
    #[arg(long)]
    id: ResourceId,
    /// What people call it; the id where none is given.
    #[arg(long)]
    name: Option<String>,
    /// A `resource` value that means it, such as `https://api.example.com`; may be repeated, the first is the audience.
    #[arg(long = "identifier", value_name = "URI", required = true)]
    identifiers: Vec<ResourceIdentifier>,
    /// A scope that it owns; may be repeated. Without a title, one is known or made from the name.
    #[arg(long = "scope", value_name = "NAME[=TITLE]", required_unless_present = "scopes_file")]
    scopes: Vec<String>,
    /// What is at stake with each --scope: basic, private, change or manage.
    #[arg(long)]
    risk: Option<Risk>,
    /// A JSON file of more scopes: a list of {"name", "title", "sentence", "risk"}, all but the name optional.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    scopes_file: Option<PathBuf>,
    /// Read the secret from standard input, in place of making one.
    #[arg(long, conflicts_with = "jwks")]
    secret_stdin: bool,
    /// It authenticates with the keys of this JSON Web Key Set (private_key_jwt).
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    jwks: Option<PathBuf>,
    /// Where the gateway forwards calls to, such as `https://api.example.com/v1`; without it, it forwards none.
    #[arg(long, value_name = "URL")]
    base_url: Option<BaseUrl>,
    /// It is a host product, whose pages call apps: it may ask for invocations.
    #[arg(long)]
    host_product: bool,
    /// How it takes Connect apps: strict, where their scopes count; compatible, where what they sign themselves is not bounded
    /// by scopes; or refused.
    #[arg(long, value_name = "MODE", default_value = "strict")]
    connect: ConnectMode,
    /// The Connect scope that a scope takes, where its name does not tell, such as `run:reports=PROJECT_ADMIN`; may be repeated.
    #[arg(long = "connect-level", value_name = "SCOPE=LEVEL", value_parser = level)]
    levels: Vec<(String, Level)>,
    /// Which API tokens it takes: scoped, those that name scopes of its own; everything, those too that are for all that their
    /// owner may do.
    #[arg(long = "api-tokens", id = "policy", value_name = "POLICY", default_value = "scoped")]
    #[serde(default)]
    api_tokens: ApiTokenPolicy,
    /// What standard input held.
    #[arg(skip)]
    secret: Option<String>,
    /// What the file of keys held.
    #[arg(skip)]
    key_set: Option<String>,
    /// What the file of scopes held.
    #[arg(skip)]
    written_scopes: Option<String>,
}

impl Command {
    pub(super) fn read_inputs(&mut self) -> Result<(), CommandError> {
        match self {
            Command::Add(new) => {
                if new.secret_stdin {
                    new.secret = Some(inputs::secret_from_stdin("secret")?);
                }
                new.key_set = new.jwks.as_deref().map(inputs::file).transpose()?;
                new.written_scopes = new.scopes_file.as_deref().map(inputs::file).transpose()?;
            }
            Command::RotateSecret { secret_stdin: true, secret, .. } => {
                *secret = Some(inputs::secret_from_stdin("secret")?);
            }
            Command::Access(command) => command.read_inputs()?,
            Command::RotateSecret { .. }
            | Command::List
            | Command::Connect { .. }
            | Command::ApiTokens { .. }
            | Command::Remove { .. } => {}
        }
        Ok(())
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Add(new) => add(server, *new).await,
            Command::List => list(server).await,
            Command::RotateSecret { id, secret, .. } => rotate_secret(server, &id, secret).await,
            Command::Connect { id, mode, levels } => {
                resources::set_connect(server, &id, ConnectPolicy { mode, levels }).await?;
                let text = format!("{id} takes Connect apps in the mode {}.", mode.as_str());
                Ok(Answer::new(text, json!({ "id": id, "connect": mode })))
            }
            Command::ApiTokens { id, policy } => {
                resources::set_api_tokens(server, &id, policy).await?;
                let taken = match policy {
                    ApiTokenPolicy::Scoped => "that name scopes of its own",
                    ApiTokenPolicy::Everything => "for scopes of its own, and those for everything",
                };
                Ok(Answer::new(format!("{id} takes API tokens {taken}."), json!({ "id": id, "api_tokens": policy })))
            }
            Command::Access(command) => command.run(server).await,
            Command::Remove { id } => {
                resources::remove(server, &id).await?;
                let text = format!("Removed {id} and its scopes; tokens for it are over.");
                Ok(Answer::new(text, json!({ "id": id, "removed": true })))
            }
        }
    }
}

async fn add(server: &AuthorizationServer, new: Registration) -> Result<Answer, CommandError> {
    let given = new.secret.clone();
    let (resource, secret) = resources::add(server, new.try_into()?).await?;
    let scopes = server.store.scopes_of(&resource.id).await?;
    let text = format!("Registered {}.\nid             {}", resource.name, resource.id);
    let answer = Answer::new(text, entry(&resource, &scopes));
    match secret {
        Some(secret) => Ok(with_secret(answer, secret.expose())),
        None => Ok(warn_of_guessable(answer, given.as_deref())),
    }
}

async fn list(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let all = resources::list(server).await?;
    let row = |one: &Registered| {
        let scopes: Vec<&str> = one.scopes.iter().map(|scope| scope.name.as_str()).collect();
        [one.resource.id.to_string(), one.resource.name.clone(), one.resource.audience().into(), scopes.join(" ")]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let text = table(["ID", "NAME", "IDENTIFIER", "SCOPES"], &rows);
    Ok(Answer::new(text, all.iter().map(|one| entry(&one.resource, &one.scopes)).collect()))
}

async fn rotate_secret(
    server: &AuthorizationServer,
    id: &ResourceId,
    given: Option<String>,
) -> Result<Answer, CommandError> {
    let answer = Answer::new(rotated(id), json!({ "id": id }));
    match given {
        Some(given) => {
            resources::add_secret(server, id, &given).await?;
            Ok(warn_of_guessable(answer, Some(&given)))
        }
        None => Ok(with_secret(answer, resources::rotate_secret(server, id).await?.expose())),
    }
}

/// `SCOPE=LEVEL`.
fn level(text: &str) -> Result<(String, Level), String> {
    let (scope, level) = text.split_once('=').ok_or("a scope, = and a level such as WRITE")?;
    Ok((scope.to_owned(), level.parse()?))
}

impl TryFrom<Registration> for NewResource {
    type Error = CommandError;
    fn try_from(new: Registration) -> Result<Self, CommandError> {
        let mut scopes: Vec<WrittenScope> = new
            .scopes
            .iter()
            .map(|text| WrittenScope { risk: new.risk, ..WrittenScope::from_argument(text) })
            .collect();
        if let Some(json) = &new.written_scopes {
            let more: Vec<WrittenScope> = serde_json::from_str(json)
                .map_err(|error| CommandError::failed(format!("the file of scopes cannot be used: {error}")))?;
            scopes.extend(more);
        }
        let authentication = match new.key_set {
            Some(key_set) => NewAuthentication::KeySet(key_set),
            None => NewAuthentication::Secret(new.secret),
        };
        Ok(NewResource {
            name: new.name.unwrap_or_else(|| new.id.as_str().chars().take(60).collect()),
            identifiers: new.identifiers,
            scopes: scopes.into_iter().map(|scope| scope.entry(&new.id)).collect(),
            authentication,
            base_url: new.base_url,
            invocations: if new.host_product { Invocations::Allowed } else { Invocations::Refused },
            connect: ConnectPolicy { mode: new.connect, levels: new.levels },
            api_tokens: new.api_tokens,
            id: new.id,
        })
    }
}

fn entry(resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Value {
    let scope = |scope: &ScopeEntry| json!({ "name": scope.name, "title": scope.title, "sentence": scope.sentence, "risk": scope.risk });
    json!({
        "id": resource.id, "name": resource.name, "identifiers": resource.identifiers,
        "scopes": scopes.iter().map(scope).collect::<Vec<_>>(),
        "token_endpoint_auth_method": method(&resource.credentials), "secrets": secrets(&resource.credentials),
        "base_url": resource.base_url, "invocations": resource.invocations, "connect": resource.connect,
        "api_tokens": resource.api_tokens,
        "created": resource.created.to_rfc3339(),
    })
}
