//! Where an access token is good: the sites that its person allowed its client, for 3LO clients, which ask before they call.

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::id::SiteId;
use crate::oauth::bearer::LiveToken;
use crate::store::StoreError;

/// The image of a site that has none of its own: ours.
const AVATAR: &str = "/static/favicon.svg";

/// A site, by the names that 3LO clients read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessibleResource {
    id: SiteId,
    name: String,
    url: String,
    scopes: Vec<String>,
    avatar_url: String,
}

/// Every site on which the token is good, by name, with what of its scope is good there: those that its person allowed its
/// client and is still a member of, and on which a deployed app is installed; for an app's own token, the site that it is on.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, live: &LiveToken) -> Result<Vec<AccessibleResource>, StoreError> {
    let Some(user) = &live.bounds.user else { return Ok(vec![describe(server, live)]) };
    let mut sites = Vec::new();
    for member in server.store.memberships(user.id).await? {
        sites.extend(live.on(server, member.site_id).await?);
    }
    sites.sort_by(|a, b| a.site.name.cmp(&b.site.name).then_with(|| a.site.id.cmp(&b.site.id)));
    Ok(sites.iter().map(|live| describe(server, live)).collect())
}

fn describe(server: &AuthorizationServer, live: &LiveToken) -> AccessibleResource {
    let site = &live.site;
    AccessibleResource {
        id: site.id,
        name: site.name.clone(),
        url: server.url_of(site).to_owned(),
        scopes: live.effective().of_resources().iter().map(str::to_owned).collect(),
        avatar_url: server.config.issuer.url.url(AVATAR),
    }
}
