//! Where an access token is good: the sites that its person allowed its client, for 3LO clients, which ask before they call.

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::id::SiteId;
use crate::domain::site::Site;
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

/// Every site that the person of `live` allowed its client and is still a member of, by name, with what of the token's scope
/// is good there; for a client's own token, the site that it is on.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, live: &LiveToken) -> Result<Vec<AccessibleResource>, StoreError> {
    let mut sites = Vec::new();
    match &live.person {
        Some((user, grant)) => {
            for member in server.store.memberships(user.id).await? {
                if grant.sites.contains(&member.site_id) {
                    sites.extend(server.store.site(member.site_id).await?);
                }
            }
        }
        None => sites.push(live.site.clone()),
    }
    sites.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(sites.iter().map(|site| describe(server, live, site)).collect())
}

fn describe(server: &AuthorizationServer, live: &LiveToken, site: &Site) -> AccessibleResource {
    AccessibleResource {
        id: site.id,
        name: site.name.clone(),
        url: server.url_of(site).to_owned(),
        scopes: live.effective().of_resources().iter().map(str::to_owned).collect(),
        avatar_url: server.config.issuer.url.url(AVATAR),
    }
}
