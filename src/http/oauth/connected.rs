//! GET /connected: where a person ends up who allowed an app something without having come from it. The code in the address
//! can be redeemed by nobody.

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::page::{Frame, Page};

#[derive(askama::Template)]
#[template(path = "oauth/connected.html")]
struct ConnectedPage {
    frame: Frame,
    title: &'static str,
    what_happened: &'static str,
}

/// Says what was decided, and that there is nothing more to do.
#[rocket::get("/connected?<error>")]
pub fn connected(server: &State<Arc<AuthorizationServer>>, error: Option<&str>) -> Page {
    let (title, what_happened) = match error {
        None => (
            "The app is connected",
            "It can now do for you what you allowed. Go back to the page that you came from, and try again.",
        ),
        Some("access_denied") => ("You did not allow it", "Nothing was shared. You can close this page."),
        Some(_) => (
            "The app is not connected",
            "Something about the request was wrong. Go back to the page that you came from, and try again.",
        ),
    };
    Page::ok(&ConnectedPage { frame: Frame::narrow(server), title, what_happened })
}
