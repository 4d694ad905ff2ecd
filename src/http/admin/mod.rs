//! Pages behind a standing: only admins open them, and of the pages of a site the admins of that site too.

pub mod group;
pub mod groups;
pub mod import_sources;
pub mod members;
pub mod people;
pub mod person;
pub mod roles;
pub mod site;
pub mod sites;

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
        person::revoke_token,
        person::revoke_all_tokens,
        person::end_session,
        person::end_all_sessions,
        sites::list,
        sites::add,
        site::show,
        site::change,
        import_sources::list,
        import_sources::add,
        import_sources::make_token,
        import_sources::end_token,
        import_sources::confirm,
        import_sources::remove,
        groups::list,
        groups::add,
        group::show,
        group::put,
        group::take,
        group::confirm,
        group::remove,
        roles::resources::list,
        roles::object::show,
        roles::change::give,
        roles::change::take,
        roles::holder::show,
        members::add,
        members::set_standing,
        members::confirm,
        members::remove,
    ]
}
