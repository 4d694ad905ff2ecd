//! `installation add | list | approve | refuse | suspend | resume | rotate-secret | tell-again | remove`: apps on sites.

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apps::connect::lifecycle::NotTold;
use crate::apps::installations::{self, InstallationError, Installed};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError, table};
use crate::cli::site::known;
use crate::domain::app::{Deployment, Environment, VersionNumber};
use crate::domain::connect::{CallOutcome, LifecycleCall};
use crate::domain::event::Actor;
use crate::domain::id::{AppId, InstallationId, SiteId};
use crate::domain::installation::{Installation, InstallationState};
use crate::domain::scope::Scope;

/// What to do with apps on sites.
#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Install an app on a site, which approves what it asks for.
    Add(Place),
    /// List what is installed, and what waits for an approval.
    List {
        /// Only on this site: its id or URL.
        #[arg(long)]
        site: Option<String>,
    },
    /// Approve what the version that runs asks for.
    Approve {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
        /// The version, as `installation list` shows it, so that nothing is approved unseen.
        #[arg(long)]
        version: VersionNumber,
        /// An optional scope to leave out; may be repeated.
        #[arg(long, value_name = "SCOPE")]
        without: Vec<String>,
    },
    /// Refuse what the version that runs asks for; what was approved before stays.
    Refuse {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
        /// The version.
        #[arg(long)]
        version: VersionNumber,
    },
    /// Suspend an installation: nothing issued to it is live until it is resumed.
    Suspend {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
    },
    /// Resume a suspended installation.
    Resume {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
    },
    /// Give a Connect app a new secret to share with the site.
    RotateSecret {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
    },
    /// Tell a Connect app again what it did not take.
    TellAgain {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
    },
    /// Uninstall an app from a site; everything issued to it there is over.
    Remove {
        /// The installation: its ARI or UUID.
        #[arg(value_parser = installation)]
        id: InstallationId,
    },
}

/// An app and a site.
#[derive(Args, Serialize, Deserialize)]
pub struct Place {
    /// The app: its ARI or UUID.
    #[arg(long, value_parser = app)]
    app: AppId,
    /// development, staging or production.
    #[arg(long, default_value_t = Environment::Production)]
    environment: Environment,
    /// The site: its id or URL; the default site where none is given.
    #[arg(long)]
    site: Option<String>,
    /// An optional scope to leave out; may be repeated.
    #[arg(long, value_name = "SCOPE")]
    without: Vec<String>,
}

impl Command {
    pub(super) async fn run(self, server: &AuthorizationServer) -> Result<Answer, CommandError> {
        let by = Actor::Operator;
        match self {
            Command::Add(place) => add(server, place).await,
            Command::List { site } => list(server, site.as_deref()).await,
            Command::Approve { id, version, without } => {
                let approved = installations::approve(server, id, version, &declined(&without)?, by).await?;
                let text = format!("Version {version} is approved: {}", approved.approval.scope);
                Ok(Answer::new(text, entry(&approved)))
            }
            Command::Refuse { id, version } => {
                installations::refuse(server, id, version, by).await?;
                let text = format!("Version {version} is refused; what was approved before stays.");
                Ok(Answer::new(text, json!({ "id": id.ari(), "refused": version.to_string() })))
            }
            Command::Suspend { id } => {
                let not_told = installations::suspend(server, id, by).await?;
                let text = "Suspended; nothing issued to it is live until it is resumed.";
                Ok(warn(Answer::new(text, json!({ "id": id.ari(), "state": "suspended" })), not_told))
            }
            Command::Resume { id } => {
                let not_told = installations::resume(server, id, by).await?;
                Ok(warn(Answer::new("Resumed.", json!({ "id": id.ari(), "state": "active" })), not_told))
            }
            Command::Remove { id } => {
                let not_told = installations::uninstall(server, id, by).await?;
                let text = "Uninstalled; everything issued to it on the site is over.";
                Ok(warn(Answer::new(text, json!({ "id": id.ari(), "removed": true })), not_told))
            }
            Command::RotateSecret { id } => match installations::rotate_secret(server, id, by).await? {
                None => Ok(Answer::new(
                    "The app has a new shared secret; the former one is over.",
                    json!({ "id": id.ari(), "rotated": true }),
                )),
                Some(why) => {
                    Err(CommandError::failed(format!("the app could not be told: {why}; the former secret holds")))
                }
            },
            Command::TellAgain { id } => match installations::tell_again(server, id, by).await? {
                None => Ok(Answer::new("The app was told.", json!({ "id": id.ari(), "told": true }))),
                Some(why) => Err(CommandError::failed(format!("the app could not be told: {why}"))),
            },
        }
    }
}

