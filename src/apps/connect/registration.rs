//! Registering a descriptor: the Connect app that it declares, as a version of it.

use crate::apps::RegistryError;
use crate::apps::clients::check_chosen;
use crate::apps::deployment::{self, DeployedVersion, DeploymentError, NewVersion};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{Deployment, Environment, Platform};
use crate::domain::connect::Descriptor;
use crate::domain::event::Actor;
use crate::domain::id::{AppId, ClientId};
use crate::domain::manifest::Manifest;
use crate::secrets::random;
use crate::store::StoreError;

/// Connect knows one environment.
pub const ENVIRONMENT: Environment = Environment::Production;

/// Registers an app by its descriptor, or makes the descriptor a version of the app that has its key. Whoever registers an app
/// that nobody has owns it; what operators register is trusted.
///
/// # Errors
/// [`DeploymentError`] says what was refused; nothing is registered then.
pub async fn register(
    server: &AuthorizationServer,
    descriptor: Descriptor,
    publisher: Option<String>,
    by: Actor,
) -> Result<DeployedVersion, DeploymentError> {
    check_chosen(&descriptor.key)?;
    let app_id = match with_key(server, &descriptor.key).await? {
        Some(app_id) => app_id,
        None if server.store.client(&descriptor.key).await?.is_some() => {
            return Err(RegistryError::Taken(descriptor.key.to_string()).into());
        }
        None => random::app_id(),
    };
    let manifest = Manifest { app_id, name: Some(descriptor.name.clone()), privileges: descriptor.privileges() };
    let new = NewVersion {
        manifest,
        name: None,
        environment: ENVIRONMENT,
        publisher,
        redirect_uris: Vec::new(),
        keys: None,
        descriptor: Some(descriptor),
    };
    deployment::deploy(server, new, by).await
}

/// The Connect app of that key. Few are registered, so that each is looked at; its client may be gone.
async fn with_key(server: &AuthorizationServer, key: &ClientId) -> Result<Option<AppId>, StoreError> {
    for app in server.store.apps().await? {
        let deployed = match app.platform {
            Platform::Connect => server.store.deployed(Deployment { app_id: app.id, environment: ENVIRONMENT }).await?,
            Platform::Forge => None,
        };
        if deployed.is_some_and(|deployed| deployed.client_id == *key) {
            return Ok(Some(app.id));
        }
    }
    Ok(None)
}
