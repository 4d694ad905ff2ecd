//! POST /oauth/revoke (RFC 7009 section 2).

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::oauth::error::OAuthError;
use crate::oauth::revocation;

/// Ends a token of the calling client. 200 is sent only once it is over for good.
#[rocket::post("/oauth/revoke", data = "<request>")]
pub async fn revoke(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<Status, OAuthError> {
    let (client, parameters) = request.client(server, "/oauth/revoke").await?;
    revocation::revoke(server, &client, &parameters).await?;
    Ok(Status::Ok)
}
