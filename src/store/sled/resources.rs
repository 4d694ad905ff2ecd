//! Resources on sled. Identifiers and scopes are good only while the registration has the number they were kept with.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;

use crate::domain::client::Credentials;
use crate::domain::connect::ConnectPolicy;
use crate::domain::id::ResourceId;
use crate::domain::resource::{ApiTokenPolicy, ProtectedResource};
use crate::domain::scope::{Scope, ScopeEntry};
use crate::domain::secret::Digest;
use crate::domain::time::Timestamp;
use crate::store::kept::registry::{KeptIdentifier, KeptScope, Party, Registration};
use crate::store::sled::SledStore;
use crate::store::{Added, Resources, Result};

#[async_trait]
impl Resources for SledStore {
    async fn resource(&self, id: &ResourceId) -> Result<Option<Arc<ProtectedResource>>> {
        Ok(self.registry.get(id.as_str()).and_then(Registration::resource))
    }

    async fn resources(&self) -> Result<Vec<Arc<ProtectedResource>>> {
        let registrations = self.registry.all().map(|entry| Ok(entry?.1.resource()));
        registrations.filter_map(Result::transpose).collect()
    }

    async fn resource_identified_by(&self, identifier: &str) -> Result<Option<ResourceId>> {
        Ok(self.owner_of_identifier(identifier))
    }

    async fn scope_entries(&self, scope: &Scope) -> Result<Vec<ScopeEntry>> {
        Ok(scope.iter().filter_map(|name| self.scope_entry(name)).collect())
    }

    async fn scopes_of(&self, id: &ResourceId) -> Result<Vec<ScopeEntry>> {
        let number = self.registration_number(id);
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
    ) -> Result<Option<Arc<ProtectedResource>>> {
        let updated = self.registry.update(id.as_str(), |old| {
            let Registration { number, party: Party::Resource(resource) } = old? else { return None };
            let secrets @ Credentials::Secrets(_) = resource.credentials.clone() else { return None };
            let credentials = secrets.with_secret(secret, now);
            let resource = ProtectedResource { credentials, ..ProtectedResource::clone(&resource) };
            Some(Registration { number, party: Party::Resource(Arc::new(resource)) })
        })?;
        self.durable(updated.and_then(Registration::resource)).await
    }

    async fn set_connect(&self, id: &ResourceId, policy: &ConnectPolicy) -> Result<Option<Arc<ProtectedResource>>> {
        let updated = self.change_resource(id, |resource| resource.connect = policy.clone())?;
        self.durable(updated).await
    }

    async fn set_api_tokens(&self, id: &ResourceId, policy: ApiTokenPolicy) -> Result<Option<Arc<ProtectedResource>>> {
        let updated = self.change_resource(id, |resource| resource.api_tokens = policy)?;
        self.durable(updated).await
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
            self.drop_realms_of(id)?;
        }
        self.durable(removed.is_some()).await
    }
}

impl SledStore {
    fn change_resource(
        &self,
        id: &ResourceId,
        change: impl Fn(&mut ProtectedResource),
    ) -> Result<Option<Arc<ProtectedResource>>> {
        let updated = self.registry.update(id.as_str(), |old| {
            let Registration { number, party: Party::Resource(mut resource) } = old? else { return None };
            change(Arc::make_mut(&mut resource));
            Some(Registration { number, party: Party::Resource(resource) })
        })?;
        Ok(updated.and_then(Registration::resource))
    }

    // Names first, the head last: a crash leaves names with a number that no registration has, and those are nobody's.
    fn name_resource(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Result<Added> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = self.name_taken(resource, scopes) {
            return Ok(Added::Taken(taken));
        }
        self.drop_names_of(&resource.id)?;
        let party = Party::Resource(Arc::new(resource.clone()));
        let taken = || Ok(Added::Taken(resource.id.to_string()));
        let old = self.registry.get(resource.id.as_str());
        let Some(new) = Registration::following(old.as_ref(), party) else { return taken() };
        for identifier in &resource.identifiers {
            let kept = KeptIdentifier { number: new.number, resource: resource.id.clone() };
            self.identifiers.put(identifier.as_str(), &kept)?;
        }
        for entry in scopes {
            self.scopes.put(&entry.name, &KeptScope { number: new.number, entry: entry.clone() })?;
        }
        let added = self.registry.update(resource.id.as_str(), |now| (now == old).then(|| new.clone()))?;
        if added.is_some() { Ok(Added::Done) } else { taken() }
    }

    fn name_taken(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Option<String> {
        if !self.is_free(&resource.id) {
            return Some(resource.id.to_string());
        }
        let mut identifiers = resource.identifiers.iter().map(|identifier| identifier.as_str());
        let mut names = scopes.iter().map(|entry| entry.name.as_str());
        let taken = identifiers.find(|identifier| self.owner_of_identifier(identifier).is_some());
        taken.or_else(|| names.find(|name| self.scope_entry(name).is_some())).map(str::to_owned)
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

    fn owner_of_identifier(&self, identifier: &str) -> Option<ResourceId> {
        let kept = self.identifiers.get(identifier)?;
        (self.registration_number(&kept.resource) == kept.number).then_some(kept.resource)
    }

    fn scope_entry(&self, name: &str) -> Option<ScopeEntry> {
        let kept = self.scopes.get(name)?;
        (self.registration_number(&kept.entry.resource) == kept.number).then_some(kept.entry)
    }
}
