//! On which sites a person can allow an app, and why not on others; and what its developer says it is for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::app::App;
use crate::domain::client::Client;
use crate::domain::site::Site;
use crate::domain::user::User;
use crate::store::StoreError;

/// A site of which a person is a member.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The site.
    pub site: Arc<Site>,
    /// Why it cannot be chosen; nothing where it can.
    pub blocked: Option<Blocked>,
}

impl Choice {
    /// Whether the person can allow the app there.
    pub fn is_open(&self) -> bool {
        self.blocked.is_none()
    }
}

/// Why a person cannot allow an app on a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// No admin of the site installed the app.
    NotInstalled,
    /// An admin of the site suspended it.
    Suspended,
    /// The app is for its owner and contributors alone.
    NotShared,
}

impl Blocked {
    /// What the person is told.
    pub fn words(self) -> &'static str {
        match self {
            Blocked::NotInstalled => "The app is not installed there. Ask an admin of the site.",
            Blocked::Suspended => "An admin of the site suspended the app.",
            Blocked::NotShared => "The app is not shared: only its developers can allow it.",
        }
    }
}

/// Who answers for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vouching {
    /// An operator of this server registered it.
    Operator,
    /// Somebody who is named registered it, and nobody checked who they say they are.
    Nobody {
        /// What they call themselves.
        by: String,
    },
}

/// The sites of which a person is a member, by name, and on which of them they can allow the app of `client`.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn sites_for(server: &AuthorizationServer, client: &Client, user: &User) -> Result<Vec<Choice>, StoreError> {
    let app = app_of(server, client).await?;
    let mut choices = Vec::new();
    for member in server.store.memberships(user.id).await? {
        let Some(site) = server.store.site(member.site_id).await? else { continue };
        let blocked = match &app {
            Some(app) if !app.is_offered_to(user.id) => Some(Blocked::NotShared),
            Some(_) => blocked_on(server, client, &site).await?,
            None => None,
        };
        choices.push(Choice { site, blocked });
    }
    choices.sort_by(|a, b| a.site.name.cmp(&b.site.name).then_with(|| a.site.id.cmp(&b.site.id)));
    Ok(choices)
}

async fn blocked_on(server: &AuthorizationServer, client: &Client, site: &Site) -> Result<Option<Blocked>, StoreError> {
    let Some(deployment) = client.deployment else { return Ok(None) };
    Ok(match server.store.installation_on(site.id, deployment).await? {
        None => Some(Blocked::NotInstalled),
        Some(installation) if !installation.is_active() => Some(Blocked::Suspended),
        Some(_) => None,
    })
}

/// Who answers for the app of `client`.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn vouching(server: &AuthorizationServer, client: &Client) -> Result<Vouching, StoreError> {
    match app_of(server, client).await? {
        Some(app) => vouching_for(server, &app).await,
        None => Ok(Vouching::Operator),
    }
}

/// Who answers for an app.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn vouching_for(server: &AuthorizationServer, app: &App) -> Result<Vouching, StoreError> {
    let Some(owner) = app.owner else { return Ok(Vouching::Operator) };
    let owner = server.store.user(owner).await?;
    let by = owner.map_or_else(|| "somebody who is gone".to_owned(), |owner| owner.display_name().to_owned());
    Ok(Vouching::Nobody { by })
}

/// What the developer of a deployed app says that its scopes are for.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn purposes(server: &AuthorizationServer, client: &Client) -> Result<BTreeMap<String, String>, StoreError> {
    let Some(deployment) = client.deployment else { return Ok(BTreeMap::new()) };
    let Some(deployed) = server.store.deployed(deployment).await? else { return Ok(BTreeMap::new()) };
    let version = server.store.version(deployment, deployed.version).await?;
    let scopes = version.map(|version| version.manifest.privileges.scopes).unwrap_or_default();
    Ok(scopes.into_iter().filter_map(|request| Some((request.name, request.purpose?))).collect())
}

async fn app_of(server: &AuthorizationServer, client: &Client) -> Result<Option<Arc<App>>, StoreError> {
    match client.deployment {
        Some(deployment) => server.store.app(deployment.app_id).await,
        None => Ok(None),
    }
}
