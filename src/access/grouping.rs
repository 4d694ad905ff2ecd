//! Scopes as pages show them: by the API that they give access to, what is riskiest first.

use std::cmp::Reverse;

use crate::authorization_server::AuthorizationServer;
use crate::domain::id::ResourceId;
use crate::domain::scope::{READ_ME, Risk, Scope, ScopeEntry};
use crate::store::StoreError;

/// What is asked for, or was allowed, at one protected resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopesAt {
    /// What people call the API.
    pub api: String,
    /// The scopes, the riskiest first; at least one.
    pub entries: Vec<ScopeEntry>,
}

impl ScopesAt {
    /// The greatest risk among them.
    pub fn risk(&self) -> Risk {
        self.entries.iter().map(|entry| entry.risk).max().unwrap_or(Risk::Basic)
    }
}

/// What the catalogue knows of `scope`, what belongs to this server itself included.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn entries(server: &AuthorizationServer, scope: &Scope) -> Result<Vec<ScopeEntry>, StoreError> {
    let mut entries = server.store.scope_entries(&scope.of_resources()).await?;
    entries.extend(scope.contains(READ_ME).then(ScopeEntry::read_me));
    Ok(entries)
}

/// `entries` by the API they belong to, the one with the greatest risk first.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn by_api(server: &AuthorizationServer, mut entries: Vec<ScopeEntry>) -> Result<Vec<ScopesAt>, StoreError> {
    entries.sort_by(|a, b| b.risk.cmp(&a.risk).then_with(|| a.title.cmp(&b.title)));
    let mut groups: Vec<ScopesAt> = Vec::new();
    for entry in entries {
        match groups.iter_mut().find(|group| group.entries[0].resource == entry.resource) {
            Some(group) => group.entries.push(entry),
            None => {
                groups.push(ScopesAt { api: name(server, &entry.resource).await?, entries: vec![entry] });
            }
        }
    }
    groups.sort_by_key(|group| Reverse(group.risk()));
    Ok(groups)
}

/// What people call an API.
async fn name(server: &AuthorizationServer, api: &ResourceId) -> Result<String, StoreError> {
    if *api == ResourceId::this_server() {
        return Ok(server.config.issuer.name.clone());
    }
    let resource = server.store.resource(api).await?;
    Ok(resource.map_or_else(|| api.to_string(), |resource| resource.name.clone()))
}
