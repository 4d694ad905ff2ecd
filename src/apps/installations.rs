//! Apps on sites: a member requests, an admin installs, approves what later versions ask for, suspends and uninstalls.

use std::sync::Arc;

use crate::apps::connect::lifecycle::NotTold;
use crate::apps::connect::{handover, lifecycle};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, AppVersion, Deployed, Deployment, VersionNumber};
use crate::domain::connect::{Descriptor, LifecycleEvent, Tenancy};
use crate::domain::event::{Actor, Event};
use crate::domain::id::{InstallationId, SiteId, UserId};
use crate::domain::installation::{Approval, Installation, InstallationRequest, InstallationState};
use crate::domain::manifest::Privileges;
use crate::domain::manifest_changes::Changes;
use crate::domain::scope::Scope;
use crate::domain::site::decides;
use crate::secrets::random;
use crate::store::StoreError;

/// The longest reason that a member gives, in characters.
pub const LONGEST_REASON: usize = 500;

/// Why nothing was installed or changed.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// There is no such site, app, environment or installation.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// Nothing was deployed to the environment.
    #[error("nothing is deployed to the {0} environment of this app")]
    NotDeployed(&'static str),
    /// Only an admin of the site may.
    #[error("only an admin of the site may do this; ask one of them, or request the app")]
    NotAdmin,
    /// Only a member of the site may.
    #[error("only a member of the site may do this")]
    NotMember,
    /// The app is not shared with others than its owner and contributors.
    #[error("this app is not shared: only its owner and contributors may install it")]
    NotShared,
    /// It is installed on the site.
    #[error("this app is installed on the site already")]
    Installed,
    /// Something else was deployed or changed since it was shown.
    #[error("something changed meanwhile; look again before you decide")]
    Overtaken,
    /// A scope was left out that the version does not do without.
    #[error("the scope {0:?} is not optional")]
    NotOptional(String),
    /// A Connect app did not take its secret, so that it is not installed.
    #[error("the app could not be told: {0}; nothing was installed")]
    NotTold(#[source] NotTold),
    /// It is no Connect app.
    #[error("this app shares no secret: it is not a Connect app")]
    NotConnect,
    /// The reason is too long.
    #[error("a reason has at most {LONGEST_REASON} characters")]
    Reason,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An app in an environment with what runs there.
pub struct Offer {
    /// Where it runs.
    pub deployment: Deployment,
    /// The app.
    pub app: Arc<App>,
    /// What runs.
    pub deployed: Arc<Deployed>,
    /// What that asks for.
    pub version: AppVersion,
}

/// What is installed on a site, as its admins see it.
pub struct Installed {
    /// The installation.
    pub installation: Arc<Installation>,
    /// What runs in its environment now.
    pub offer: Offer,
    /// What its admin approved; `None` where that version is not kept any more.
    pub approved: Option<Privileges>,
    /// Of a Connect app: the descriptor of that version, by which it is told.
    pub approved_descriptor: Option<Descriptor>,
}

impl Installed {
    /// Whether the version that runs waits for an admin of the site.
    pub fn is_pending(&self) -> bool {
        self.installation.waits_for(&self.offer.version, self.approved.as_ref())
    }

    /// What the version that runs asks for in another way than the one that was approved.
    pub fn changes(&self) -> Changes {
        let asked = &self.offer.version.manifest.privileges;
        asked.changes_since(self.approved.as_ref().unwrap_or(&Privileges::default()))
    }
}

/// What runs in an environment.
///
/// # Errors
/// [`InstallationError::Unknown`] and [`InstallationError::NotDeployed`].
pub async fn offer(server: &AuthorizationServer, deployment: Deployment) -> Result<Offer, InstallationError> {
    let app = server.store.app(deployment.app_id).await?.ok_or(InstallationError::Unknown("app"))?;
    let nothing = InstallationError::NotDeployed(deployment.environment.as_str());
    let Some(deployed) = server.store.deployed(deployment).await? else { return Err(nothing) };
    let version = server.store.version(deployment, deployed.version).await?;
    Ok(Offer { deployment, app, deployed, version: version.ok_or(InstallationError::Unknown("version"))? })
}

/// An installation with what its admin decides about.
///
/// # Errors
/// [`InstallationError::Unknown`] if there is none of that name.
pub async fn find(server: &AuthorizationServer, id: InstallationId) -> Result<Installed, InstallationError> {
    let installation = server.store.installation(id).await?.ok_or(InstallationError::Unknown("installation"))?;
    complete(server, installation).await
}

/// Everything that is installed on a site.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn on_site(server: &AuthorizationServer, site: SiteId) -> Result<Vec<Installed>, InstallationError> {
    let mut all = Vec::new();
    for installation in server.store.installations_on(site).await? {
        all.push(complete(server, installation).await?);
    }
    all.sort_by(|a, b| a.offer.app.name.cmp(&b.offer.app.name));
    Ok(all)
}

async fn complete(
    server: &AuthorizationServer,
    installation: Arc<Installation>,
) -> Result<Installed, InstallationError> {
    let offer = offer(server, installation.deployment).await?;
    let approved = server.store.version(installation.deployment, installation.approval.version).await?;
    let (approved, approved_descriptor) =
        approved.map(|version| (version.manifest.privileges, version.descriptor)).unzip();
    Ok(Installed { installation, offer, approved, approved_descriptor: approved_descriptor.flatten() })
}

/// As [`install`], if it is the version `number` that runs, so that nobody approves what they did not see.
///
/// # Errors
/// [`InstallationError::Overtaken`] if another version runs by now.
pub async fn install_version(
    server: &AuthorizationServer,
    (site_id, deployment): (SiteId, Deployment),
    number: VersionNumber,
    declined: &Scope,
    by: Actor,
) -> Result<Installation, InstallationError> {
    require_admin(server, site_id, by).await?;
    let offer = offer(server, deployment).await?;
    require_seen(&offer, number)?;
    install_offer(server, (site_id, deployment), &offer, declined, by).await
}

/// Installs what runs in an environment on a site, with everything it asks for but the optional scopes that are `declined`.
/// Requests for it are answered by that.
///
/// # Errors
/// [`InstallationError`] says who may, and what stands against it.
pub async fn install(
    server: &AuthorizationServer,
    (site_id, deployment): (SiteId, Deployment),
    declined: &Scope,
    by: Actor,
) -> Result<Installation, InstallationError> {
    require_admin(server, site_id, by).await?;
    let offer = offer(server, deployment).await?;
    install_offer(server, (site_id, deployment), &offer, declined, by).await
}

async fn install_offer(
    server: &AuthorizationServer,
    (site_id, deployment): (SiteId, Deployment),
    offer: &Offer,
    declined: &Scope,
    by: Actor,
) -> Result<Installation, InstallationError> {
    require_offered(&offer.app, by)?;
    let (id, approval) = (random::installation_id(), approval(server, &offer.version, declined, by)?);
    let tenancy = offer.version.descriptor.as_ref().map(|_| lifecycle::begin(server, id));
    let state = if tenancy.is_some() { InstallationState::Installing } else { InstallationState::Active };
    let (refused, created) = (None, server.now());
    let installation = Installation { id, deployment, site_id, state, approval, refused, created, tenancy };
    handover::give_way(server, (site_id, deployment), &offer.deployed.client_id).await?;
    if !server.store.install(&installation, &offer.deployed.client_id).await? {
        return Err(InstallationError::Installed);
    }
    let installation = match installation.state {
        InstallationState::Installing => handover::install(server, installation, &offer.deployed.client_id, by).await?,
        InstallationState::Active | InstallationState::Suspended => installation,
    };
    server.store.end_installation_requests(site_id, deployment, None).await?;
    let Approval { version, scope, impersonation, .. } = &installation.approval;
    let (version, scope, impersonation) = (version.to_string(), scope.to_string(), impersonation.to_string());
    let installation_id = installation.id;
    server.record(Event::AppInstalled { installation_id, site_id, version, scope, impersonation, by }).await;
    tell_of(server, installation_id, by).await?;
    Ok(server.store.installation(installation_id).await?.map_or(installation, Arc::unwrap_or_clone))
}

/// Asks the admins of a site to install an app.
///
/// # Errors
/// [`InstallationError`] if it is there, or the person is no member.
pub async fn request(
    server: &AuthorizationServer,
    (site_id, deployment): (SiteId, Deployment),
    reason: &str,
    by: UserId,
) -> Result<(), InstallationError> {
    server.store.member(site_id, by).await?.ok_or(InstallationError::NotMember)?;
    let offer = offer(server, deployment).await?;
    require_offered(&offer.app, Actor::User(by))?;
    if reason.chars().count() > LONGEST_REASON {
        return Err(InstallationError::Reason);
    }
    if server.store.installation_on(site_id, deployment).await?.is_some() {
        return Err(InstallationError::Installed);
    }
    let request = InstallationRequest { site_id, deployment, by, reason: reason.trim().to_owned(), at: server.now() };
    server.store.request_installation(&request).await?;
    let Deployment { app_id, environment } = deployment;
    server.record(Event::InstallationRequested { site_id, app_id, environment, user_id: by }).await;
    Ok(())
}

/// Answers everybody who asked for an app on a site that it will not be installed.
///
/// # Errors
/// [`InstallationError::NotAdmin`]; [`InstallationError::Unknown`] if nobody asked.
pub async fn decline(
    server: &AuthorizationServer,
    (site_id, deployment): (SiteId, Deployment),
    by: Actor,
) -> Result<(), InstallationError> {
    require_admin(server, site_id, by).await?;
    if server.store.end_installation_requests(site_id, deployment, None).await? == 0 {
        return Err(InstallationError::Unknown("request"));
    }
    let Deployment { app_id, environment } = deployment;
    server.record(Event::InstallationDeclined { site_id, app_id, environment, by }).await;
    Ok(())
}

/// Approves what the version `number` asks for, but the optional scopes that are `declined`. It must be the one that runs, so
/// that nobody approves what they did not see.
///
/// # Errors
/// [`InstallationError::Overtaken`] if another version runs by now.
pub async fn approve(
    server: &AuthorizationServer,
    id: InstallationId,
    number: VersionNumber,
    declined: &Scope,
    by: Actor,
) -> Result<Installation, InstallationError> {
    let Installed { installation, offer, .. } = find(server, id).await?;
    require_admin(server, installation.site_id, by).await?;
    require_seen(&offer, number)?;
    let approval = approval(server, &offer.version, declined, by)?;
    let approved = Installation { approval, refused: None, ..Installation::clone(&installation) };
    change(server, &installation, &approved).await?;
    let Approval { version, scope, impersonation, .. } = &approved.approval;
    let (version, scope, impersonation) = (version.to_string(), scope.to_string(), impersonation.to_string());
    let site_id = approved.site_id;
    server.record(Event::VersionApproved { installation_id: id, site_id, version, scope, impersonation, by }).await;
    Ok(approved)
}

/// Refuses what the version `number` asks for: the installation keeps what was approved before.
///
/// # Errors
/// [`InstallationError::Overtaken`] if another version runs by now.
pub async fn refuse(
    server: &AuthorizationServer,
    id: InstallationId,
    number: VersionNumber,
    by: Actor,
) -> Result<(), InstallationError> {
    let Installed { installation, offer, .. } = find(server, id).await?;
    require_admin(server, installation.site_id, by).await?;
    require_seen(&offer, number)?;
    let refused = Installation { refused: Some(number), ..Installation::clone(&installation) };
    change(server, &installation, &refused).await?;
    let scope = offer.version.manifest.privileges.scope().to_string();
    let (site_id, version) = (installation.site_id, number.to_string());
    server.record(Event::VersionRefused { installation_id: id, site_id, version, scope, by }).await;
    Ok(())
}

/// Suspends an installation: nothing issued to it is live until it is resumed. Why its app was not told of it, where it was to
/// be and was not.
///
/// # Errors
/// [`InstallationError::Unknown`] and [`InstallationError::NotAdmin`]; [`InstallationError::Overtaken`] while it is installed.
pub async fn suspend(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let site_id = set_state(server, id, (InstallationState::Suspended, LifecycleEvent::Disabled), by).await?;
    server.record(Event::InstallationSuspended { installation_id: id, site_id, by }).await;
    tell_of(server, id, by).await
}

/// Resumes a suspended installation. Why its app was not told of it, where it was to be and was not.
///
/// # Errors
/// As for [`suspend`].
pub async fn resume(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let site_id = set_state(server, id, (InstallationState::Active, LifecycleEvent::Enabled), by).await?;
    server.record(Event::InstallationResumed { installation_id: id, site_id, by }).await;
    tell_of(server, id, by).await
}

/// Tells a Connect app again what it did not take, or what it was not told to the end. Why it was not told this time.
///
/// # Errors
/// [`InstallationError::Unknown`], [`InstallationError::NotAdmin`] and [`InstallationError::NotConnect`].
pub async fn tell_again(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let installation = server.store.installation(id).await?.ok_or(InstallationError::Unknown("installation"))?;
    require_admin(server, installation.site_id, by).await?;
    match installation.tenancy.as_ref().ok_or(InstallationError::NotConnect)?.last_call.event {
        LifecycleEvent::Installed => handover::rotate(server, id, by).await,
        LifecycleEvent::Enabled | LifecycleEvent::Disabled | LifecycleEvent::Uninstalled => {
            tell_of(server, id, by).await
        }
    }
}

/// Gives a Connect app a new secret to share with the site. Why it did not take it, if it did not; then the former one holds.
///
/// # Errors
/// As for [`tell_again`].
pub async fn rotate_secret(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let installation = server.store.installation(id).await?.ok_or(InstallationError::Unknown("installation"))?;
    require_admin(server, installation.site_id, by).await?;
    handover::rotate(server, id, by).await
}

/// Tells a Connect app what it is to be told.
async fn tell_of(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let Some(installation) = server.store.installation(id).await? else { return Ok(None) };
    let Some(tenancy) = &installation.tenancy else { return Ok(None) };
    let told = lifecycle::tell(server, &installation, tenancy.last_call.event, by).await;
    lifecycle::settle(server, id, &tenancy.last_call, lifecycle::outcome(&told)).await?;
    Ok(told.err())
}

async fn set_state(
    server: &AuthorizationServer,
    id: InstallationId,
    (state, event): (InstallationState, LifecycleEvent),
    by: Actor,
) -> Result<SiteId, InstallationError> {
    loop {
        let installation = server.store.installation(id).await?.ok_or(InstallationError::Unknown("installation"))?;
        require_admin(server, installation.site_id, by).await?;
        if installation.state == InstallationState::Installing {
            return Err(InstallationError::Overtaken);
        }
        let told = |tenancy| Tenancy { last_call: lifecycle::due(server, event), ..tenancy };
        let tenancy = installation.tenancy.clone().map(told);
        let changed = Installation { state, tenancy, ..Installation::clone(&installation) };
        if server.store.change_installation(&installation, &changed).await? {
            return Ok(installation.site_id);
        }
    }
}

/// Uninstalls an app: everything issued to it on the site is over, and so is what people allowed it there. Why its app was not
/// told of it, where it was to be and was not.
///
/// # Errors
/// [`InstallationError::Unknown`] and [`InstallationError::NotAdmin`].
pub async fn uninstall(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let installation = server.store.installation(id).await?.ok_or(InstallationError::Unknown("installation"))?;
    require_admin(server, installation.site_id, by).await?;
    let deployed = server.store.deployed(installation.deployment).await?.ok_or(InstallationError::Unknown("app"))?;
    server.store.uninstall(&installation, &deployed.client_id).await?;
    let (site_id, Deployment { app_id, environment }) = (installation.site_id, installation.deployment);
    server.record(Event::AppUninstalled { installation_id: id, site_id, app_id, environment, by }).await;
    if installation.tenancy.is_none() {
        return Ok(None);
    }
    Ok(lifecycle::tell(server, &installation, LifecycleEvent::Uninstalled, by).await.err())
}

/// What is asked for on a site.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn requests(server: &AuthorizationServer, site: SiteId) -> Result<Vec<InstallationRequest>, StoreError> {
    server.store.installation_requests(site).await
}

