//! Protected resources and the scopes they own: add, list, remove, rotate a secret (RFC 7662 section 2.1, RFC 8707).

use std::sync::Arc;

use crate::apps::clients::{check_id, check_text};
use crate::apps::credentials::{self, NewAuthentication};
use crate::apps::{RegistryError, catalogue};
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Credentials;
use crate::domain::connect::ConnectPolicy;
use crate::domain::event::Event;
use crate::domain::id::ResourceId;
use crate::domain::resource::{ApiTokenPolicy, BaseUrl, Invocations, ProtectedResource, ResourceIdentifier};
use crate::domain::scope::{Scope, ScopeEntry};
use crate::domain::secret::Secret;
use crate::store::{Added, StoreError};

/// A protected resource that is to be registered.
#[derive(Clone)]
pub struct NewResource {
    /// The name it authenticates with.
    pub id: ResourceId,
    /// What people call it.
    pub name: String,
    /// The `resource` values that mean it; the first is the `aud` of its tokens.
    pub identifiers: Vec<ResourceIdentifier>,
    /// The scopes it owns.
    pub scopes: Vec<ScopeEntry>,
    /// How it will authenticate.
    pub authentication: NewAuthentication,
    /// Where the gateway forwards calls to.
    pub base_url: Option<BaseUrl>,
    /// Whether it may ask for invocations.
    pub invocations: Invocations,
    /// How it takes Connect apps.
    pub connect: ConnectPolicy,
    /// Which API tokens it takes.
    pub api_tokens: ApiTokenPolicy,
}

/// A resource with the scopes it owns.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The resource.
    pub resource: Arc<ProtectedResource>,
    /// Its scopes, by name.
    pub scopes: Vec<ScopeEntry>,
}

/// Registers a resource: it as it is kept, and its secret if one was made.
///
/// # Errors
/// [`RegistryError`] names the rule that the registration breaks.
pub async fn add(
    server: &AuthorizationServer,
    new: NewResource,
) -> Result<(ProtectedResource, Option<Secret<String>>), RegistryError> {
    let scope = check(&new)?;
    check_levels(&new.connect, &scope)?;
    let created = server.now();
    let (credentials, secret) = new.authentication.establish(created)?;
    if !credentials.is_confidential() {
        return Err(RegistryError::PublicResource);
    }
    let owned = |entry| ScopeEntry { resource: new.id.clone(), ..entry };
    let scopes: Vec<ScopeEntry> = new.scopes.into_iter().map(owned).collect();
    let resource = ProtectedResource {
        id: new.id.clone(),
        name: new.name,
        identifiers: new.identifiers,
        scope,
        credentials,
        created,
        base_url: new.base_url,
        invocations: new.invocations,
        connect: new.connect,
        api_tokens: new.api_tokens,
    };
    if let Added::Taken(name) = server.store.add_resource(&resource, &scopes).await? {
        return Err(RegistryError::Taken(name));
    }
    server.record(Event::ResourceAdded { resource_id: resource.id.clone() }).await;
    Ok((resource, secret))
}

/// Every resource with its scopes, by name.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer) -> Result<Vec<Registered>, StoreError> {
    let mut registered = Vec::new();
    for resource in server.store.resources().await? {
        let scopes = server.store.scopes_of(&resource.id).await?;
        registered.push(Registered { resource, scopes });
    }
    Ok(registered)
}

/// Gives a resource a new secret that this server makes. The one before it stays good until the next rotation.
///
/// # Errors
/// [`RegistryError::Unknown`] and [`RegistryError::NoSecrets`].
pub async fn rotate_secret(server: &AuthorizationServer, id: &ResourceId) -> Result<Secret<String>, RegistryError> {
    let secret = credentials::make();
    add_secret(server, id, secret.expose()).await?;
    Ok(secret)
}

/// Gives a resource a new secret that somebody chose. The one before it stays good until the next rotation.
///
/// # Errors
/// [`RegistryError::Unknown`], [`RegistryError::NoSecrets`] and [`RegistryError::Secret`].
pub async fn add_secret(server: &AuthorizationServer, id: &ResourceId, secret: &str) -> Result<(), RegistryError> {
    let digest = credentials::digest_of(secret)?;
    let resource = server.store.resource(id).await?.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    if !matches!(resource.credentials, Credentials::Secrets(_)) {
        return Err(RegistryError::NoSecrets(id.clone()));
    }
    let kept = server.store.add_resource_secret(id, digest, server.now()).await?;
    kept.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    server.record(Event::ResourceSecretAdded { resource_id: id.clone() }).await;
    Ok(())
}

