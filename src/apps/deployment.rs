//! Deploying a manifest: the app it declares, its version in an environment, and the OAuth client of that environment.

use crate::apps::RegistryError;
use crate::apps::clients::check_text;
use crate::apps::credentials::NewAuthentication;
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, AppVersion, Deployed, Deployment, Distribution, Environment, Platform, VersionNumber};
use crate::domain::client::{AuthorizationRequests, Client, ClientChange, Credentials, GrantType, Pkce, Profile};
use crate::domain::connect::Descriptor;
use crate::domain::event::{Actor, Event};
use crate::domain::id::{ClientId, UserId};
use crate::domain::manifest::Manifest;
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::domain::uri::RedirectUri;
use crate::secrets::{assertion, random};
use crate::store::{Added, StoreError};

/// The most apps that one person owns. Everybody who is signed in may deploy, and none of them is to fill the disk.
pub const MOST_APPS: usize = 100;

/// A manifest that is to be deployed.
#[derive(Clone)]
pub struct NewVersion {
    /// What it declares.
    pub manifest: Manifest,
    /// What people call the app; as the manifest says, or as before, where nothing is said.
    pub name: Option<String>,
    /// Where to.
    pub environment: Environment,
    /// Who publishes the app; people read it on the consent page. As before where nothing is said.
    pub publisher: Option<String>,
    /// Where answers may be sent; as before where none is given.
    pub redirect_uris: Vec<RedirectUri>,
    /// The keys with which the app will say that it acts for a person who is away, a JSON Web Key Set; as before where none is
    /// given.
    pub keys: Option<String>,
    /// Of a Connect app: its descriptor, of which the manifest is what an admin approves.
    pub descriptor: Option<Descriptor>,
}

impl NewVersion {
    /// How the app is declared.
    fn platform(&self) -> Platform {
        if self.descriptor.is_some() { Platform::Connect } else { Platform::Forge }
    }
}

/// A version, once it is deployed.
pub struct DeployedVersion {
    /// The app.
    pub app: App,
    /// Which of its environments.
    pub deployment: Deployment,
    /// The version.
    pub version: AppVersion,
    /// The client of the environment.
    pub client_id: ClientId,
    /// The client's secret, if the environment is new.
    pub secret: Option<Secret<String>>,
    /// The one that ran before, if any did and is kept.
    pub before: Option<AppVersion>,
    /// How many installations wait for an admin to approve it.
    pub waiting: usize,
}

/// Why a manifest was not deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The app is somebody else's.
    #[error("the app {0} belongs to somebody else; give your app an id of its own")]
    NotYours(String),
    /// They own as many apps as anybody may.
    #[error("you own {MOST_APPS} apps already, and nobody owns more")]
    TooMany,
    /// The app is declared in the other way.
    #[error("the app {0} is declared in another way: by a manifest or by a descriptor, and it stays so")]
    OtherPlatform(String),
    /// Somebody else deployed meanwhile.
    #[error("another version was deployed meanwhile; look at it and deploy again")]
    Overtaken,
    /// A part of it is refused.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Deploys a manifest. Who deploys an app that nobody has owns it; what operators deploy is trusted.
///
/// # Errors
/// [`DeploymentError`] says what was refused; nothing is deployed then.
pub async fn deploy(
    server: &AuthorizationServer,
    new: NewVersion,
    by: Actor,
) -> Result<DeployedVersion, DeploymentError> {
    new.publisher.iter().try_for_each(|publisher| check_text("the publisher of an app", publisher))?;
    let keys = new.keys.as_deref().map(assertion::read_key_set).transpose().map_err(RegistryError::KeySet)?;
    let app = registered(server, &new, by).await?;
    let manifest = Manifest { name: Some(app.name.clone()), ..new.manifest.clone() };
    let deployment = Deployment { app_id: app.id, environment: new.environment };
    let running = server.store.deployed(deployment).await?;

    let before = match &running {
        Some(running) => server.store.version(deployment, running.version).await?,
        None => None,
    };
    let number = match (&running, &before) {
        (None, _) => VersionNumber::FIRST,
        (_, Some(before)) => before.number.after(&before.manifest.privileges, &new.manifest.privileges),
        (Some(running), None) => running.version.next_major(),
    };
    // An operator may have removed the client alone.
    let kept = match &running {
        Some(running) => server.store.client(&running.client_id).await?,
        None => None,
    };
    let (client_id, secret) = match kept {
        Some(client) => (client.id.clone(), None),
        None => begin_client(server, &new, &app, deployment).await?,
    };
    let former_keys = running.as_ref().map(|running| running.keys.clone()).unwrap_or_default();
    let next = Deployed {
        client_id: client_id.clone(),
        version: number,
        impersonation: new.manifest.privileges.impersonation_scope(),
        keys: keys.unwrap_or(former_keys),
    };
    let version = AppVersion { number, manifest, deployed: server.now(), by, descriptor: new.descriptor.clone() };
    if !server.store.deploy(deployment, running.as_deref(), &next, &version).await? {
        return Err(DeploymentError::Overtaken);
    }
    if secret.is_none() {
        say_more(server, &client_id, &new.publisher, &new.redirect_uris, by).await?;
    }
    let Deployment { app_id, environment } = deployment;
    server.record(Event::VersionDeployed { app_id, environment, version: number.to_string(), by }).await;
    let mut waiting = 0;
    for installation in server.store.installations_of(deployment).await? {
        let approved = server.store.version(deployment, installation.approval.version).await?;
        let approved = approved.map(|approved| approved.manifest.privileges);
        waiting += usize::from(installation.waits_for(&version, approved.as_ref()));
    }
    Ok(DeployedVersion { app, deployment, version, client_id, secret, before, waiting })
}

