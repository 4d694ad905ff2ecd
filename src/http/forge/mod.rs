//! Routes by which host products and apps speak to each other.

pub mod installations;
pub mod invocations;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![invocations::invoke, installations::list, installations::one]
}
