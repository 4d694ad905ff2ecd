//! `setup-link`: a new one-time link for the first admin.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::accounts::people;
use crate::authorization_server::AuthorizationServer;
use crate::cli::answer::{Answer, CommandError};
use crate::domain::event::Actor;

pub(super) async fn run(server: &AuthorizationServer) -> Result<Answer, CommandError> {
    let link = people::setup_link(server, Actor::Operator).await?;
    // The file held the link that is now void, if it is there at all.
    let _ = std::fs::remove_file(file(&server.config.store.folder));
    let lasts = server.config.lifetimes.setup_link;
    let text = format!("{link}\nValid for {lasts}, one use. An earlier link no longer works.");
    Ok(Answer::new(text, json!({ "setup_link": link, "expires_in": lasts.as_secs() })))
}

/// Where a server that has no terminal leaves the link that it made as it began.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("setup-link")
}
