//! Where an access token is good, for 3LO clients, which ask before they call.

use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::domain::id::SiteId;
use crate::oauth::bearer::LiveToken;

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

/// The site of `place`, with what of the token's scope is good there.
pub fn accessible_resource(server: &AuthorizationServer, place: &LiveToken) -> AccessibleResource {
    AccessibleResource {
        id: place.site.id,
        name: place.site.name.clone(),
        url: server.url_of(&place.site).to_owned(),
        scopes: place.effective().of_resources().iter().map(str::to_owned).collect(),
        avatar_url: server.config.issuer.url.url(AVATAR),
    }
}
