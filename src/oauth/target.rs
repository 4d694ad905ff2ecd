//! Which protected resource a token is for (RFC 8707): one for each access token, chosen by `resource` or by who owns the scopes.

use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Client;
use crate::domain::id::ResourceId;
use crate::domain::scope::{READ_ME, Scope, ScopeEntry};
use crate::oauth::error::{OAuthError, ScopeFault, TargetFault};
use crate::oauth::parameters::Parameters;
use crate::store::StoreError;

/// What the catalogue knows of a request's scope and resources.
pub struct Catalogued {
    /// The scope without what belongs to this server.
    pub scope: Scope,
    /// What an access token carries of what belongs to this server, whichever resource it is for.
    pub own: Scope,
    /// The entry of each scope token that is known.
    pub entries: Vec<ScopeEntry>,
    /// Each resource that was named, with what its name means here.
    pub named: Vec<(String, Option<ResourceId>)>,
}

impl Catalogued {
    /// Looks up everything that a request names.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails; unknown names are for [`Catalogued::resources`] to refuse.
    pub async fn load<'a>(
        server: &AuthorizationServer,
        scope: &Scope,
        resources: impl Iterator<Item = &'a str> + Send,
    ) -> Result<Self, StoreError> {
        let own = scope.filter(|token| token == READ_ME);
        let scope = scope.of_resources();
        let entries = server.store.scope_entries(&scope).await?;
        let mut named = Vec::new();
        for identifier in resources {
            named.push((identifier.to_owned(), server.store.resource_identified_by(identifier).await?));
        }
        Ok(Self { scope, own, entries, named })
    }

    /// The one resource that a token of `scope` is for, and what of it that resource owns. Where the request names no scope,
    /// `scope` is all that it could have, and it means what of that the resource owns which it names.
    ///
    /// # Errors
    /// `invalid_target` or `invalid_scope`, as for [`Catalogued::resources`] and [`Catalogued::one_of`].
    pub async fn target(
        server: &AuthorizationServer,
        scope: &Scope,
        parameters: &Parameters<'_>,
    ) -> Result<(ResourceId, Scope), OAuthError> {
        let catalogued = Self::load(server, scope, parameters.resources()).await?;
        let catalogued = if parameters.once("scope")?.is_none() { catalogued.narrowed() } else { catalogued };
        catalogued.one_of(&catalogued.resources()?)
    }

    /// The same without the scopes that nobody owns, or of which no owner is named: for a request that asked for no scope, and
    /// so means all that it can have there.
    fn narrowed(mut self) -> Self {
        let named: Vec<&ResourceId> = self.named.iter().filter_map(|(_, id)| id.as_ref()).collect();
        self.entries.retain(|entry| self.named.is_empty() || named.contains(&&entry.resource));
        self.scope = self.scope.filter(|token| self.entries.iter().any(|entry| entry.name == token));
        self
    }

    /// Whether every scope token is known, and registered for `client`.
    ///
    /// # Errors
    /// `invalid_scope` names the first that is not; also if there is none.
    pub fn allowed_to(&self, client: &Client) -> Result<(), OAuthError> {
        for token in self.scope.iter() {
            if !self.entries.iter().any(|entry| entry.name == token) {
                return Err(ScopeFault::Unknown(token.to_owned()).into());
            }
            if !client.allows_token(token) {
                return Err(ScopeFault::NotRegistered(token.to_owned()).into());
            }
        }
        if self.scope.is_empty() && self.own.is_empty() { Err(ScopeFault::Nothing.into()) } else { Ok(()) }
    }

    /// The resources that tokens may be for: those named, each owning a scope and each scope owned by one; or else every owner.
    /// Where nothing of a resource is asked for, tokens are for this server alone, whichever resource is named.
    ///
    /// # Errors
    /// `invalid_target` names the resource or the scope that does not fit.
    pub fn resources(&self) -> Result<Vec<ResourceId>, OAuthError> {
        if self.is_for_this_server() {
            let unknown = self.named.iter().find(|(_, id)| id.is_none());
            return match unknown {
                Some((identifier, _)) => Err(TargetFault::Unknown(identifier.clone()).into()),
                None => Ok(vec![ResourceId::this_server()]),
            };
        }
        let mut resources = Vec::new();
        for (identifier, id) in &self.named {
            let unknown = || TargetFault::Unknown(identifier.clone());
            let id = id.as_ref().ok_or_else(unknown)?;
            if !self.entries.iter().any(|entry| entry.resource == *id) {
                return Err(unknown().into());
            }
            if !resources.contains(id) {
                resources.push(id.clone());
            }
        }
        for entry in &self.entries {
            if resources.contains(&entry.resource) {
                continue;
            }
            if !self.named.is_empty() {
                return Err(TargetFault::OtherOwner(entry.name.clone()).into());
            }
            resources.push(entry.resource.clone());
        }
        Ok(resources)
    }

    /// The one resource of `granted` that an access token is for, and what of the scope it owns.
    ///
    /// # Errors
    /// `invalid_target` if a resource is named that was not granted, or several come into question; `invalid_scope` if
    /// nothing of the scope is left.
    pub fn one_of(&self, granted: &[ResourceId]) -> Result<(ResourceId, Scope), OAuthError> {
        if self.is_for_this_server() {
            return Ok((ResourceId::this_server(), self.own.clone()));
        }
        let resource = match self.named.as_slice() {
            [] => self.only_owner(granted)?,
            [(identifier, id)] => id
                .clone()
                .filter(|id| granted.contains(id))
                .ok_or_else(|| TargetFault::NotGranted(identifier.clone()))?,
            _ => return Err(TargetFault::TooMany.into()),
        };
        let owns = |token: &str| self.entries.iter().any(|entry| entry.name == token && entry.resource == resource);
        let scope = self.scope.filter(owns);
        if scope.is_empty() { Err(ScopeFault::Nothing.into()) } else { Ok((resource, scope.union(&self.own))) }
    }

    fn is_for_this_server(&self) -> bool {
        self.scope.is_empty() && !self.own.is_empty()
    }

    fn only_owner(&self, granted: &[ResourceId]) -> Result<ResourceId, OAuthError> {
        let mut owners = self.entries.iter().map(|entry| &entry.resource).filter(|owner| granted.contains(owner));
        let owner = owners.next().ok_or(ScopeFault::Nothing)?;
        if owners.any(|other| other != owner) { Err(TargetFault::Several.into()) } else { Ok(owner.clone()) }
    }
}
