//! Routes for Connect apps.

pub mod public_key;
pub mod token;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![token::token, public_key::pem]
}