/// Changes what a version says of a client that was there before, beside what its manifest does.
async fn say_more(
    server: &AuthorizationServer,
    id: &ClientId,
    publisher: &Option<String>,
    redirect_uris: &[RedirectUri],
    by: Actor,
) -> Result<(), StoreError> {
    let redirect_uris = (!redirect_uris.is_empty()).then(|| redirect_uris.to_vec());
    let replaces = redirect_uris.is_some();
    if !replaces && publisher.is_none() {
        return Ok(());
    }
    let change = ClientChange { publisher: publisher.clone(), redirect_uris };
    server.store.change_client(id, &change).await?;
    if replaces {
        server.record(Event::RedirectUrisReplaced { client_id: id.clone(), by }).await;
    }
    Ok(())
}

/// The scopes of this server's own protected resources, which a manifest may ask for beside those of Forge.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn known_scopes(server: &AuthorizationServer) -> Result<Scope, StoreError> {
    let resources = server.store.resources().await?;
    Ok(resources.iter().fold(Scope::default(), |all, resource| all.union(&resource.scope)))
}

/// The app that a manifest declares, as it is then called; added if there is none.
async fn registered(server: &AuthorizationServer, new: &NewVersion, by: Actor) -> Result<App, DeploymentError> {
    let id = new.manifest.app_id;
    let known = server.store.app(id).await?;
    let name =
        new.name.clone().or_else(|| new.manifest.name.clone()).or_else(|| known.as_ref().map(|app| app.name.clone()));
    let name = name.unwrap_or_else(|| "Unnamed app".into());
    check_text("the name of an app", &name)?;
    let owner = match by {
        Actor::Operator => None,
        Actor::User(user) => Some(user),
        Actor::App(_) => return Err(DeploymentError::NotYours(id.ari())),
    };
    let app = match &known {
        Some(app) if may_deploy(app, owner) && app.platform != new.platform() => {
            return Err(DeploymentError::OtherPlatform(id.ari()));
        }
        Some(app) if may_deploy(app, owner) => App { name, ..App::clone(app) },
        Some(_) => return Err(DeploymentError::NotYours(id.ari())),
        None if owns_too_many(server, owner).await? => return Err(DeploymentError::TooMany),
        None => {
            let distribution = if owner.is_none() { Distribution::Shared } else { Distribution::NotShared };
            let (contributors, created, platform) = (Vec::new(), server.now(), new.platform());
            App { id, name, owner, contributors, distribution, created, platform }
        }
    };
    if !server.store.change_app(known.as_deref(), &app).await? {
        return Err(DeploymentError::Overtaken);
    }
    if known.is_none() {
        server.record(Event::AppRegistered { app_id: id, by }).await;
    }
    Ok(app)
}

fn may_deploy(app: &App, developer: Option<UserId>) -> bool {
    developer.is_none_or(|developer| app.is_developed_by(developer))
}

async fn owns_too_many(server: &AuthorizationServer, owner: Option<UserId>) -> Result<bool, StoreError> {
    let Some(owner) = owner else { return Ok(false) };
    let apps = server.store.apps().await?;
    Ok(apps.iter().filter(|app| app.owner == Some(owner)).count() >= MOST_APPS)
}

/// Registers the client of an environment to which nothing was deployed yet.
async fn begin_client(
    server: &AuthorizationServer,
    new: &NewVersion,
    app: &App,
    deployment: Deployment,
) -> Result<(ClientId, Option<Secret<String>>), DeploymentError> {
    let now = server.now();
    let (id, grant_types, (credentials, secret)) = match &new.descriptor {
        // It signs with the secret of an installation and has no other, so that it authenticates nowhere.
        Some(descriptor) => (descriptor.key.clone(), Vec::new(), (Credentials::PrivateKeyJwt(Vec::new()), None)),
        None => {
            let id = random::client_id().try_into().map_err(|_| RegistryError::Text("a client id"))?;
            (id, GrantType::ALL.to_vec(), NewAuthentication::Secret(None).establish(now)?)
        }
    };
    let client = Client {
        id,
        name: app.name.clone(),
        publisher: new.publisher.clone(),
        policy_uri: None,
        tos_uri: None,
        credentials,
        redirect_uris: new.redirect_uris.clone(),
        grant_types,
        scope: Scope::default(),
        optional_scope: Scope::default(),
        authorization_requests: AuthorizationRequests::Any,
        created: now,
        profile: Profile::default(),
        pkce: Pkce::default(),
        deployment: Some(deployment),
    };
    match server.store.add_client(&client).await? {
        Added::Done => Ok((client.id, secret)),
        Added::Taken(name) => Err(RegistryError::Taken(name).into()),
    }
}
