//! Clients on sled.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::client::{Client, ClientChange, Credentials};
use crate::domain::id::{ClientId, GrantId};
use crate::domain::secret::{Digest, TokenKey};
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::ONLY;
use crate::store::kept::keys::client_prefix;
use crate::store::kept::registry::{Party, Registration};
use crate::store::sled::SledStore;
use crate::store::{Added, Clients, Result};

#[async_trait]
impl Clients for SledStore {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        Ok(self.registry.get(id.as_str()).and_then(Registration::client))
    }

    async fn clients(&self) -> Result<Vec<Arc<Client>>> {
        let registrations = self.registry.all().map(|entry| Ok(entry?.1.client()));
        registrations.filter_map(Result::transpose).collect()
    }

    async fn add_client(&self, client: &Client) -> Result<Added> {
        let added = self.registry.update(client.id.as_str(), |old| {
            Registration::following(old.as_ref(), Party::Client(Arc::new(client.clone())))
        })?;
        self.durable(added.map_or_else(|| Added::Taken(client.id.to_string()), |_| Added::Done)).await
    }

    async fn add_client_secret(&self, id: &ClientId, secret: Digest, now: Timestamp) -> Result<Option<Arc<Client>>> {
        let updated = self.registry.update(id.as_str(), |old| {
            let Registration { number, party: Party::Client(client) } = old? else { return None };
            let secrets @ Credentials::Secrets(_) = client.credentials.clone() else { return None };
            let client = Client { credentials: secrets.with_secret(secret, now), ..Client::clone(&client) };
            Some(Registration { number, party: Party::Client(Arc::new(client)) })
        })?;
        self.durable(updated.and_then(Registration::client)).await
    }

    async fn change_client(&self, id: &ClientId, change: &ClientChange) -> Result<Option<Arc<Client>>> {
        let updated = self.registry.update(id.as_str(), |old| {
            let Registration { number, party: Party::Client(client) } = old? else { return None };
            Some(Registration { number, party: Party::Client(Arc::new(client.changed(change))) })
        })?;
        self.durable(updated.and_then(Registration::client)).await
    }

    // The head goes first: from then on nothing issued to the client is live. A crash leaves grants of which nothing is.
    async fn remove_client(&self, id: &ClientId) -> Result<bool> {
        let removed = self.registry.update(id.as_str(), |old| match old {
            Some(old @ Registration { party: Party::Client(_), .. }) => Some(old.ended()),
            _ => None,
        })?;
        if removed.is_some() {
            for grant in self.grants_of_client(id)? {
                self.drop_grant(grant)?;
                tokio::task::yield_now().await;
            }
        }
        self.durable(removed.is_some()).await
    }

    async fn spend_assertion(&self, assertion: Digest, expires: Timestamp) -> Result<bool> {
        let key = TokenKey { hour: Hour::after(expires).0, digest: assertion.into() };
        let first = self.assertions.add(key.to_bytes(), &())?;
        // Asked after it was added, since the sweep says what it forgets before it does.
        let may_be_forgotten = self.forgotten.get(ONLY)?.is_some_and(|last| key.hour <= last);
        self.durable(first && !may_be_forgotten).await
    }
}

impl SledStore {
    /// What people allowed a client.
    pub(super) fn grants_of_client(&self, id: &ClientId) -> Result<Vec<GrantId>> {
        let prefix = client_prefix(id);
        let grants = self.client_grants.prefix(&prefix).map(|entry| {
            let (key, ()) = entry?;
            key[prefix.len()..].try_into().map(GrantId::from_bytes).map_err(|_| self.client_grants.damaged())
        });
        grants.collect()
    }
}
