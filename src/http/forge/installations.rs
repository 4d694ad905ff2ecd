//! GET /v1/installations, GET /v1/installation/{id}: an app asks where it is installed and what was approved, in the form of
//! Forge containers.

use std::convert::Infallible;
use std::sync::Arc;

use rocket::State;
use rocket::request::{FromRequest, Outcome, Request};

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::json::NoStore;
use crate::oauth::gateway::GatewayRefusal;
use crate::oauth::installations::{self, InstallationDetail, Page};
use crate::resource_server::token;

/// The system token of the app that calls, if it sends one.
pub struct SystemToken<'r>(Option<&'r str>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SystemToken<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(token(request).ok()))
    }
}

/// Where the app that calls is installed, a page at a time.
#[rocket::get("/v1/installations?<pageSize>&<cursor>")]
#[expect(non_snake_case, reason = "the name of the parameter is Forge's")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    token: SystemToken<'_>,
    pageSize: Option<usize>,
    cursor: Option<&str>,
) -> Result<NoStore<Page>, GatewayRefusal> {
    installations::list(server, token.0, pageSize, cursor).await.map(NoStore)
}

/// One installation of the app that calls.
#[rocket::get("/v1/installation/<id>")]
pub async fn one(
    server: &State<Arc<AuthorizationServer>>,
    token: SystemToken<'_>,
    id: &str,
) -> Result<NoStore<InstallationDetail>, GatewayRefusal> {
    installations::one(server, token.0, id).await.map(NoStore)
}
