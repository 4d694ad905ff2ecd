//! GET /static/…: style sheet and icon, part of the binary; browsers keep the sheet for as long as its address stays the same.

use std::sync::LazyLock;

use rocket::http::ContentType;
use rocket::{Responder, Route, routes};

use crate::secrets::digest::{base64url, digest};

const MAIN_CSS: &str = include_str!("../../static/css/main.css");
const FAVICON: &str = include_str!("../../static/img/favicon.svg");

/// The address of the style sheet; it changes with its content.
static MAIN_CSS_URL: LazyLock<String> =
    LazyLock::new(|| format!("/static/main.css?v={}", base64url(&digest(MAIN_CSS).0[..6])));

/// The address of the style sheet; it changes with its content.
pub fn style_sheet() -> &'static str {
    &MAIN_CSS_URL
}

#[derive(Responder)]
struct Asset {
    body: &'static str,
    content_type: ContentType,
    cache: rocket::http::Header<'static>,
}

#[rocket::get("/static/main.css")]
fn main_css() -> Asset {
    let cache = rocket::http::Header::new("Cache-Control", "public, max-age=31536000, immutable");
    Asset { body: MAIN_CSS, content_type: ContentType::CSS, cache }
}

#[rocket::get("/static/favicon.svg")]
fn favicon() -> Asset {
    let cache = rocket::http::Header::new("Cache-Control", "public, max-age=86400");
    Asset { body: FAVICON, content_type: ContentType::SVG, cache }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![main_css, favicon]
}
