//! Grants on sled. The grant is the head that everything hangs from; there is one for a person and a client because one
//! key of `user_grants` says which.

use async_trait::async_trait;

use crate::domain::authorization_code::{AuthorizationCode, CodeState};
use crate::domain::grant::Grant;
use crate::domain::id::{ClientId, GrantId, SiteId, UserId};
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;
use crate::store::kept::key;
use crate::store::kept::keys::{between, client_prefix};
use crate::store::sled::SledStore;
use crate::store::{Grants, Result};

#[async_trait]
impl Grants for SledStore {
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>> {
        self.grants.get(id.as_bytes())
    }

    async fn grant_between(&self, user: UserId, client: &ClientId) -> Result<Option<Grant>> {
        match self.user_grants.get(between(user, client))? {
            Some(id) => self.grants.get(id.as_bytes()),
            None => Ok(None),
        }
    }

    async fn grants_of(&self, user: UserId) -> Result<Vec<(Grant, Option<Timestamp>)>> {
        let mut grants = Vec::new();
        for entry in self.user_grants.prefix(user.as_bytes()) {
            let (_, id) = entry?;
            if let Some(grant) = self.grants.get(id.as_bytes())? {
                grants.push((grant, self.grant_uses.get(id.as_bytes())?));
            }
        }
        Ok(grants)
    }

    async fn record_consent(&self, answer: &Grant) -> Result<Grant> {
        let registration = self.registration_number(&answer.client_id);
        let grant = loop {
            if let Some(grant) = self.extend_or_begin(answer)? {
                break grant;
            }
        };
        // Whoever removes the client takes its name back before they look for its grants: if they looked too early to
        // see this one, then the name is gone by now.
        if self.registration_number(&answer.client_id) != registration {
            self.drop_grant(grant.id)?;
        }
        self.durable(grant).await
    }

    async fn end_grant(&self, id: GrantId) -> Result<Option<Grant>> {
        let ended = self.drop_grant(id)?;
        self.durable(ended).await
    }

    async fn narrow_grant(&self, id: GrantId, site: SiteId) -> Result<Option<Grant>> {
        let narrowed = self.take_site(id, site)?;
        self.durable(narrowed).await
    }

    async fn add_code(&self, key: TokenKey, code: &AuthorizationCode) -> Result<()> {
        self.codes.put(key.to_bytes(), &CodeState::Live(code.clone()))?;
        self.durable(()).await
    }
}

impl SledStore {
    /// One attempt to record a consent; `None` if somebody came between.
    ///
    /// A new grant is written before the key that makes it the one, so that a key without a grant always means a grant
    /// that was ended. A crash between leaves a grant that nobody knows the name of.
    fn extend_or_begin(&self, answer: &Grant) -> Result<Option<Grant>> {
        let place = between(answer.user_id, &answer.client_id);
        let current = self.user_grants.get(&place)?;
        if let Some(id) = current {
            let extended = self.grants.update(id.as_bytes(), |old| Some(old?.extended(answer)))?;
            if extended.is_some() {
                return Ok(extended);
            }
        }
        let of_client = key(&[&client_prefix(&answer.client_id), answer.id.as_bytes()]);
        self.client_grants.put(&of_client, &())?;
        self.grants.put(answer.id.as_bytes(), answer)?;
        let first = match current {
            Some(ended) => self.user_grants.replace(&place, &ended, &answer.id)?,
            None => self.user_grants.add(&place, &answer.id)?,
        };
        if first {
            return Ok(Some(answer.clone()));
        }
        self.grants.remove(answer.id.as_bytes())?;
        self.client_grants.remove(of_client)?;
        Ok(None)
    }

    /// The head goes first: from then on nothing that hangs from the grant is live, and nothing can be rotated or
    /// extended. A crash leaves only what its expiry sweeps away or the next consent replaces.
    pub(super) fn drop_grant(&self, id: GrantId) -> Result<Option<Grant>> {
        if !self.grants.contains(id.as_bytes())? {
            return Ok(None);
        }
        self.order_removal(id)?;
        let Some(grant) = self.grants.take(id.as_bytes())? else { return Ok(None) };
        self.drop_names(&grant)?;
        Ok(Some(grant))
    }

    fn drop_names(&self, grant: &Grant) -> Result<()> {
        self.user_grants.remove_if(between(grant.user_id, &grant.client_id), &grant.id)?;
        self.client_grants.remove(key(&[&client_prefix(&grant.client_id), grant.id.as_bytes()]))?;
        self.grant_uses.remove(grant.id.as_bytes())?;
        Ok(())
    }

    /// Takes a site out of a grant, or the grant away if it names no other. What the person allows meanwhile stays.
    pub(super) fn take_site(&self, id: GrantId, site: SiteId) -> Result<Option<Grant>> {
        while let Some(grant) = self.grants.get(id.as_bytes())?.filter(|grant| grant.sites.contains(&site)) {
            let narrowed = grant.clone().without_site(site);
            if !narrowed.sites.is_empty() {
                if self.grants.replace(id.as_bytes(), &grant, &narrowed)? {
                    return Ok(Some(narrowed));
                }
                continue;
            }
            self.order_removal(id)?;
            if self.grants.remove_if(id.as_bytes(), &grant)? {
                self.drop_names(&grant)?;
                return Ok(Some(narrowed));
            }
        }
        Ok(None)
    }

    /// Takes a site out of everything that a person allowed.
    pub(super) fn narrow_grants_of(&self, user: UserId, site: SiteId) -> Result<()> {
        for id in self.user_grants.prefix(user.as_bytes()).map(|entry| entry.map(|(_, id)| id)).collect::<Vec<_>>() {
            self.take_site(id?, site)?;
        }
        Ok(())
    }
}
