//! Who may allow an app anything: its developers alone, or everybody on a site where it is installed.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::app::{App, Distribution};
use crate::domain::event::{Actor, Event};
use crate::domain::id::{AppId, UserId};
use crate::store::StoreError;

/// Why an app was not shared.
#[derive(Debug, thiserror::Error)]
pub enum SharingError {
    /// There is no such app, or it is somebody else's; which of the two is not told.
    #[error("there is no such app of yours")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets everybody allow an app what it asks for, or its developers alone. Who allowed it before stays.
///
/// # Errors
/// [`SharingError::Unknown`].
pub async fn distribute(
    server: &AuthorizationServer,
    id: AppId,
    distribution: Distribution,
    by: Actor,
) -> Result<App, SharingError> {
    let app = change(server, id, by, |app| app.distribution = distribution).await?;
    server.record(Event::AppShared { app_id: id, distribution, by }).await;
    Ok(app)
}

/// Lets a person deploy an app, and allow it something before it is shared.
///
/// # Errors
/// [`SharingError::Unknown`].
pub async fn add_contributor(
    server: &AuthorizationServer,
    id: AppId,
    user: UserId,
    by: Actor,
) -> Result<App, SharingError> {
    let add = |app: &mut App| {
        if !app.contributors.contains(&user) {
            app.contributors.push(user);
        }
    };
    let app = change(server, id, by, add).await?;
    server.record(Event::ContributorAdded { app_id: id, user_id: user, by }).await;
    Ok(app)
}

/// Takes that back.
///
/// # Errors
/// [`SharingError::Unknown`].
pub async fn remove_contributor(
    server: &AuthorizationServer,
    id: AppId,
    user: UserId,
    by: Actor,
) -> Result<App, SharingError> {
    let app = change(server, id, by, |app| app.contributors.retain(|contributor| *contributor != user)).await?;
    server.record(Event::ContributorRemoved { app_id: id, user_id: user, by }).await;
    Ok(app)
}

/// The apps that a person owns or contributes to.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn developed_by(server: &AuthorizationServer, user: UserId) -> Result<Vec<Arc<App>>, StoreError> {
    let apps = server.store.apps().await?;
    Ok(apps.into_iter().filter(|app| app.is_developed_by(user)).collect())
}

/// Changes an app of whoever asks, again and again until nobody came between.
async fn change(
    server: &AuthorizationServer,
    id: AppId,
    by: Actor,
    change: impl Fn(&mut App) + Send + Sync,
) -> Result<App, SharingError> {
    loop {
        let old = owned(server, id, by).await?;
        let mut new = App::clone(&old);
        change(&mut new);
        if server.store.change_app(Some(&old), &new).await? {
            return Ok(new);
        }
    }
}

/// An app of whoever asks.
async fn owned(server: &AuthorizationServer, id: AppId, by: Actor) -> Result<Arc<App>, SharingError> {
    let app = server.store.app(id).await?.ok_or(SharingError::Unknown)?;
    match by {
        Actor::Operator => Ok(app),
        Actor::User(user) if app.owner == Some(user) => Ok(app),
        Actor::User(_) | Actor::App(_) => Err(SharingError::Unknown),
    }
}
