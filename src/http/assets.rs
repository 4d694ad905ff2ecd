//! GET /static/…: style sheet, script and icon, part of the binary; browsers keep the first two for as long as their address stays the same.

use rocket::http::{ContentType, Header};
use rocket::{Responder, Route, routes};

const MAIN_CSS: &str = include_str!("../../static/css/main.css");
const MAIN_JS: &str = include_str!("../../static/js/main.js");
const FAVICON: &str = include_str!("../../static/img/favicon.svg");

/// The address of the style sheet; it changes with its content.
pub fn style_sheet() -> String {
    const VERSION: u64 = fingerprint(MAIN_CSS.as_bytes());
    format!("/static/main.css?v={VERSION:016x}")
}

/// The address of the script; it changes with its content.
pub fn script() -> String {
    const VERSION: u64 = fingerprint(MAIN_JS.as_bytes());
    format!("/static/main.js?v={VERSION:016x}")
}

/// FNV-1a, which runs while this is compiled. Nothing rests on it but that another content has another address.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[derive(Responder)]
struct Asset {
    body: &'static str,
    content_type: ContentType,
    cache: Header<'static>,
}

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

#[rocket::get("/static/main.css")]
fn main_css() -> Asset {
    Asset { body: MAIN_CSS, content_type: ContentType::CSS, cache: Header::new("Cache-Control", FOR_GOOD) }
}

#[rocket::get("/static/main.js")]
fn main_js() -> Asset {
    Asset { body: MAIN_JS, content_type: ContentType::JavaScript, cache: Header::new("Cache-Control", FOR_GOOD) }
}

#[rocket::get("/static/favicon.svg")]
fn favicon() -> Asset {
    let cache = Header::new("Cache-Control", "public, max-age=86400");
    Asset { body: FAVICON, content_type: ContentType::SVG, cache }
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    routes![main_css, main_js, favicon]
}
