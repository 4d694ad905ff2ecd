//! Import sources of a site, and the one token of each: register, list, make a token, end it, remove.

use std::sync::Arc;

use crate::accounts::api_tokens::last_use;
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::TokenUse;
use crate::domain::container::{Container, ContainerToken};
use crate::domain::event::{Actor, Event};
use crate::domain::id::{ContainerId, SiteId};
use crate::domain::label::Label;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::secrets::random;
use crate::secrets::token::{self, TokenKind, mint};
use crate::store::{Added, StoreError};

/// Why nothing was done about an import source.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// Another import source has the name in the protocol.
    #[error("there is an import source {0} already")]
    Taken(ContainerId),
    /// There is no such import source on the site.
    #[error("there is no import source {0} on that site")]
    Unknown(ContainerId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers an import source of a site, under `id` if it has a name in the protocol already.
///
/// # Errors
/// [`ContainerError::Taken`] if another has the name; [`ContainerError::Store`] if the store fails.
pub async fn add(
    server: &AuthorizationServer,
    site: SiteId,
    (id, label): (Option<ContainerId>, Label),
    by: Actor,
) -> Result<Container, ContainerError> {
    let id = id.unwrap_or_else(random::container_id);
    let container = Container { id, site_id: site, label, created: server.now() };
    if let Added::Taken(_) = server.store.add_container(&container).await? {
        return Err(ContainerError::Taken(id));
    }
    let label = container.label.to_string();
    server.record(Event::ContainerAdded { container_id: id, site_id: site, label, by }).await;
    Ok(container)
}

/// An import source as those see it who decide about its site.
#[derive(Clone, Debug)]
pub struct ListedContainer {
    /// The import source.
    pub container: Arc<Container>,
    /// Its token, live or expired, if it has one.
    pub token: Option<ListedContainerToken>,
}

/// The token of an import source as those see it who decide about the site.
#[derive(Clone, Debug)]
pub struct ListedContainerToken {
    /// The token.
    pub token: ContainerToken,
    /// What logs and the `jti` of answers call it.
    pub name: String,
    /// Who made it, if it was a person who still is one.
    pub made_by: Option<User>,
    /// When and from where it was last used.
    pub last_use: Option<TokenUse>,
    /// Whether it is still good.
    pub is_live: bool,
}

/// The import sources of a site, by what they are called.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, site: SiteId) -> Result<Vec<ListedContainer>, StoreError> {
    listed(server, server.store.containers_on(site).await?).await
}

/// The import sources of every site.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list_all(server: &AuthorizationServer) -> Result<Vec<ListedContainer>, StoreError> {
    listed(server, server.store.containers().await?).await
}

async fn listed(
    server: &AuthorizationServer,
    containers: Vec<Arc<Container>>,
) -> Result<Vec<ListedContainer>, StoreError> {
    let now = server.now();
    let mut listed = Vec::with_capacity(containers.len());
    for container in containers {
        let token = match server.store.container_token(container.id).await? {
            Some(token) => Some(listed_token(server, token, now).await?),
            None => None,
        };
        listed.push(ListedContainer { container, token });
    }
    Ok(listed)
}

async fn listed_token(
    server: &AuthorizationServer,
    token: ContainerToken,
    now: Timestamp,
) -> Result<ListedContainerToken, StoreError> {
    let made_by = match token.made_by.user() {
        Some(user) => server.store.user(user).await?,
        None => None,
    };
    let (name, is_live) = (token::name(token.key), token.is_live(now));
    let last_use = last_use(server, token.key).await?;
    Ok(ListedContainerToken { token, name, made_by, last_use, is_live })
}

/// The import source of that name, if it is on the site.
///
/// # Errors
/// [`ContainerError::Unknown`] if it is not; [`ContainerError::Store`] if the store fails.
pub async fn known(
    server: &AuthorizationServer,
    site: SiteId,
    id: ContainerId,
) -> Result<Arc<Container>, ContainerError> {
    let found = server.store.container(id).await?.filter(|container| container.site_id == site);
    found.ok_or(ContainerError::Unknown(id))
}

/// Makes the token of an import source; the former is over at once. The token itself is told this once.
///
/// # Errors
/// [`ContainerError::Unknown`] if there is no such import source; [`ContainerError::Store`] if the store fails.
pub async fn make_token(
    server: &AuthorizationServer,
    site: SiteId,
    id: ContainerId,
    by: Actor,
) -> Result<(Secret<String>, ContainerToken), ContainerError> {
    known(server, site, id).await?;
    let now = server.now();
    let expires = now + server.config.api_tokens.container;
    let minted = mint(TokenKind::Container, expires);
    let ending = token::ending(minted.token.expose());
    let token = ContainerToken { key: minted.key, ending, made_by: by, created: now, expires };
    if !server.store.set_container_token(id, &token).await? {
        return Err(ContainerError::Unknown(id));
    }
    let name = token::name(token.key);
    server.record(Event::ContainerTokenMade { container_id: id, site_id: site, token: name, expires, by }).await;
    Ok((minted.token, token))
}

/// Ends the token of an import source; `false` if it has none.
///
/// # Errors
/// [`ContainerError::Unknown`] if there is no such import source; [`ContainerError::Store`] if the store fails: the token may
/// still be live.
pub async fn end_token(
    server: &AuthorizationServer,
    site: SiteId,
    id: ContainerId,
    by: Actor,
) -> Result<bool, ContainerError> {
    known(server, site, id).await?;
    let Some(token) = server.store.container_token(id).await? else {
        // Perhaps somebody ended it a moment ago: the answer must not come before that is durable.
        server.store.settled().await?;
        return Ok(false);
    };
    let ended = server.store.end_container_token(id, token.key).await?;
    if ended {
        let token = token::name(token.key);
        server.record(Event::ContainerTokenEnded { container_id: id, site_id: site, token, by }).await;
    }
    Ok(ended)
}

/// Removes an import source, and ends its token.
///
/// # Errors
/// [`ContainerError::Unknown`] if there is no such import source; [`ContainerError::Store`] if the store fails.
pub async fn remove(
    server: &AuthorizationServer,
    site: SiteId,
    id: ContainerId,
    by: Actor,
) -> Result<(), ContainerError> {
    known(server, site, id).await?;
    if server.store.remove_container(id).await? {
        server.record(Event::ContainerRemoved { container_id: id, site_id: site, by }).await;
    }
    Ok(())
}
