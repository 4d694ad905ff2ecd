//! GET /me: who the person of an access token is.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::domain::scope::READ_ME;
use crate::http::guards::bearer::Bearer;
use crate::http::responses::bearer_refusal::BearerRefusal;
use crate::http::responses::json::NoStore;
use crate::oauth::me::{Me, me};
use crate::resource_server::Refusal;

/// The person of the token.
#[rocket::get("/me")]
pub async fn show(server: &State<Arc<AuthorizationServer>>, bearer: Bearer<'_>) -> Result<NoStore<Me>, BearerRefusal> {
    let places = bearer.places(server).await?;
    Ok(NoStore(places.iter().find_map(me).ok_or(Refusal::InsufficientScope { required: READ_ME })?))
}

/// The preflight of a script's request; the headers come from `fairings::cors`.
#[rocket::options("/me")]
pub fn preflight() -> Status {
    Status::NoContent
}
