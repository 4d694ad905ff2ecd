//! Pages of a person's own account.

pub mod activity;
pub mod connections;
pub mod links;
pub mod new_token;
pub mod profile;
pub mod sessions;
pub mod sign_in;
pub mod sign_out;
pub mod tokens;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![
        activity::list,
        connections::list,
        connections::show,
        connections::remove,
        connections::remove_on,
        links::show_set_up,
        links::set_up,
        links::show_invite,
        links::accept_invite,
        links::show_reset,
        links::reset,
        new_token::show,
        new_token::make,
        profile::home,
        profile::overview,
        profile::show_password,
        profile::change_password,
        profile::change_password_hint,
        sessions::list,
        sessions::end,
        sessions::end_others,
        sign_in::show,
        sign_in::submit,
        sign_in::go_on,
        sign_out::ask,
        sign_out::sign_out,
        tokens::list,
        tokens::revoke,
        tokens::confirm_revoke_all,
        tokens::revoke_all,
    ]
}
