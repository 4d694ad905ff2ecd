//! POST /oauth/token (RFC 6749 section 3.2), form and JSON.

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::json::NoStore;
use crate::http::responses::refused::Refused;
use crate::oauth::token::{TokenResponse, grant};

/// Where tokens are asked for.
pub const PATH: &str = "/oauth/token";

/// Exchanges a grant for tokens.
#[rocket::post("/oauth/token", data = "<request>")]
pub async fn token(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<NoStore<TokenResponse>, Refused> {
    let (client, parameters) = request.client(server, PATH).await?;
    grant(server, &client, &parameters).await.map(NoStore).map_err(|error| Refused::of(&client.id, PATH, error))
}