/// Says that an app was not told of what was done all the same.
fn warn(answer: Answer, not_told: Option<NotTold>) -> Answer {
    match not_told {
        None => answer,
        Some(why) => answer.warn(format!("the app could not be told: {why}")),
    }
}

async fn add(server: &AuthorizationServer, place: Place) -> Result<Answer, CommandError> {
    let site = site(server, place.site.as_deref()).await?;
    let deployment = Deployment { app_id: place.app, environment: place.environment };
    let without = declined(&place.without)?;
    let installation = installations::install(server, (site, deployment), &without, Actor::Operator).await?;
    let text = format!(
        "Installed version {} with: {}\ninstallation   {}\nThe app's account holds no role until an admin gives it one.",
        installation.approval.version,
        installation.approval.scope,
        installation.id.ari(),
    );
    let answer = Answer::new(text, entry(&installation));
    Ok(match installation.tenancy.as_ref().map(|tenancy| &tenancy.last_call) {
        Some(LifecycleCall { event, outcome: CallOutcome::Failed(why), .. }) => {
            answer.warn(format!("the app could not be told that it is {event}: {why}"))
        }
        _ => answer,
    })
}

async fn list(server: &AuthorizationServer, named: Option<&str>) -> Result<Answer, CommandError> {
    let sites: Vec<SiteId> = match named {
        Some(_) => vec![site(server, named).await?],
        None => server.store.sites().await?.iter().map(|site| site.id).collect(),
    };
    let (mut rows, mut entries) = (Vec::new(), Vec::new());
    for site in sites {
        let name = server.store.site(site).await?.map(|site| site.name.clone()).unwrap_or_default();
        for one in installations::on_site(server, site).await? {
            rows.push(row(&name, &one));
            let mut json = entry(&one.installation);
            json["app"]["name"] = json!(one.offer.app.name);
            json["deployed"] = json!(one.offer.version.number.to_string());
            json["pending"] = json!(one.is_pending());
            entries.push(json);
        }
    }
    let text = table(["INSTALLATION", "APP", "ENVIRONMENT", "SITE", "APPROVED", "STATE", "WAITS"], &rows);
    Ok(Answer::new(text, entries.into()))
}

fn row(site: &str, one: &Installed) -> [String; 7] {
    let Installed { installation, offer, .. } = one;
    [
        installation.id.to_string(),
        offer.app.name.clone(),
        installation.deployment.environment.to_string(),
        site.to_owned(),
        installation.approval.version.to_string(),
        match installation.state {
            InstallationState::Active => "active".into(),
            InstallationState::Suspended => "suspended".into(),
            InstallationState::Installing => "installing".into(),
        },
        if one.is_pending() { format!("version {}", offer.version.number) } else { String::new() },
    ]
}

fn entry(installation: &Installation) -> Value {
    let approval = &installation.approval;
    json!({
        "id": installation.id.ari(), "account": installation.account().to_string(), "site": installation.site_id.to_string(),
        "app": { "id": installation.deployment.app_id.ari(), "environment": installation.deployment.environment },
        "state": installation.state, "version": approval.version.to_string(), "scope": approval.scope.as_str(),
        "impersonation": approval.impersonation.as_str(), "approved_by": approval.by,
        "approved": approval.at.to_rfc3339(), "created": installation.created.to_rfc3339(),
        "last_call": installation.tenancy.as_ref().map(|tenancy| &tenancy.last_call),
    })
}

/// The site of that id or URL; the default one where none is named.
async fn site(server: &AuthorizationServer, named: Option<&str>) -> Result<SiteId, CommandError> {
    match named {
        Some(named) => Ok(known(server, named).await?.id),
        None => Ok(server.site.id),
    }
}

fn declined(names: &[String]) -> Result<Scope, CommandError> {
    names.join(" ").parse().map_err(|error| CommandError::failed(format!("--without: {error}")))
}

/// An installation by its ARI or its UUID.
pub(super) fn installation(text: &str) -> Result<InstallationId, String> {
    let id = InstallationId::from_ari(text).or_else(|_| text.parse());
    id.map_err(|_| "an installation is named by its ARI or its UUID".into())
}

/// An app by its ARI or its UUID.
pub(super) fn app(text: &str) -> Result<AppId, String> {
    AppId::from_ari(text).or_else(|_| text.parse()).map_err(|_| "an app is named by its ARI or its UUID".into())
}

impl From<InstallationError> for CommandError {
    fn from(error: InstallationError) -> Self {
        match error {
            InstallationError::Store(error) => error.into(),
            refused => Self::failed(refused.to_string()),
        }
    }
}
