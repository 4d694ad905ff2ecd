//! POST /oauth/par (RFC 9126 section 2).

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::json::Created;
use crate::http::responses::refused::Refused;
use crate::oauth::pushed_authorization::{self, PushedResponse};

const PATH: &str = "/oauth/par";

/// Keeps an authorization request until a browser brings its name.
#[rocket::post("/oauth/par", data = "<request>")]
pub async fn push(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<Created<PushedResponse>, Refused> {
    let (client, parameters) = request.client(server, PATH).await?;
    let pushed = pushed_authorization::push(server, &client, &parameters).await;
    pushed.map(Created).map_err(|error| Refused::of(&client.id, PATH, error))
}
