//! POST /access/v1/search/resource (AuthZEN section 8.4).

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::asker::Asker;
use crate::http::guards::json_body::JsonBody;
use crate::http::responses::json::NoStore;
use crate::oauth::error::OAuthError;
use crate::oauth::evaluation::{self, SearchAnswer};

/// Where a protected resource asks.
pub const PATH: &str = "/access/v1/search/resource";

/// On which objects a call may be made.
#[rocket::post("/access/v1/search/resource", data = "<body>")]
pub async fn search(
    server: &State<Arc<AuthorizationServer>>,
    asker: Asker<'_>,
    body: JsonBody,
) -> Result<NoStore<SearchAnswer>, OAuthError> {
    let asker = asker.resource(server, PATH).await?;
    Ok(NoStore(evaluation::search(server, &asker, body.read()?).await?))
}
