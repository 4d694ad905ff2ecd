//! What scripts call on this server itself, and what whoever finds a token of one in public does.

pub mod caller;
pub mod import_sources;
pub mod leaked;
pub mod manage;
pub mod refusal;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![import_sources::make_token, import_sources::info, leaked::end, manage::list, manage::revoke]
}
