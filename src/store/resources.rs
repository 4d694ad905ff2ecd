//! trait Resources: protected resources and the scopes they own.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::connect::ConnectPolicy;
use crate::domain::id::ResourceId;
use crate::domain::resource::{ApiTokenPolicy, ProtectedResource};
use crate::domain::scope::{Scope, ScopeEntry};
use crate::domain::secret::Digest;
use crate::domain::time::Timestamp;
use crate::store::{Added, Result};

/// Protected resources and the scope catalogue.
#[async_trait]
pub trait Resources {
    /// The resource of that name.
    async fn resource(&self, id: &ResourceId) -> Result<Option<Arc<ProtectedResource>>>;

    /// Every resource, by name.
    async fn resources(&self) -> Result<Vec<Arc<ProtectedResource>>>;

    /// The resource that one of whose identifiers is `identifier`, character by character.
    async fn resource_identified_by(&self, identifier: &str) -> Result<Option<ResourceId>>;

    /// What the catalogue knows of the tokens in `scope`, in their order; unknown ones are left out.
    async fn scope_entries(&self, scope: &Scope) -> Result<Vec<ScopeEntry>>;

    /// The scopes that a resource owns, by name.
    async fn scopes_of(&self, id: &ResourceId) -> Result<Vec<ScopeEntry>>;

    /// Adds a resource with the entries of the scopes it owns. Nothing is added if its name, an identifier or a scope is taken: [`Added::Taken`] says which.
    async fn add_resource(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Result<Added>;

    /// Gives a resource one more secret (the oldest of three goes); `None` if there is no such resource.
    async fn add_resource_secret(
        &self,
        id: &ResourceId,
        secret: Digest,
        now: Timestamp,
    ) -> Result<Option<Arc<ProtectedResource>>>;

    /// Says how a resource takes Connect apps from now on; `None` if there is no such resource.
    async fn set_connect(&self, id: &ResourceId, policy: &ConnectPolicy) -> Result<Option<Arc<ProtectedResource>>>;

    /// Says which API tokens a resource takes from now on; `None` if there is no such resource.
    async fn set_api_tokens(&self, id: &ResourceId, policy: ApiTokenPolicy) -> Result<Option<Arc<ProtectedResource>>>;

    /// Removes a resource and its scopes. Nobody can ask about tokens for it any more. `false` if there was none.
    async fn remove_resource(&self, id: &ResourceId) -> Result<bool>;
}
