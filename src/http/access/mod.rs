//! Routes of the decision (AuthZEN Authorization API 1.0), and of what protected resources tell of their objects.

pub mod evaluation;
pub mod evaluations;
pub mod forward_auth;
pub mod metadata;
pub mod objects;
pub mod search;

use rocket::{Route, routes};

/// Where many things are asked for at once, so that a body may be longer.
pub const LONG_BODIES: [&str; 2] = [evaluations::PATH, objects::PATH];

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    let mut routes = routes![
        evaluation::evaluate,
        evaluations::evaluate,
        search::search,
        metadata::document,
        objects::put,
        objects::remove,
    ];
    routes.extend(forward_auth::routes());
    routes
}
