//! Routes of the OAuth endpoints.

pub mod authorization;
pub mod consent;
pub mod introspection;
pub mod key_set;
pub mod metadata;
pub mod pushed_authorization;
pub mod revocation;
pub mod token;

use rocket::{Route, routes};

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![
        authorization::get,
        authorization::get_alias,
        authorization::post,
        authorization::post_alias,
        consent::ask,
        consent::answer,
        consent::switch,
        introspection::introspect,
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
        token::token,
    ]
}
