//! POST /oauth2/token (RFC 7523 section 2.1), where Connect apps look for it.

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Event;
use crate::http::guards::client_request::ClientRequest;
use crate::http::responses::json::NoStore;
use crate::http::responses::refused::Refused;
use crate::oauth::act_as_user::{self, PATH};
use crate::oauth::token::TokenResponse;

/// Gives an app a token that acts as a person.
#[rocket::post("/oauth2/token", data = "<request>")]
pub async fn token(
    server: &State<Arc<AuthorizationServer>>,
    request: ClientRequest<'_>,
) -> Result<NoStore<TokenResponse>, Refused> {
    let (parameters, address) = request.anonymous()?;
    let act_as_user::Refused { error, by } = match act_as_user::issue(server, &parameters).await {
        Ok(response) => return Ok(NoStore(response)),
        Err(refused) => refused,
    };
    let (app, installation_id) = by.unzip();
    let event = Event::ActAsUserRefused { installation_id, reason: error.to_string(), address };
    server.record_refusal(event, address).await;
    Err(match app {
        Some(app) => Refused::of(&app, PATH, error),
        None => error.into(),
    })
}
