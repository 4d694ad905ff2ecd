//! GET /oauth/token/accessible-resources: where an access token is good.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::bearer::Bearer;
use crate::http::responses::bearer_refusal::BearerRefusal;
use crate::http::responses::json::NoStore;
use crate::oauth::accessible_resources::{AccessibleResource, accessible_resource};

/// The sites of the token.
#[rocket::get("/oauth/token/accessible-resources")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    bearer: Bearer<'_>,
) -> Result<NoStore<Vec<AccessibleResource>>, BearerRefusal> {
    let places = bearer.places(server).await?;
    Ok(NoStore(places.iter().map(|place| accessible_resource(server, place)).collect()))
}

/// The preflight of a script's request; the headers come from `fairings::cors`.
#[rocket::options("/oauth/token/accessible-resources")]
pub fn preflight() -> Status {
    Status::NoContent
}
