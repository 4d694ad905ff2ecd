//! GET /v1/installations, GET /v1/installation/{id}: an app asks where it is installed and what was approved, in the form of
//! Forge containers.

use std::sync::Arc;

use rocket::State;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder};

use crate::authorization_server::AuthorizationServer;
use crate::http::gateway::bearer;
use crate::http::responses::json;
use crate::oauth::error::OAuthError;
use crate::oauth::gateway::GatewayRefusal;
use crate::oauth::installations::{self, InstallationDetail, Page};

/// The token of whoever calls, if they send one.
pub struct Bearer<'r>(Option<&'r str>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bearer<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let mut headers = request.headers().get("Authorization");
        let header = headers.next().filter(|_| headers.next().is_none());
        Outcome::Success(Self(header.and_then(bearer)))
    }
}

/// An answer to an app, or why there is none.
pub struct Asked<T>(Result<T, GatewayRefusal>);

impl<'r, T: serde::Serialize> Responder<'r, 'static> for Asked<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self.0 {
            Ok(body) => json::json(Status::Ok, &body),
            Err(GatewayRefusal::Refused(error)) => OAuthError::respond_to(error, request),
            Err(GatewayRefusal::Resource) => {
                json::json(Status::NotFound, &refused("not_found", "no such installation"))
            }
            Err(refusal) => json::json(Status::Unauthorized, &refused("invalid_token", &refusal.to_string())),
        }
    }
}

fn refused(error: &str, description: &str) -> serde_json::Value {
    serde_json::json!({ "error": error, "error_description": description })
}

/// Where the app that calls is installed, a page at a time.
#[rocket::get("/v1/installations?<pageSize>&<cursor>")]
#[expect(non_snake_case, reason = "the name of the parameter is Forge's")]
pub async fn list(
    server: &State<Arc<AuthorizationServer>>,
    bearer: Bearer<'_>,
    pageSize: Option<usize>,
    cursor: Option<&str>,
) -> Asked<Page> {
    Asked(installations::list(server, bearer.0, pageSize, cursor).await)
}

/// One installation of the app that calls.
#[rocket::get("/v1/installation/<id>")]
pub async fn one(server: &State<Arc<AuthorizationServer>>, bearer: Bearer<'_>, id: &str) -> Asked<InstallationDetail> {
    Asked(installations::one(server, bearer.0, id).await)
}
