//! Giving an app the secret that it shares with a site: when it is installed, and again when the secret is rotated.
//!
//! Whichever step is the last one before a crash, nothing is half there. An installation is not active before its app took the
//! secret, and gives way to the next attempt. A rotated secret is kept beside the former one from before the app is told until
//! it is known whether the app took it: meanwhile either may be what it signs with.

use crate::access::connect::shared_secret;
use crate::apps::connect::lifecycle::{NotTold, due, outcome, settle, tell};
use crate::apps::installations::InstallationError;
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::Deployment;
use crate::domain::connect::{CallOutcome, LifecycleEvent, Tenancy};
use crate::domain::event::{Actor, Event};
use crate::domain::id::{ClientId, InstallationId, SiteId};
use crate::domain::installation::{Installation, InstallationState};
use crate::domain::time::Lifetime;
use crate::secrets::random;
use crate::store::StoreError;

/// After so long an installation that is not complete was interrupted.
const INTERRUPTED: Lifetime = Lifetime::minutes(1);

/// Removes an installation of an app on a site that was interrupted before its app took the secret.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn give_way(
    server: &AuthorizationServer,
    (site, deployment): (SiteId, Deployment),
    client: &ClientId,
) -> Result<(), StoreError> {
    let Some(found) = server.store.installation_on(site, deployment).await? else { return Ok(()) };
    let was_interrupted = (found.created + INTERRUPTED).has_passed(server.now());
    if found.state == InstallationState::Installing && was_interrupted {
        server.store.uninstall(&found, client).await?;
    }
    Ok(())
}

/// Completes an installation that is kept as `Installing`: its app takes the secret, and is then to be told that it is on.
///
/// # Errors
/// [`InstallationError::NotTold`] if the app does not take it; the installation is then gone.
pub async fn install(
    server: &AuthorizationServer,
    installation: Installation,
    client: &ClientId,
    by: Actor,
) -> Result<Installation, InstallationError> {
    if let Err(why) = tell(server, &installation, LifecycleEvent::Installed, by).await {
        server.store.uninstall(&installation, client).await?;
        return Err(InstallationError::NotTold(why));
    }
    let enabled = |tenancy| Tenancy { last_call: due(server, LifecycleEvent::Enabled), ..tenancy };
    let tenancy = installation.tenancy.clone().map(enabled);
    let active = Installation { state: InstallationState::Active, tenancy, ..installation.clone() };
    match server.store.change_installation(&installation, &active).await? {
        true => Ok(active),
        // Somebody took it for interrupted, or uninstalled it.
        false => Err(InstallationError::Overtaken),
    }
}

/// Gives an app a new secret; why it did not take it, if it did not. One that may have been taken all the same stays beside the
/// former, and is what the app is told the next time.
///
/// # Errors
/// [`InstallationError::Unknown`] and [`InstallationError::NotConnect`].
pub async fn rotate(
    server: &AuthorizationServer,
    id: InstallationId,
    by: Actor,
) -> Result<Option<NotTold>, InstallationError> {
    let begun = begin(server, id).await?;
    let told = tell(server, &begun, LifecycleEvent::Installed, by).await;
    let Some(tenancy) = &begun.tenancy else { return Err(InstallationError::NotConnect) };
    match &told {
        Err(why) if why.is_open() => settle(server, id, &tenancy.last_call, outcome(&told)).await?,
        _ => conclude(server, &begun, outcome(&told)).await?,
    }
    if told.is_ok() {
        server.record(Event::SharedSecretRotated { installation_id: id, site_id: begun.site_id, by }).await;
    }
    Ok(told.err())
}

/// Keeps the secret that is to follow, before the app learns of it. One that it was told of before and may have taken is told
/// again.
async fn begin(server: &AuthorizationServer, id: InstallationId) -> Result<Installation, InstallationError> {
    loop {
        let installation = server.store.installation(id).await?.ok_or(InstallationError::Unknown("installation"))?;
        if installation.state == InstallationState::Installing {
            return Err(InstallationError::Overtaken);
        }
        let tenancy = installation.tenancy.clone().ok_or(InstallationError::NotConnect)?;
        let made = || shared_secret::seal(&server.sealing, id, &random::shared_secret());
        let next_secret = tenancy.next_secret.or_else(|| Some(made()));
        let last_call = due(server, LifecycleEvent::Installed);
        let tenancy = Some(Tenancy { next_secret, last_call, secret: tenancy.secret });
        let begun = Installation { tenancy, ..Installation::clone(&installation) };
        if server.store.change_installation(&installation, &begun).await? {
            return Ok(begun);
        }
    }
}

/// Lets the new secret hold alone if the app took it, and the former one if it did not.
async fn conclude(
    server: &AuthorizationServer,
    begun: &Installation,
    outcome: CallOutcome,
) -> Result<(), InstallationError> {
    let told = begun.tenancy.as_ref().and_then(|tenancy| tenancy.next_secret.clone());
    loop {
        let Some(installation) = server.store.installation(begun.id).await? else { return Ok(()) };
        let Some(tenancy) = installation.tenancy.clone() else { return Ok(()) };
        // Somebody else concluded it.
        if tenancy.next_secret != told {
            return Ok(());
        }
        let secret = match (&outcome, &told) {
            (CallOutcome::Done, Some(next)) => next.clone(),
            _ => tenancy.secret,
        };
        let mut last_call = tenancy.last_call;
        if last_call.event == LifecycleEvent::Installed {
            last_call.outcome = outcome.clone();
        }
        let tenancy = Some(Tenancy { secret, next_secret: None, last_call });
        let concluded = Installation { tenancy, ..Installation::clone(&installation) };
        if server.store.change_installation(&installation, &concluded).await? {
            return Ok(());
        }
    }
}
