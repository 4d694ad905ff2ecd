//! What a person allowed to apps: list it, and take it back.

use std::sync::Arc;

use crate::access::grouping::{ScopesAt, by_api, entries};
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Client;
use crate::domain::event::{Actor, Event};
use crate::domain::grant::Grant;
use crate::domain::id::{GrantId, SiteId, UserId};
use crate::domain::scope::ScopeEntry;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::store::StoreError;

/// An app that a person allowed something.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What was allowed.
    pub grant: Grant,
    /// To whom; `None` if the app is no longer registered.
    pub client: Option<Arc<Client>>,
    /// What the catalogue says of what was allowed, by API.
    pub scopes: Vec<ScopesAt>,
    /// Where.
    pub sites: Vec<Arc<Site>>,
    /// When the app last got a token.
    pub last_used: Option<Timestamp>,
}

impl Connection {
    /// What of it is riskiest.
    pub fn riskiest(&self) -> Option<&ScopeEntry> {
        self.scopes.first().and_then(|group| group.entries.first())
    }

    /// How many scopes were allowed.
    pub fn scope_count(&self) -> usize {
        self.scopes.iter().map(|group| group.entries.len()).sum()
    }

    /// What people call the app.
    pub fn app(&self) -> &str {
        self.client.as_ref().map_or(self.grant.client_id.as_str(), |client| &client.name)
    }
}

/// What a person allowed, by the name of the app.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, user: UserId) -> Result<Vec<Connection>, StoreError> {
    let mut connections = Vec::new();
    for (grant, last_used) in server.store.grants_of(user).await? {
        connections.push(describe(server, grant, last_used).await?);
    }
    connections.sort_by_key(|connection| connection.app().to_lowercase());
    Ok(connections)
}

/// One thing that `owner` allowed; `None` if it is not theirs.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn find(server: &AuthorizationServer, owner: UserId, id: GrantId) -> Result<Option<Connection>, StoreError> {
    let grants = server.store.grants_of(owner).await?;
    match grants.into_iter().find(|(grant, _)| grant.id == id) {
        Some((grant, last_used)) => describe(server, grant, last_used).await.map(Some),
        None => Ok(None),
    }
}

/// Takes back what `owner` allowed: every code and token of it is over. `None` if it is not theirs.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn withdraw(
    server: &AuthorizationServer,
    owner: UserId,
    id: GrantId,
    by: Actor,
) -> Result<Option<Grant>, StoreError> {
    let Some(grant) = server.store.grant(id).await?.filter(|grant| grant.user_id == owner) else {
        // Perhaps another request took it back a moment ago: nobody may be told so before that is durable.
        server.store.settled().await?;
        return Ok(None);
    };
    let ended = server.store.end_grant(grant.id).await?;
    if let Some(grant) = &ended {
        let (client_id, grant_id) = (grant.client_id.clone(), grant.id);
        server.record(Event::GrantEnded { user_id: owner, client_id, grant_id, by }).await;
    }
    Ok(ended)
}

/// Takes back what `owner` allowed on one site: no token of it is good there any more. With the last site the whole goes.
/// `None` if it is not theirs, or not for that site.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn withdraw_on(
    server: &AuthorizationServer,
    owner: UserId,
    (id, site_id): (GrantId, SiteId),
    by: Actor,
) -> Result<Option<Grant>, StoreError> {
    if server.store.grant(id).await?.is_none_or(|grant| grant.user_id != owner) {
        // As above.
        server.store.settled().await?;
        return Ok(None);
    }
    let narrowed = server.store.narrow_grant(id, site_id).await?;
    if let Some(grant) = &narrowed {
        let (user_id, client_id, grant_id) = (owner, grant.client_id.clone(), id);
        server
            .record(match grant.sites.is_empty() {
                true => Event::GrantEnded { user_id, client_id, grant_id, by },
                false => Event::GrantNarrowed { user_id, client_id, grant_id, site_id, by },
            })
            .await;
    }
    Ok(narrowed)
}

async fn describe(
    server: &AuthorizationServer,
    grant: Grant,
    last_used: Option<Timestamp>,
) -> Result<Connection, StoreError> {
    let client = server.store.client(&grant.client_id).await?;
    let scopes = by_api(server, entries(server, &grant.scope).await?).await?;
    let mut sites = Vec::new();
    for id in &grant.sites {
        sites.extend(server.store.site(*id).await?);
    }
    Ok(Connection { grant, client, scopes, sites, last_used })
}
