//! trait Apps: apps, the versions deployed to their environments, and where they are installed.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::app::{App, AppVersion, Deployed, Deployment, VersionNumber};
use crate::domain::id::{AppId, ClientId, InstallationId, SiteId, UserId};
use crate::domain::installation::{Installation, InstallationRequest, Tenant};
use crate::store::Result;

/// Apps, their versions and installations. Removing an installation ends every token that hangs from it.
#[async_trait]
pub trait Apps {
    /// The app of that name.
    async fn app(&self, id: AppId) -> Result<Option<Arc<App>>>;

    /// Every app, by name.
    async fn apps(&self) -> Result<Vec<Arc<App>>>;

    /// Replaces what is known of an app, or adds one that is new; `false`, and nothing changes, if what is known is not `old`.
    async fn change_app(&self, old: Option<&App>, new: &App) -> Result<bool>;

    /// What runs in an environment.
    async fn deployed(&self, deployment: Deployment) -> Result<Option<Arc<Deployed>>>;

    /// Keeps a version and makes `new` what runs in the environment, and gives its client the name and scopes that the
    /// version asks for; `false`, and nothing changes, if what runs there is not `old`.
    async fn deploy(
        &self,
        deployment: Deployment,
        old: Option<&Deployed>,
        new: &Deployed,
        version: &AppVersion,
    ) -> Result<bool>;

    /// One version.
    async fn version(&self, deployment: Deployment, number: VersionNumber) -> Result<Option<AppVersion>>;

    /// Every version that was deployed to an environment, oldest first.
    async fn versions(&self, deployment: Deployment) -> Result<Vec<AppVersion>>;

    /// The installation of that name.
    async fn installation(&self, id: InstallationId) -> Result<Option<Arc<Installation>>>;

    /// The Connect app of that key on a site: the hot path of what it signs.
    async fn tenant(&self, key: &str, site: SiteId) -> Result<Option<Tenant>>;

    /// The installation of an app on a site.
    async fn installation_on(&self, site: SiteId, deployment: Deployment) -> Result<Option<Arc<Installation>>>;

    /// Everything that is installed on a site.
    async fn installations_on(&self, site: SiteId) -> Result<Vec<Arc<Installation>>>;

    /// Everywhere an app is installed, by the names of the installations.
    async fn installations_of(&self, deployment: Deployment) -> Result<Vec<Arc<Installation>>>;

    /// Installs an app on a site where it is not; `false` if it is. What people allowed its client on that site during an
    /// earlier installation is over before.
    async fn install(&self, installation: &Installation, client: &ClientId) -> Result<bool>;

    /// Replaces `old` by `new`; `false` if the installation is no longer `old`.
    async fn change_installation(&self, old: &Installation, new: &Installation) -> Result<bool>;

    /// Ends an installation and with it every token that hangs from it, and what people allowed its client on its site;
    /// `false` if there was none.
    async fn uninstall(&self, installation: &Installation, client: &ClientId) -> Result<bool>;

    /// Keeps that somebody asks for an app; who asked before asks again.
    async fn request_installation(&self, request: &InstallationRequest) -> Result<()>;

    /// What is asked for on a site, oldest first.
    async fn installation_requests(&self, site: SiteId) -> Result<Vec<InstallationRequest>>;

    /// Ends the requests of everybody, or of one person, for an app on a site; how many there were.
    async fn end_installation_requests(
        &self,
        site: SiteId,
        deployment: Deployment,
        by: Option<UserId>,
    ) -> Result<usize>;
}