/// Says how a resource takes Connect apps from now on.
///
/// # Errors
/// [`RegistryError::Unknown`]; [`RegistryError::NotOwn`] for the level of a scope that the resource does not own.
pub async fn set_connect(
    server: &AuthorizationServer,
    id: &ResourceId,
    policy: ConnectPolicy,
) -> Result<(), RegistryError> {
    let resource = server.store.resource(id).await?.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    check_levels(&policy, &resource.scope)?;
    let kept = server.store.set_connect(id, &policy).await?;
    kept.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    server.record(Event::ResourceConnectSet { resource_id: id.clone(), mode: policy.mode }).await;
    Ok(())
}

/// Says which API tokens a resource takes from now on.
///
/// # Errors
/// [`RegistryError::Unknown`].
pub async fn set_api_tokens(
    server: &AuthorizationServer,
    id: &ResourceId,
    policy: ApiTokenPolicy,
) -> Result<(), RegistryError> {
    let kept = server.store.set_api_tokens(id, policy).await?;
    kept.ok_or_else(|| RegistryError::Unknown(id.clone()))?;
    server.record(Event::ResourceApiTokensSet { resource_id: id.clone(), policy }).await;
    Ok(())
}

/// Levels are those of the resource's own scopes.
fn check_levels(policy: &ConnectPolicy, scope: &Scope) -> Result<(), RegistryError> {
    match policy.levels.iter().find(|(name, _)| !scope.contains(name)) {
        Some((name, _)) => Err(RegistryError::NotOwn(name.clone())),
        None => Ok(()),
    }
}

/// Removes a resource and its scopes; tokens for it are over at once.
///
/// # Errors
/// [`RegistryError::Unknown`].
pub async fn remove(server: &AuthorizationServer, id: &ResourceId) -> Result<(), RegistryError> {
    if !server.store.remove_resource(id).await? {
        return Err(RegistryError::Unknown(id.clone()));
    }
    server.record(Event::ResourceRemoved { resource_id: id.clone() }).await;
    Ok(())
}

/// The scope that the resource will own, if nothing speaks against the registration.
fn check(new: &NewResource) -> Result<Scope, RegistryError> {
    check_text("the name of a protected resource", &new.name)?;
    check_id(Some(&new.id))?;
    if new.identifiers.is_empty() {
        return Err(RegistryError::NoIdentifier);
    }
    let mut owned = Scope::default();
    for scope in &new.scopes {
        let name = catalogue::check_name(&scope.name)?;
        check_text("the title of a scope", &scope.title)?;
        if owned.covers(&name) {
            return Err(RegistryError::Taken(scope.name.clone()));
        }
        owned = owned.union(&name);
    }
    if owned.is_empty() { Err(RegistryError::NoOwnScope) } else { Ok(owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::catalogue::WrittenScope;

    fn refusal(change: impl FnOnce(&mut NewResource)) -> String {
        let id: ResourceId = "assets".parse().expect("an id");
        let mut new = NewResource {
            name: "Assets".into(),
            identifiers: vec!["https://assets.example".parse().expect("an identifier")],
            scopes: vec![WrittenScope::from_argument("read:cmdb-object:jira").entry(&id)],
            authentication: NewAuthentication::Secret(None),
            base_url: None,
            invocations: Invocations::default(),
            connect: ConnectPolicy::default(),
            api_tokens: ApiTokenPolicy::default(),
            id,
        };
        change(&mut new);
        check(&new).map_or_else(|error| error.to_string(), |_| "accepted".into())
    }

    #[test]
    fn a_resource_that_nobody_could_ask_for_is_refused() {
        assert_eq!(refusal(|_| ()), "accepted");
        assert!(refusal(|new| new.id = ResourceId::this_server()).contains("taken"));
        assert!(refusal(|new| new.identifiers.clear()).contains("identifier"));
        assert!(refusal(|new| new.scopes.clear()).contains("scope"));
        assert!(refusal(|new| new.scopes.push(new.scopes[0].clone())).contains("taken"));
        assert!(refusal(|new| new.scopes[0].name = "offline_access".into()).contains("offline_access"));
        assert!(refusal(|new| new.scopes[0].title = "a\nb".into()).contains("title"));
    }
}
