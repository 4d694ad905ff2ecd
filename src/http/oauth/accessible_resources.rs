//! GET /oauth/token/accessible-resources: where an access token is good.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::bearer::Bearer;
use crate::http::responses::bearer_refusal::BearerRefusal;
use crate::http::responses::json::NoStore;
use crate::oauth::accessible_resources::{self, AccessibleResource};

/// The sites of the token.
#[rocket::get("/oauth/token/accessible-resources")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    bearer: Bearer<'_>,
) -> Result<NoStore<Vec<AccessibleResource>>, BearerRefusal> {
    let live = bearer.live(server).await?;
    Ok(NoStore(accessible_resources::list(server, &live).await?))
}

/// The preflight of a script's request; the headers come from `fairings::cors`.
#[rocket::options("/oauth/token/accessible-resources")]
pub fn preflight() -> Status {
    Status::NoContent
}
