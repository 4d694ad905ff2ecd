//! What an app learns of its own installations, with its system token (Forge containers' `/v1/installations`).

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::installation::Installation;
use crate::domain::manifest::Egress;
use crate::oauth::gateway::{GatewayRefusal, Holder, holder, installation};

/// The most installations on a page.
const LARGEST_PAGE: usize = 100;

/// Some installations of an app.
#[derive(Serialize)]
pub struct Page {
    installations: Vec<Summary>,
    /// What to ask for the next page with, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// One installation, by Forge's names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    id: String,
    installation_context: String,
    version: String,
    secondary_installation_contexts: Vec<String>,
}

/// One installation, with what its admin approved.
#[derive(Serialize)]
pub struct InstallationDetail {
    #[serde(flatten)]
    summary: Summary,
    scopes: Vec<String>,
    external: Vec<Egress>,
}

/// A page of the installations of the app that holds the system token `bearer`, in its environment.
///
/// # Errors
/// [`GatewayRefusal`] if the token is not live or the store fails.
pub async fn list(
    server: &AuthorizationServer,
    bearer: Option<&str>,
    size: Option<usize>,
    cursor: Option<&str>,
) -> Result<Page, GatewayRefusal> {
    let Holder { authority, .. } = holder(server, bearer).await?;
    let mut all = server.store.installations_of(authority.installation.deployment).await?;
    all.sort_by_key(|installation| installation.id);
    let after = cursor.and_then(|cursor| cursor.parse().ok());
    let rest: Vec<_> =
        all.into_iter().filter(|installation| after.is_none_or(|after| installation.id > after)).collect();
    let size = size.unwrap_or(LARGEST_PAGE).clamp(1, LARGEST_PAGE);
    let cursor = (rest.len() > size).then(|| rest[size - 1].id.to_string());
    Ok(Page { installations: rest.iter().take(size).map(|installation| summary(installation)).collect(), cursor })
}

/// The installation `id`, if it is one of the app that holds the system token `bearer`.
///
/// # Errors
/// [`GatewayRefusal::Installation`] if there is none.
pub async fn one(
    server: &AuthorizationServer,
    bearer: Option<&str>,
    id: &str,
) -> Result<InstallationDetail, GatewayRefusal> {
    let Holder { authority, client } = holder(server, bearer).await?;
    let id = installation(id).ok_or(GatewayRefusal::Installation)?;
    let asked = server.store.installation(id).await?.ok_or(GatewayRefusal::Installation)?;
    if asked.deployment != authority.installation.deployment {
        return Err(GatewayRefusal::Installation);
    }
    let approved = server.store.version(asked.deployment, asked.approval.version).await?;
    let scopes = asked.approval.scope.iter().filter(|token| client.allows_token(token)).map(str::to_owned).collect();
    let external = approved.map(|version| version.manifest.privileges.egress).unwrap_or_default();
    Ok(InstallationDetail { summary: summary(&asked), scopes, external })
}

fn summary(installation: &Installation) -> Summary {
    Summary {
        id: installation.id.ari(),
        installation_context: format!("ari:cloud:jira::site/{}", installation.site_id),
        version: installation.approval.version.to_string(),
        secondary_installation_contexts: Vec::new(),
    }
}
