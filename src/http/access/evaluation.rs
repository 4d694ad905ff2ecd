//! POST /access/v1/evaluation (AuthZEN section 6).

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::asker::Asker;
use crate::http::guards::json_body::JsonBody;
use crate::http::responses::json::NoStore;
use crate::oauth::error::OAuthError;
use crate::oauth::evaluation::{self, Decision};

/// Where a protected resource asks.
pub const PATH: &str = "/access/v1/evaluation";

/// Whether a call may be made.
#[rocket::post("/access/v1/evaluation", data = "<body>")]
pub async fn evaluate(
    server: &State<Arc<AuthorizationServer>>,
    asker: Asker<'_>,
    body: JsonBody,
) -> Result<NoStore<Decision>, OAuthError> {
    let asker = asker.resource(server, PATH).await?;
    Ok(NoStore(evaluation::evaluate(server, &asker, body.read()?).await?))
}
