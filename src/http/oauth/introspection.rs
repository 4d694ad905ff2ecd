//! POST /oauth/introspect (RFC 7662 section 2).

use std::sync::Arc;

use rocket::State;
use rocket::request::Request;
use rocket::response::{self, Responder};

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::{ClientRequest, refused};
use crate::http::guards::{request_id, server_of};
use crate::http::responses::json::NoStore;
use crate::http::responses::refused::remember_jwt;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::{self, Introspection};

/// Where a protected resource asks.
pub const PATH: &str = "/oauth/introspect";

/// Tells a protected resource about a token that is meant for it.
#[rocket::post("/oauth/introspect", data = "<request>")]
pub async fn introspect<'r>(
    server: &'r State<Arc<AuthorizationServer>>,
    request: ClientRequest<'r>,
) -> Result<Introspection<'r>, OAuthError> {
    let (presented, parameters, address) = request.presented()?;
    match introspection::introspect(server, &presented, PATH, &parameters).await {
        Err(error) => Err(refused(server, presented, address, error).await),
        told => told,
    }
}

impl<'r> Responder<'r, 'static> for Introspection<'_> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        if let (Introspection::Inactive(Some(refused)), Some(server)) = (&self, server_of(request)) {
            remember_jwt(server, refused, request_id::of(request));
        }
        NoStore(self).respond_to(request)
    }
}
