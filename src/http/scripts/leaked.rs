//! POST /tokens/leaked: whoever found a token in public ends it. To have it is all the proof that is asked for, since whoever has it could
//! do worse with it.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;

use crate::accounts::leaked;
use crate::accounts::networks::{self, Attempt};
use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::scripts::refusal::ScriptRefusal;

/// Ends the token of a form or of a JSON object. Whether it was live is not told: the answer is the same.
#[rocket::post("/tokens/leaked", data = "<request>")]
pub async fn end(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<Status, ScriptRefusal> {
    let unreadable = |_| ScriptRefusal::Malformed("the body is a form or a JSON object with the one parameter token");
    let (parameters, address) = request.anonymous().map_err(unreadable)?;
    let token = parameters.required("token").map_err(unreadable)?;
    networks::take(server, Attempt::Leak, address).await?;
    leaked::end(server, token, address).await?;
    Ok(Status::Accepted)
}
