//! POST /access/v1/evaluations (AuthZEN section 7).

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::asker::Asker;
use crate::http::guards::json_body::LongJsonBody;
use crate::http::responses::json::NoStore;
use crate::oauth::error::OAuthError;
use crate::oauth::evaluation::{self, BatchAnswer};

/// Where a protected resource asks.
pub const PATH: &str = "/access/v1/evaluations";

/// Whether each of several calls may be made.
#[rocket::post("/access/v1/evaluations", data = "<body>")]
pub async fn evaluate(
    server: &State<Arc<AuthorizationServer>>,
    asker: Asker<'_>,
    body: LongJsonBody,
) -> Result<NoStore<BatchAnswer>, OAuthError> {
    let asker = asker.resource(server, PATH).await?;
    Ok(NoStore(evaluation::evaluations(server, &asker, body.read()?).await?))
}
