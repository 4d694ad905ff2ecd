//! POST /oauth/introspect (RFC 7662 section 2).

use std::sync::Arc;

use rocket::State;
use rocket::request::Request;
use rocket::response::{self, Responder};
use serde_json::json;

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::json::NoStore;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::{self, Introspection};
use crate::telemetry::IntrospectionOutcome;

/// Tells a protected resource about a token that is meant for it.
#[rocket::post("/oauth/introspect", data = "<request>")]
pub async fn introspect<'r>(
    server: &'r State<Arc<AuthorizationServer>>,
    request: ClientRequest<'r>,
) -> Result<Introspection<'r>, OAuthError> {
    let (asker, parameters) = request.resource(server, "/oauth/introspect").await?;
    let told = introspection::introspect(server, asker, &parameters).await?;
    server.telemetry.introspected(match told {
        Introspection::Active(_) => IntrospectionOutcome::Active,
        Introspection::Inactive => IntrospectionOutcome::Inactive,
    });
    Ok(told)
}

impl<'r> Responder<'r, 'static> for Introspection<'_> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Introspection::Active(token) => NoStore(token).respond_to(request),
            Introspection::Inactive => NoStore(json!({"active": false})).respond_to(request),
        }
    }
}
