//! What a developer does with an app of their own: look at it, replace where answers go, and make a new secret.

use std::sync::Arc;

use crate::apps::{RegistryError, clients, sharing};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, AppVersion, Deployed, Deployment, Environment};
use crate::domain::client::{Client, ClientChange};
use crate::domain::event::{Actor, Event};
use crate::domain::id::{AppId, UserId};
use crate::domain::installation::Installation;
use crate::domain::manifest::Privileges;
use crate::domain::manifest_changes::Changes;
use crate::domain::secret::Secret;
use crate::domain::uri::RedirectUri;
use crate::store::StoreError;
use crate::telemetry::refusals::Refusal;

/// The most redirection URIs that an app has; nobody reads more of them.
pub const MOST_REDIRECT_URIS: usize = 20;

/// How many versions are told, the newest; the store keeps them all.
pub const MOST_VERSIONS: usize = 50;

/// Why nothing was shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// There is no such app, or it is somebody else's; which of the two is not told.
    #[error("there is no such app of yours")]
    Unknown,
    /// Nothing was deployed to the environment.
    #[error("nothing is deployed to the {0} environment of this app")]
    NotDeployed(Environment),
    /// What was sent is refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An app of a developer, with what runs where.
pub struct Developed {
    /// The app.
    pub app: Arc<App>,
    /// The environments to which something was deployed, from development to production.
    pub environments: Vec<Running>,
}

/// What runs in an environment.
pub struct Running {
    /// Which.
    pub environment: Environment,
    /// What.
    pub deployed: Arc<Deployed>,
    /// On how many sites it is installed.
    pub installations: usize,
}

/// Everything about one environment.
pub struct Workshop {
    /// The app.
    pub app: Arc<App>,
    /// Which environment.
    pub environment: Environment,
    /// Its OAuth client.
    pub client: Arc<Client>,
    /// The versions that were deployed to it last, newest first.
    pub versions: Vec<History>,
    /// Where it is installed.
    pub installations: Vec<Arc<Installation>>,
    /// What its client was refused last, newest first.
    pub refusals: Vec<Refusal>,
}

/// A version, and how it differs from the one before.
pub struct History {
    /// The version.
    pub version: AppVersion,
    /// What it asks for in another way.
    pub changes: Changes,
}

/// The apps of a developer.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn apps(server: &AuthorizationServer, developer: UserId) -> Result<Vec<Developed>, StoreError> {
    let mut all = Vec::new();
    for app in sharing::developed_by(server, developer).await? {
        all.push(developed(server, app).await?);
    }
    Ok(all)
}

/// One app of a developer.
///
/// # Errors
/// [`ConsoleError::Unknown`] if there is none, or it is somebody else's.
pub async fn app(server: &AuthorizationServer, id: AppId, developer: UserId) -> Result<Developed, ConsoleError> {
    Ok(developed(server, own(server, id, developer).await?).await?)
}

/// One environment of an app of a developer.
///
/// # Errors
/// [`ConsoleError::Unknown`] and [`ConsoleError::NotDeployed`].
pub async fn workshop(
    server: &AuthorizationServer,
    deployment: Deployment,
    developer: UserId,
) -> Result<Workshop, ConsoleError> {
    let (app, client) = own_client(server, deployment, developer).await?;
    let installations = server.store.installations_of(deployment).await?;
    let versions = history(server.store.versions(deployment).await?);
    let refusals = server.telemetry.last_refusals.of(&client.id);
    Ok(Workshop { app, environment: deployment.environment, client, versions, installations, refusals })
}

/// Gives the client of an environment a new secret; of those before, only the newest stays good.
///
/// # Errors
/// [`ConsoleError::Unknown`] and [`ConsoleError::NotDeployed`].
pub async fn new_secret(
    server: &AuthorizationServer,
    deployment: Deployment,
    developer: UserId,
) -> Result<(Arc<App>, Secret<String>), ConsoleError> {
    let (app, client) = own_client(server, deployment, developer).await?;
    Ok((app, clients::rotate_secret(server, &client.id).await?))
}

/// Replaces the places where answers may be sent.
///
/// # Errors
/// [`ConsoleError::Unknown`] and [`ConsoleError::NotDeployed`].
pub async fn set_redirect_uris(
    server: &AuthorizationServer,
    deployment: Deployment,
    redirect_uris: &[RedirectUri],
    developer: UserId,
) -> Result<(), ConsoleError> {
    let (_, client) = own_client(server, deployment, developer).await?;
    let change = ClientChange { redirect_uris: Some(redirect_uris.to_vec()), ..ClientChange::default() };
    let kept = server.store.change_client(&client.id, &change).await?;
    let client_id = kept.ok_or(ConsoleError::NotDeployed(deployment.environment))?.id.clone();
    server.record(Event::RedirectUrisReplaced { client_id, by: Actor::User(developer) }).await;
    Ok(())
}

/// The app, if it is one of theirs.
///
/// # Errors
/// [`ConsoleError::Unknown`] if there is none, or it is somebody else's.
pub async fn own(server: &AuthorizationServer, id: AppId, developer: UserId) -> Result<Arc<App>, ConsoleError> {
    let app = server.store.app(id).await?;
    app.filter(|app| app.is_developed_by(developer)).ok_or(ConsoleError::Unknown)
}

async fn own_client(
    server: &AuthorizationServer,
    deployment: Deployment,
    developer: UserId,
) -> Result<(Arc<App>, Arc<Client>), ConsoleError> {
    let app = own(server, deployment.app_id, developer).await?;
    let nothing = || ConsoleError::NotDeployed(deployment.environment);
    let deployed = server.store.deployed(deployment).await?.ok_or_else(nothing)?;
    let client = server.store.client(&deployed.client_id).await?.ok_or_else(nothing)?;
    Ok((app, client))
}

async fn developed(server: &AuthorizationServer, app: Arc<App>) -> Result<Developed, StoreError> {
    let mut environments = Vec::new();
    for environment in Environment::ALL {
        let deployment = Deployment { app_id: app.id, environment };
        if let Some(deployed) = server.store.deployed(deployment).await? {
            let installations = server.store.installations_of(deployment).await?.len();
            environments.push(Running { environment, deployed, installations });
        }
    }
    Ok(Developed { app, environments })
}

/// Each version with how it differs from the one before, the first from nothing; newest first.
fn history(versions: Vec<AppVersion>) -> Vec<History> {
    let mut before = Privileges::default();
    let mut history = Vec::with_capacity(versions.len());
    for version in versions {
        let changes = version.manifest.privileges.changes_since(&before);
        before = version.manifest.privileges.clone();
        history.push(History { version, changes });
    }
    history.reverse();
    history.truncate(MOST_VERSIONS);
    history
}
