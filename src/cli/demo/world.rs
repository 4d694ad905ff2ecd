//! The server with its people, API and app; which ports; started and stopped.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rocket::{Build, Rocket};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::access::models::ASSETS;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::CommandError;
use crate::cli::demo::assets::Assets;
use crate::cli::demo::registry::{add_api, add_person, add_site, demo_site, deploy, install, unlikely};
use crate::cli::demo::scripts::{self, Credentials};
use crate::cli::demo::{assets, client, mailer, roles, shortcuts};
use crate::cli::open::Opened;
use crate::cli::settings::Settings;
use crate::domain::access_model::{AccessModel, Faults};
use crate::domain::app::Deployment;
use crate::domain::event::Actor;
use crate::domain::id::{InstallationId, UserId};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::domain::user::Standing;
use crate::front::{self, Front};
use crate::launch;

/// What the API is registered as.
pub const API_ID: &str = "demo-assets";
/// What the app declares, and what its second version does.
pub const MANIFESTS: [&str; 2] = [include_str!("manifest.yml"), include_str!("manifest_2.yml")];
/// What the second version asks for besides.
pub const MORE: &str = "delete:cmdb-object:jira";
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
    /// The app.
    pub app: Registered,
    /// What scripts have.
    pub scripts: Credentials,
    /// The two sites, and the app on each.
    pub sites: [Place; 2],
    /// The authorization server's inside, for what operators and admins do.
    pub server: Arc<AuthorizationServer>,
    /// Where both manifests are, for whoever deploys them by hand.
    pub manifests: [PathBuf; 2],
    running: Vec<Running>,
    opened: Opened,
    _folder: TempDir,
}

/// What the developer of the app has.
#[derive(Clone)]
pub struct Registered {
    /// The client of the app's production environment.
    pub client_id: String,
    /// Its secret.
    pub secret: String,
    /// What is installed.
    pub deployment: Deployment,
}

/// A site with the app on it.
#[derive(Clone)]
pub struct Place {
    /// The site.
    pub site: Arc<Site>,
    /// The installation.
    pub installation: InstallationId,
}

/// Somebody who can sign in.
pub struct Person {
    /// Whom the server knows them as.
    pub id: UserId,
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
        let other = add_site(server, &[&person, &admin]).await?;
        let model = AccessModel::read(ASSETS).map_err(|faults| unlikely(Faults(&faults)))?;
        let api_secret = add_api(server, &api_url, model.clone()).await?;
        let app = deploy(server, MANIFESTS[0], &client::redirect_uri(&app_url), &admin).await?;
        let sites =
            [install(server, server.site.clone(), &app, &admin).await?, install(server, other, &app, &admin).await?];
        let scripts = scripts::add(server, &person, &admin).await?;
        let manifests = write_manifests(folder.path())?;
        let api = api(&issuer, (&api_url, &api_secret), model, &[(&sites[0], Some(&scripts)), (&sites[1], None)])?;

        let mailer = mailer::Place {
            issuer: issuer.clone(),
            api_url: api_url.clone(),
            app_url: app_url.clone(),
            app: app.clone(),
            installation: sites[0].installation,
        };
        let mut running = vec![Running::start(launch::rocket(server.clone(), figment.clone()), port, server).await?];
        // The API is told of to a server that can be reached, and roles are given on what it told of.
        api.tell().await.map_err(unlikely)?;
        for place in &sites {
            let developer = ("developer", RoleSubject::User(person.id));
            roles::give(server, &place.site, developer, Actor::User(admin.id)).await?;
        }
        let api = api.on(rocket::custom(figment.clone()).mount("/", shortcuts::routes()));
        for (rocket, port) in [(api, api_port), (mailer::rocket(figment, mailer)?, app_port)] {
            running.push(Running::start(rocket, port, server).await?);
        }
        let server = server.clone();
        Ok(Self {
            issuer,
            api_url,
            app_url,
            person,
            admin,
            api_secret,
            app,
            scripts,
            sites,
            server,
            manifests,
            running,
            opened,
            _folder: folder,
        })
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

/// The API, with a workspace for each site.
fn api(
    issuer: &str,
    (url, secret): (&str, &str),
    model: AccessModel,
    places: &[(&Place, Option<&Credentials>)],
) -> Result<Assets, CommandError> {
    let place = |(place, scripts): &(&Place, Option<&Credentials>)| assets::Place {
        workspace: place.site.workspace_id.to_string(),
        import_source: scripts.map(|scripts| scripts.import_source.to_string()),
    };
    let places: Vec<assets::Place> = places.iter().map(place).collect();
    let api = Assets::new(issuer, (API_ID, secret), model, &places).map_err(unlikely)?;
    let url = url.parse().map_err(unlikely)?;
    // Nothing stands before it.
    Ok(api.guarded(|guard| guard.at(url).telling_client_ip(|request| request.remote().map(|peer| peer.ip()))))
}

/// A Rocket that can be reached, until `end` is dropped.
struct Running {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Each has the gateway in front of it, since the others serve no such path.
    async fn start(rocket: Rocket<Build>, port: u16, server: &Arc<AuthorizationServer>) -> Result<Self, CommandError> {
        let front = Front::bind(rocket, ("127.0.0.1", port), front::Settings::default()).await?;
        let front = front.with_gateway(launch::gateway(server.clone()));
        let (end, ended) = oneshot::channel::<()>();
        let task = tokio::spawn(front.serve(async move { ended.await.unwrap_or_default() }));
        Ok(Self { end, task })
    }
}

fn write_manifests(folder: &Path) -> Result<[PathBuf; 2], CommandError> {
    let paths = [folder.join("manifest.yml"), folder.join("manifest-2.yml")];
    for (path, text) in paths.iter().zip(MANIFESTS) {
        fs::write(path, text)
            .map_err(|error| CommandError::temporary(format!("{} cannot be written: {error}", path.display())))?;
    }
    Ok(paths)
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
