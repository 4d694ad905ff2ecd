//! POST /forge/invocations: a host product calls an app.

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::json::NoStore;
use crate::http::responses::refused::Refused;
use crate::oauth::error::OAuthError;
use crate::oauth::invocation::{self, Invoked};

/// Where a host product asks.
pub const PATH: &str = "/forge/invocations";

/// Makes an invocation. Where the app is why there is none, its developers learn of that.
#[rocket::post("/forge/invocations", data = "<request>")]
pub async fn invoke(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<NoStore<Invoked>, Refused> {
    let (host, parameters) = request.resource(server, PATH).await?;
    let error = match invocation::invoke(server, &host, &parameters).await {
        Ok(invoked) => return Ok(NoStore(invoked)),
        Err(error @ OAuthError::InvalidGrant(_)) => error,
        Err(error) => return Err(error.into()),
    };
    Err(match invocation::client_of(server, &parameters).await {
        Some(client) => Refused::of(&client, PATH, error),
        None => error.into(),
    })
}
