//! `setup-link`: a new one-time link for the first admin.

use serde_json::json;

use crate::accounts::people;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::domain::event::Actor;

pub(super) async fn run(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let link = people::setup_link(server, Actor::Operator).await?;
    let lasts = server.config.lifetimes.setup_link;
    let text = format!("{link}\nValid for {lasts}, one use. An earlier link no longer works.");
    Ok(Answer::new(text, json!({ "setup_link": link, "expires_in": lasts.as_secs() })))
}
