//! Routes of the OAuth endpoints.

pub mod accessible_resources;
pub mod authorization;
pub mod connected;
pub mod consent;
pub mod introspection;
pub mod key_set;
pub mod me;
pub mod metadata;
pub mod pushed_authorization;
pub mod revocation;
pub mod token;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    // Rocket tries them in this order: what is asked most often stands first.
    routes![
        introspection::introspect,
        token::token,
        accessible_resources::list,
        accessible_resources::preflight,
        me::show,
        me::preflight,
        authorization::get,
        authorization::get_alias,
        authorization::post,
        authorization::post_alias,
        connected::connected,
        consent::ask,
        consent::answer,
        consent::switch,
        key_set::keys,
        key_set::keys_alias,
        key_set::keys_preflight,
        key_set::keys_alias_preflight,
        metadata::document,
        metadata::document_preflight,
        metadata::token_preflight,
        metadata::revocation_preflight,
        pushed_authorization::push,
        revocation::revoke,
    ]
}
