//! Pages behind a standing: only admins open them.

pub mod people;
pub mod person;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![
        people::home,
        people::list,
        people::invite,
        person::show,
        person::make_link,
        person::suspend,
        person::resume,
        person::end_access,
        person::end_session,
        person::end_all_sessions,
    ]
}
