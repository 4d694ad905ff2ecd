//! Resources on sled. Identifiers and scopes are good only while the registration has the number they were kept with.

use std::sync::PoisonError;

use async_trait::async_trait;

use crate::domain::client::Credentials;
use crate::domain::id::ResourceId;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::{Scope, ScopeEntry};
use crate::domain::secret::Digest;
use crate::domain::time::Timestamp;
use crate::store::sled::SledStore;
use crate::store::sled::registry::{KeptIdentifier, KeptScope, Party, Registration};
use crate::store::{Added, Resources, Result};

#[async_trait]
impl Resources for SledStore {
    async fn resource(&self, id: &ResourceId) -> Result<Option<ProtectedResource>> {
        Ok(self.registry.get(id.as_str())?.and_then(Registration::resource))
    }

    async fn resources(&self) -> Result<Vec<ProtectedResource>> {
        let registrations = self.registry.all().map(|entry| Ok(entry?.1.resource()));
        registrations.filter_map(Result::transpose).collect()
    }

    async fn resource_identified_by(&self, identifier: &str) -> Result<Option<ResourceId>> {
        self.owner_of_identifier(identifier)
    }

    async fn scope_entries(&self, scope: &Scope) -> Result<Vec<ScopeEntry>> {
        scope.iter().filter_map(|name| self.scope_entry(name).transpose()).collect()
    }

    async fn scopes_of(&self, id: &ResourceId) -> Result<Vec<ScopeEntry>> {
        let number = self.registration_number(id)?;
        let kept = self.scopes.all().map(|entry| Ok(entry?.1));
        let own = kept.filter(|kept| match kept {
            Ok(KeptScope { number: kept, entry }) => entry.resource == *id && *kept == number,
            Err(_) => true,
        });
        own.map(|kept: Result<KeptScope>| Ok(kept?.entry)).collect()
    }

    async fn add_resource(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Result<Added> {
        let added = self.name_resource(resource, scopes)?;
        self.durable(added).await
    }

    async fn add_resource_secret(
        &self,
        id: &ResourceId,
        secret: Digest,
        now: Timestamp,
    ) -> Result<Option<ProtectedResource>> {
        let updated = self.registry.update(id.as_str(), |old| {
            let Registration { number, party: Party::Resource(resource) } = old? else { return None };
            let secrets @ Credentials::Secrets(_) = resource.credentials else { return None };
            let resource = ProtectedResource { credentials: secrets.with_secret(secret, now), ..resource };
            Some(Registration { number, party: Party::Resource(resource) })
        })?;
        self.durable(updated.and_then(Registration::resource)).await
    }

    // The head goes first: from then on neither tokens nor scopes nor identifiers of it are good. What a crash leaves of
    // them is swept away when the name, the scope or the identifier is next taken.
    async fn remove_resource(&self, id: &ResourceId) -> Result<bool> {
        let removed = self.registry.update(id.as_str(), |old| match old {
            Some(old @ Registration { party: Party::Resource(_), .. }) => Some(old.ended()),
            _ => None,
        })?;
        if removed.is_some() {
            let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
            self.drop_names_of(id)?;
        }
        self.durable(removed.is_some()).await
    }
}

impl SledStore {
    // Names first, the head last: a crash leaves names with a number that no registration has, and those are nobody's.
    fn name_resource(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Result<Added> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = self.name_taken(resource, scopes)? {
            return Ok(Added::Taken(taken));
        }
        self.drop_names_of(&resource.id)?;
        let old = self.registry.get(resource.id.as_str())?;
        let Some(new) = Registration::following(old.as_ref(), Party::Resource(resource.clone())) else {
            return Ok(Added::Taken(resource.id.to_string()));
        };
        for identifier in &resource.identifiers {
            let kept = KeptIdentifier { number: new.number, resource: resource.id.clone() };
            self.identifiers.put(identifier.as_str(), &kept)?;
        }
        for entry in scopes {
            self.scopes.put(&entry.name, &KeptScope { number: new.number, entry: entry.clone() })?;
        }
        let added = match &old {
            Some(old) => self.registry.replace(resource.id.as_str(), old, &new)?,
            None => self.registry.add(resource.id.as_str(), &new)?,
        };
        Ok(if added { Added::Done } else { Added::Taken(resource.id.to_string()) })
    }

    fn name_taken(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Result<Option<String>> {
        if !self.is_free(&resource.id)? {
            return Ok(Some(resource.id.to_string()));
        }
        for identifier in &resource.identifiers {
            if self.owner_of_identifier(identifier.as_str())?.is_some() {
                return Ok(Some(identifier.to_string()));
            }
        }
        for entry in scopes {
            if self.scope_entry(&entry.name)?.is_some() {
                return Ok(Some(entry.name.clone()));
            }
        }
        Ok(None)
    }

    fn drop_names_of(&self, id: &ResourceId) -> Result<()> {
        for kept in self.identifiers.all() {
            let (key, kept) = kept?;
            if kept.resource == *id {
                self.identifiers.remove(key)?;
            }
        }
        for kept in self.scopes.all() {
            let (key, kept) = kept?;
            if kept.entry.resource == *id {
                self.scopes.remove(key)?;
            }
        }
        Ok(())
    }

    fn owner_of_identifier(&self, identifier: &str) -> Result<Option<ResourceId>> {
        let Some(kept) = self.identifiers.get(identifier)? else { return Ok(None) };
        let good = self.registration_number(&kept.resource)? == kept.number;
        Ok(good.then_some(kept.resource))
    }

    fn scope_entry(&self, name: &str) -> Result<Option<ScopeEntry>> {
        let Some(kept) = self.scopes.get(name)? else { return Ok(None) };
        let good = self.registration_number(&kept.entry.resource)? == kept.number;
        Ok(good.then_some(kept.entry))
    }
}
