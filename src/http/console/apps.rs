//! GET /console: the apps of a developer, or how to begin.

use std::sync::Arc;

use rocket::State;

use crate::apps::console::{self, Developed};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::Distribution;
use crate::http::console::deploy::sample;
use crate::http::guards::signed_in::SignedIn;
use crate::http::responses::page::{ErrorPage, Frame, Page};

#[derive(askama::Template)]
#[template(path = "console/apps.html")]
struct AppsPage {
    frame: Frame,
    apps: Vec<Developed>,
    sample: String,
}

/// The apps that a person owns or contributes to.
#[rocket::get("/console")]
pub async fn list(server: &State<Arc<AuthorizationServer>>, signed_in: SignedIn) -> Result<Page, ErrorPage> {
    let apps = console::apps(server, signed_in.user.id).await.map_err(|error| ErrorPage::failure(&error))?;
    let frame = Frame::wide(server, &signed_in.user, "/console");
    Ok(Page::ok(&AppsPage { frame, apps, sample: sample() }))
}
