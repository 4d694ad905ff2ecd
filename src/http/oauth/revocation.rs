//! POST /oauth/revoke (RFC 7009 section 2).

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::refused::Refused;
use crate::oauth::revocation;

const PATH: &str = "/oauth/revoke";

/// Ends a token of the calling client. 200 is sent only once it is over for good.
#[rocket::post("/oauth/revoke", data = "<request>")]
pub async fn revoke(server: &State<Arc<AuthorizationServer>>, request: ClientRequest<'_>) -> Result<Status, Refused> {
    let (client, parameters) = request.client(server, PATH).await?;
    let revoked = revocation::revoke(server, &client, &parameters).await;
    revoked.map_err(|error| Refused::of(&client.id, PATH, error))?;
    Ok(Status::Ok)
}
