//! POST /forge/invocations: a host product calls an app.

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::json::NoStore;
use crate::oauth::error::OAuthError;
use crate::oauth::invocation::{self, Invoked};

/// Where a host product asks.
pub const PATH: &str = "/forge/invocations";

/// Makes an invocation.
#[rocket::post("/forge/invocations", data = "<request>")]
pub async fn invoke(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<NoStore<Invoked>, OAuthError> {
    let (host, parameters) = request.resource(server, PATH).await?;
    invocation::invoke(server, &host, &parameters).await.map(NoStore)
}
