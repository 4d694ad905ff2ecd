//! Which site is meant by a name.

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::id::SiteId;
use crate::domain::site::{Site, SiteUrl};
use crate::store::StoreError;

/// The site that a workspace belongs to.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn of_workspace(server: &AuthorizationServer, workspace: SiteId) -> Result<Option<Arc<Site>>, StoreError> {
    server.store.site_of_workspace(workspace).await
}

/// The site of which `name` is the identifier, that of its workspace, or the URL.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn named(server: &AuthorizationServer, name: &str) -> Result<Option<Arc<Site>>, StoreError> {
    if let Ok(id) = name.parse() {
        return match server.store.site(id).await? {
            Some(site) => Ok(Some(site)),
            None => of_workspace(server, id).await,
        };
    }
    let Ok(url) = name.parse::<SiteUrl>() else { return Ok(None) };
    if let Some(site) = server.store.site_at(url.as_str()).await? {
        return Ok(Some(site));
    }
    if url.as_str() != server.config.issuer.url.as_str() {
        return Ok(None);
    }
    // Of the sites without a URL of their own the default one is what people reach here.
    let default = server.store.site(server.site.id).await?;
    Ok(default.filter(|site| site.url.is_none()))
}
