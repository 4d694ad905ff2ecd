//! `app add | list | rotate-secret | remove`: OAuth clients, by the metadata names of RFC 7591. `app check`: manifests and
//! descriptors.

use std::path::PathBuf;

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apps::clients::{self, NewClient};
use crate::apps::credentials::{NewAuthentication, is_guessable};
use crate::apps::sharing::{self, SharingError};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::connect::Registration;
use crate::cli::deploy::Deployment;
use crate::cli::{inputs, installation, manifest};
use crate::domain::app::Distribution;
use crate::domain::client::{AuthorizationRequests, Client, Credentials, GrantType, Pkce, Profile};
use crate::domain::event::Actor;
use crate::domain::id::{AppId, ClientId};
use crate::domain::scope::Scope;
use crate::domain::uri::RedirectUri;

/// What to do with OAuth clients.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Register an app. A secret that is made is printed once.
    Add(Box<NewApp>),
    /// List apps.
    List,
    /// Give an app a new secret; the one before it stays good until the next rotation.
    RotateSecret {
        /// The client id.
        id: ClientId,
        /// Read the new secret from standard input.
        #[arg(long)]
        secret_stdin: bool,
        /// What standard input held.
        #[arg(skip)]
        secret: Option<String>,
    },
    /// Read a Forge manifest or a Connect descriptor and say what it asks for, or everything that is wrong with it. Nothing is
    /// kept.
    #[serde(skip)]
    Check {
        /// The manifest, in YAML or JSON, or the descriptor.
        #[arg(value_name = "FILE")]
        manifest: PathBuf,
    },
    /// Deploy a Forge manifest: a new version of the app that it declares. The client's secret is printed once.
    Deploy(Box<Deployment>),
    /// Register a Connect descriptor: a new version of the app that has its key.
    Connect(Registration),
    /// Let everybody on a site where an app is installed allow it what it asks for.
    Share {
        /// The app: its ARI or UUID.
        #[arg(value_parser = installation::app)]
        app: AppId,
    },
    /// Let only its owner and contributors allow an app anything more.
    Unshare {
        /// The app: its ARI or UUID.
        #[arg(value_parser = installation::app)]
        app: AppId,
    },
    /// Remove an app; everything issued to it is over at once.
    Remove {
        /// The client id.
        id: ClientId,
    },
}

/// An app that is to be registered.
#[derive(Args, Serialize, Deserialize)]
pub struct NewApp {
    /// The client id; one is made where none is given.
    #[arg(long, value_name = "ID")]
    client_id: Option<ClientId>,
    /// What people call the app; the client id where none is given.
    #[arg(long)]
    name: Option<String>,
    /// Who publishes the app; people read it on the consent page.
    #[arg(long, value_name = "NAME")]
    publisher: Option<String>,
    /// Where answers may be sent; may be repeated.
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<RedirectUri>,
    /// authorization_code (unless told otherwise), refresh_token or client_credentials; may be repeated.
    #[arg(long = "grant", value_name = "TYPE", default_value = "authorization_code")]
    grant_types: Vec<GrantType>,
    /// Scopes that a person allows together or not at all; may be repeated.
    #[arg(long = "scope", value_name = "SCOPE")]
    #[serde(with = "scopes")]
    scopes: Vec<Scope>,
    /// Scopes that a person may leave out; may be repeated.
    #[arg(long = "optional-scope", value_name = "SCOPE")]
    #[serde(with = "scopes")]
    optional_scopes: Vec<Scope>,
    /// Read the client secret from standard input, in place of making one.
    #[arg(long, conflicts_with_all = ["public", "jwks"])]
    secret_stdin: bool,
    /// The app cannot keep a secret, such as one on a phone.
    #[arg(long, conflicts_with = "jwks")]
    public: bool,
    /// The app authenticates with the keys of this JSON Web Key Set (private_key_jwt).
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    jwks: Option<PathBuf>,
    /// Authorization requests must be pushed (RFC 9126).
    #[arg(long)]
    require_par: bool,
    /// Whose habits the app relies on, where they differ from the standards: rfc, or atlassian for an unmodified 3LO client.
    #[arg(long, value_name = "PROFILE", default_value = "rfc")]
    profile: Profile,
    /// The app sends no PKCE challenge and need not; only with a secret or keys, and with --profile atlassian.
    #[arg(long)]
    no_pkce: bool,
    /// Where the publisher tells how it treats what it learns.
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// The terms of use.
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// What standard input held.
    #[arg(skip)]
    secret: Option<String>,
    /// What the file of keys held.
    #[arg(skip)]
    key_set: Option<String>,
}

