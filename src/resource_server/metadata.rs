//! What an API tells of itself: protected resource metadata (RFC 9728), so that whoever is refused finds where tokens come from.

use rocket::serde::json::{Json, Value, json};
use rocket::{Route, State, get, routes};
use url::Url;

use crate::domain::resource::BaseUrl;
use crate::resource_server::ResourceServer;

/// RFC 9728 section 3: between the host and the path.
pub(super) const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The path of the metadata of an API at `url`.
pub(super) fn path(url: &BaseUrl) -> String {
    let path = Url::parse(url.as_str()).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    format!("{WELL_KNOWN}{path}")
}

/// The URL of the metadata of an API at `url`.
pub(super) fn url(url: &BaseUrl) -> Option<String> {
    let mut parsed = Url::parse(url.as_str()).ok()?;
    parsed.set_path(&path(url));
    Some(parsed.into())
}

/// The route; its base is the path of the metadata.
pub(super) fn route() -> Vec<Route> {
    routes![metadata]
}

#[get("/")]
fn metadata(server: &State<ResourceServer>) -> Option<Json<Value>> {
    let url = server.url.as_ref()?;
    let operations = server.access.iter().flat_map(|access| &access.model.operations);
    let mut scopes: Vec<&String> = operations.filter_map(|operation| operation.scope.as_ref()).collect();
    scopes.sort();
    scopes.dedup();
    Some(Json(json!({
        "resource": url.as_str(),
        "authorization_servers": [server.issuer.as_str()],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "resource_name": server.realm,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_between_the_host_and_the_path() {
        for (api, at) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("http://127.0.0.1:8001", "http://127.0.0.1:8001/.well-known/oauth-protected-resource"),
            ("https://api.example/notes/v1", "https://api.example/.well-known/oauth-protected-resource/notes/v1"),
        ] {
            assert_eq!(url(&api.parse().expect("a URL")).as_deref(), Some(at));
        }
    }
}
