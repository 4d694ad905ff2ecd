//! The server with its people, API and app; which ports; started and stopped.

use std::net::{Ipv4Addr, TcpListener};

use rocket::{Build, Rocket};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::accounts::people::{self, Joining, NewUser};
use crate::apps::catalogue::WrittenScope;
use crate::apps::clients::{self, NewClient};
use crate::apps::credentials::NewAuthentication;
use crate::apps::resources::{self, NewResource};
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::demo::{assets, client, mailer};
use crate::cli::open::Opened;
use crate::cli::settings::Settings;
use crate::domain::client::{AuthorizationRequests, GrantType, Pkce, Profile};
use crate::domain::event::Actor;
use crate::domain::resource::Invocations;
use crate::domain::site::Site;
use crate::domain::user::Standing;
use crate::front::{self, Front};
use crate::launch;
use crate::secrets::digest::base64url;
use crate::secrets::password::Password;
use crate::secrets::random;

/// What the API is registered as.
pub const API_ID: &str = "demo-assets";
/// What the app is registered as.
pub const APP_ID: &str = "sprint-mailer";
/// What a person allows together or not at all.
pub const SCOPE: &str = "read:cmdb-object:jira read:cmdb-schema:jira";
/// What a person may leave out.
pub const OPTIONAL_SCOPE: &str = "write:cmdb-object:jira offline_access";

/// Everything that runs.
pub struct World {
    /// The authorization server.
    pub issuer: String,
    /// The API.
    pub api_url: String,
    /// The app.
    pub app_url: String,
    /// Somebody with an account.
    pub person: Person,
    /// Somebody who manages accounts.
    pub admin: Person,
    /// The secret of the API.
    pub api_secret: String,
    /// The secret of the app.
    pub app_secret: String,
    running: Vec<Running>,
    opened: Opened,
    _folder: TempDir,
}

/// Somebody who can sign in.
pub struct Person {
    /// With this address.
    pub email: String,
    /// With this password, made for this demonstration.
    pub password: String,
}

impl World {
    /// Builds everything in a temporary folder and starts it.
    pub async fn begin() -> Result<Self, CommandError> {
        let folder = tempfile::tempdir()
            .map_err(|error| CommandError::temporary(format!("there is no temporary folder: {error}")))?;
        let port = Settings::usual_port().filter(|port| is_free(*port)).map_or_else(free_port, Ok)?;
        let (api_port, app_port) = (free_port()?, free_port()?);
        let settings = Settings::demo(port, &folder.path().join("data"))?;
        let figment = settings.figment;
        let opened = Opened::open_with_site(settings.config, &demo_site()).await?;
        let server = &opened.server;
        let issuer = server.config.issuer.url.to_string();
        let api_url = format!("http://127.0.0.1:{api_port}");
        // The app goes by another host name, so that browsers keep its cookies apart from the server's.
        let app_url = format!("http://localhost:{app_port}");

        let person = add_person(server, "person@example.com", "A. Person", Standing::Member).await?;
        let admin = add_person(server, "admin@example.com", "Ada Admin", Standing::Admin).await?;
        let api_secret = add_api(server, &api_url).await?;
        let app_secret = add_app(server, &client::redirect_uri(&app_url)).await?;

        let mailer = mailer::Place {
            issuer: issuer.clone(),
            api_url: api_url.clone(),
            app_url: app_url.clone(),
            secret: app_secret.clone(),
        };
        let rockets = [
            (launch::rocket(server.clone(), figment.clone()), port),
            (assets::rocket(figment.clone(), &issuer, &api_secret)?, api_port),
            (mailer::rocket(figment, mailer)?, app_port),
        ];
        let mut running = Vec::new();
        for (rocket, port) in rockets {
            running.push(Running::start(rocket, port).await?);
        }
        Ok(Self { issuer, api_url, app_url, person, admin, api_secret, app_secret, running, opened, _folder: folder })
    }

    /// Stops everything; the folder goes with it.
    pub async fn end(self) -> Result<(), CommandError> {
        for Running { end, task } in self.running {
            drop(end);
            // However it ended, there is nothing left to do for it.
            let _ = task.await;
        }
        self.opened.close().await
    }
}

/// A Rocket that can be reached, until `end` is dropped.
struct Running {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(rocket: Rocket<Build>, port: u16) -> Result<Self, CommandError> {
        let front = Front::bind(rocket, ("127.0.0.1", port), front::Settings::default()).await?;
        let (end, ended) = oneshot::channel::<()>();
        let task = tokio::spawn(front.serve(async move { ended.await.unwrap_or_default() }));
        Ok(Self { end, task })
    }
}

fn demo_site() -> Site {
    Site {
        id: random::site_id(),
        name: "Acme".into(),
        url: Some("https://acme.example".into()),
        workspace_id: random::site_id(),
    }
}

async fn add_person(
    server: &AuthorizationServer,
    email: &str,
    name: &str,
    standing: Standing,
) -> Result<Person, CommandError> {
    let password = base64url(&random::secret_bytes()[..12]);
    let parsed = Password::parse(password.clone()).map_err(|error| CommandError::failed(error.to_string()))?;
    let new =
        NewUser { email: email.parse().map_err(unlikely)?, name: name.into(), standing, sites: Joining::DefaultSite };
    people::add(server, new, Some(parsed), Actor::Operator).await?;
    Ok(Person { email: email.into(), password })
}

async fn add_api(server: &AuthorizationServer, api_url: &str) -> Result<String, CommandError> {
    let id = API_ID.parse().map_err(unlikely)?;
    let scopes = SCOPE.split(' ').chain(["write:cmdb-object:jira"]);
    let new = NewResource {
        name: "Assets".into(),
        identifiers: vec![api_url.parse().map_err(unlikely)?],
        scopes: scopes.map(|name| WrittenScope::from_argument(name).entry(&id)).collect(),
        authentication: NewAuthentication::Secret(None),
        base_url: None,
        invocations: Invocations::default(),
        id,
    };
    let (_, secret) = resources::add(server, new).await?;
    Ok(secret.map(|secret| secret.expose().clone()).unwrap_or_default())
}

async fn add_app(server: &AuthorizationServer, redirect_uri: &str) -> Result<String, CommandError> {
    let new = NewClient {
        id: Some(APP_ID.parse().map_err(unlikely)?),
        name: "Sprint Mailer".into(),
        publisher: Some("Example Labs".into()),
        policy_uri: None,
        tos_uri: None,
        redirect_uris: vec![redirect_uri.parse().map_err(unlikely)?],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        scope: SCOPE.parse().map_err(unlikely)?,
        optional_scope: OPTIONAL_SCOPE.parse().map_err(unlikely)?,
        authentication: NewAuthentication::Secret(None),
        authorization_requests: AuthorizationRequests::Any,
        profile: Profile::default(),
        pkce: Pkce::default(),
    };
    let (_, secret) = clients::add(server, new).await?;
    Ok(secret.map(|secret| secret.expose().clone()).unwrap_or_default())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port that nobody listens at now.
fn free_port() -> Result<u16, CommandError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    bound
        .map(|address| address.port())
        .map_err(|error| CommandError::temporary(format!("there is no free port: {error}")))
}

/// What this file writes is well formed; if it ever is not, that is told like any failure.
fn unlikely(fault: impl std::fmt::Display) -> CommandError {
    CommandError::failed(format!("the demo is wrong: {fault}"))
}