impl Command {
    pub(super) fn read_inputs(&mut self) -> Result<(), CommandError> {
        match self {
            Command::Add(new) => {
                if new.secret_stdin {
                    new.secret = Some(inputs::secret_from_stdin("secret")?);
                }
                new.key_set = new.jwks.as_deref().map(inputs::file).transpose()?;
            }
            Command::Deploy(deployment) => deployment.read_inputs()?,
            Command::Connect(registration) => registration.read_inputs()?,
            Command::RotateSecret { secret_stdin: true, secret, .. } => {
                *secret = Some(inputs::secret_from_stdin("secret")?);
            }
            Command::RotateSecret { .. } | Command::List | Command::Check { .. } | Command::Remove { .. } => {}
            Command::Share { .. } | Command::Unshare { .. } => {}
        }
        Ok(())
    }

    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        match self {
            Command::Add(new) => add(server, *new).await,
            Command::List => list(server).await,
            Command::RotateSecret { id, secret, .. } => rotate_secret(server, &id, secret).await,
            // The process that was called carries it out, without a store: no server is told to read a file.
            Command::Check { manifest } => manifest::check(&manifest),
            Command::Deploy(deployment) => deployment.run(server).await,
            Command::Connect(registration) => registration.run(server).await,
            Command::Share { app } => {
                let app = sharing::distribute(server, app, Distribution::Shared, Actor::Operator).await?;
                let text = format!("{} is shared with everybody on the sites where it is installed.", app.name);
                Ok(Answer::new(text, json!({ "app": app.id.ari(), "distribution": app.distribution })))
            }
            Command::Unshare { app } => {
                let app = sharing::distribute(server, app, Distribution::NotShared, Actor::Operator).await?;
                let text =
                    format!("{} is for its owner and contributors alone; who allowed it before stays.", app.name);
                Ok(Answer::new(text, json!({ "app": app.id.ari(), "distribution": app.distribution })))
            }
            Command::Remove { id } => {
                clients::remove(server, &id).await?;
                let text = format!("Removed {id}; everything issued to it is over.");
                Ok(Answer::new(text, json!({ "client_id": id, "removed": true })))
            }
        }
    }
}

async fn add(server: &AuthorizationServer, new: NewApp) -> Result<Answer, CommandError> {
    let given = new.secret.clone();
    let (client, secret) = clients::add(server, new.into()).await?;
    let text = format!("Registered {}.\nclient_id      {}", client.name, client.id);
    let answer = warn_of_exemption(Answer::new(text, entry(&client)), &client);
    match secret {
        Some(secret) => Ok(with_secret(answer, secret.expose())),
        None => Ok(warn_of_guessable(answer, given.as_deref())),
    }
}

async fn list(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let clients = clients::list(server).await?;
    let row = |client: &Arc<Client>| {
        let grants: Vec<&str> = client.grant_types.iter().map(|grant_type| grant_type.as_str()).collect();
        let scope = client.allowed_scope().to_string();
        [client.id.to_string(), client.name.clone(), profile(client), grants.join(" "), scope]
    };
    let rows: Vec<_> = clients.iter().map(row).collect();
    let text = table(["CLIENT ID", "NAME", "PROFILE", "GRANT TYPES", "SCOPE"], &rows);
    Ok(Answer::new(text, clients.iter().map(|client| entry(client)).collect()))
}

async fn rotate_secret(
    server: &AuthorizationServer,
    id: &ClientId,
    given: Option<String>,
) -> Result<Answer, CommandError> {
    let answer = Answer::new(rotated(id), json!({ "client_id": id }));
    match given {
        Some(given) => {
            clients::add_secret(server, id, &given).await?;
            Ok(warn_of_guessable(answer, Some(&given)))
        }
        None => Ok(with_secret(answer, clients::rotate_secret(server, id).await?.expose())),
    }
}