/// Whether `by` may decide about a site: an operator, an admin of the site, or an admin of this server.
///
/// # Errors
/// [`InstallationError::NotAdmin`]; [`InstallationError::Unknown`] if there is no such site.
async fn require_admin(server: &AuthorizationServer, site: SiteId, by: Actor) -> Result<(), InstallationError> {
    server.store.site(site).await?.ok_or(InstallationError::Unknown("site"))?;
    let user_id = match by {
        Actor::Operator => return Ok(()),
        Actor::App(_) => return Err(InstallationError::NotAdmin),
        Actor::User(user) => user,
    };
    let standing = server.store.member(site, user_id).await?.map(|member| member.standing);
    let user = server.store.user(user_id).await?;
    if user.is_some_and(|user| decides(&user, standing)) { Ok(()) } else { Err(InstallationError::NotAdmin) }
}

/// Whether it is the version `number` that runs, so that nobody decides about what they did not see.
fn require_seen(offer: &Offer, number: VersionNumber) -> Result<(), InstallationError> {
    if offer.version.number == number { Ok(()) } else { Err(InstallationError::Overtaken) }
}

fn require_offered(app: &App, by: Actor) -> Result<(), InstallationError> {
    match by {
        Actor::User(user) if !app.is_offered_to(user) => Err(InstallationError::NotShared),
        Actor::App(_) => Err(InstallationError::NotShared),
        Actor::User(_) | Actor::Operator => Ok(()),
    }
}

/// What is approved of a version, but the optional scopes that are `declined`.
fn approval(
    server: &AuthorizationServer,
    version: &AppVersion,
    declined: &Scope,
    by: Actor,
) -> Result<Approval, InstallationError> {
    let privileges = &version.manifest.privileges;
    let required = privileges.scope().without(&privileges.optional_scope());
    if let Some(name) = declined.iter().find(|name| required.contains(name)) {
        return Err(InstallationError::NotOptional(name.to_owned()));
    }
    Ok(Approval {
        version: version.number,
        scope: privileges.scope().without(declined),
        impersonation: privileges.impersonation_scope().without(declined),
        by,
        at: server.now(),
    })
}

async fn change(server: &AuthorizationServer, old: &Installation, new: &Installation) -> Result<(), InstallationError> {
    if server.store.change_installation(old, new).await? { Ok(()) } else { Err(InstallationError::Overtaken) }
}