impl From<NewApp> for NewClient {
    fn from(new: NewApp) -> Self {
        let authentication = match (new.public, new.key_set) {
            (true, _) => NewAuthentication::Public,
            (false, Some(key_set)) => NewAuthentication::KeySet(key_set),
            (false, None) => NewAuthentication::Secret(new.secret),
        };
        let name = new.name.or_else(|| new.client_id.as_ref().map(|id| id.as_str().chars().take(60).collect()));
        NewClient {
            id: new.client_id,
            name: name.unwrap_or_else(|| "Unnamed app".into()),
            publisher: new.publisher,
            policy_uri: new.policy_uri,
            tos_uri: new.tos_uri,
            redirect_uris: new.redirect_uris,
            grant_types: new.grant_types,
            scope: union(&new.scopes),
            optional_scope: union(&new.optional_scopes),
            authentication,
            authorization_requests: match new.require_par {
                true => AuthorizationRequests::PushedOnly,
                false => AuthorizationRequests::Any,
            },
            profile: new.profile,
            pkce: if new.no_pkce { Pkce::Exempt } else { Pkce::Required },
        }
    }
}

/// The profile of an app, and whether it does without PKCE.
fn profile(client: &Client) -> String {
    let profile = client.profile.as_str();
    if client.is_exempt_from_pkce() { format!("{profile}, no PKCE") } else { profile.to_owned() }
}

fn entry(client: &Client) -> Value {
    json!({
        "client_id": client.id, "client_name": client.name, "publisher": client.publisher,
        "policy_uri": client.policy_uri, "tos_uri": client.tos_uri, "redirect_uris": client.redirect_uris,
        "grant_types": client.grant_types, "scope": client.scope.as_str(),
        "optional_scope": client.optional_scope.as_str(),
        "token_endpoint_auth_method": method(&client.credentials), "secrets": secrets(&client.credentials),
        "require_pushed_authorization_requests": client.authorization_requests == AuthorizationRequests::PushedOnly,
        "profile": client.profile, "pkce": client.pkce, "created": client.created.to_rfc3339(),
    })
}

/// The `token_endpoint_auth_method` of RFC 7591 section 2.
pub(super) fn method(credentials: &Credentials) -> &'static str {
    match credentials {
        Credentials::Public => "none",
        Credentials::Secrets(_) => "client_secret_basic",
        Credentials::PrivateKeyJwt(_) => "private_key_jwt",
    }
}

/// When each live secret was made.
pub(super) fn secrets(credentials: &Credentials) -> Vec<Value> {
    match credentials {
        Credentials::Secrets(secrets) => {
            secrets.iter().map(|secret| json!({ "created": secret.created.to_rfc3339() })).collect()
        }
        Credentials::Public | Credentials::PrivateKeyJwt(_) => Vec::new(),
    }
}

pub(super) fn rotated(id: &ClientId) -> String {
    format!("{id} has a new secret. The one before it stays good until the next rotation.")
}

/// The answer with a secret that was made, shown this once.
pub(super) fn with_secret(mut answer: Answer, secret: &str) -> Answer {
    answer.text.push_str(&format!("\nclient_secret  {secret}\nThe secret is shown this once."));
    answer.json["client_secret"] = json!(secret);
    answer
}

fn warn_of_exemption(answer: Answer, client: &Client) -> Answer {
    if !client.is_exempt_from_pkce() {
        return answer;
    }
    answer.warn(
        "without PKCE only the app's own check of `state` and its secret protect a code that was intercepted; \
         register it again without --no-pkce as soon as it can send a challenge",
    )
}

pub(super) fn warn_of_guessable(answer: Answer, given: Option<&str>) -> Answer {
    match given {
        Some(given) if is_guessable(given) => {
            answer.warn("the secret has fewer than 22 characters; a random one of 43 cannot be guessed")
        }
        _ => answer,
    }
}

impl From<SharingError> for CommandError {
    fn from(error: SharingError) -> Self {
        match error {
            SharingError::Store(error) => error.into(),
            SharingError::Unknown => Self::failed("there is no such app; `hallmark app list` names them"),
        }
    }
}

fn union(scopes: &[Scope]) -> Scope {
    scopes.iter().fold(Scope::default(), |all, scope| all.union(scope))
}

/// Scopes cross the socket as their text and are checked again on arrival.
mod scopes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::domain::scope::Scope;

    pub fn serialize<S: Serializer>(scopes: &[Scope], serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
        texts.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Scope>, D::Error> {
        let texts: Vec<String> = Vec::deserialize(deserializer)?;
        texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
    }
}
