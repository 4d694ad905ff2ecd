//! What scripts call on this server itself, and what whoever finds a token of one in public does.
//!
//! | file | what |
//! |---|---|
//! | `import_sources` | the token of an import source, and where it is good |
//! | `roles` | who holds which role, told and changed |
//! | `role_bodies` | the bodies of that |
//! | `manage` | the API tokens of anybody, for admins of this server |
//! | `leaked` | a token that was found in public is ended |
//! | `caller`, `refusal` | who calls, and why not |

pub mod caller;
pub mod import_sources;
pub mod leaked;
pub mod manage;
pub mod refusal;
pub mod role_bodies;
pub mod roles;

use rocket::{Route, routes};

use crate::domain::connect::Level;
use crate::domain::operation::Operation;

/// The routes of this folder.
pub fn routes() -> Vec<Route> {
    routes![
        import_sources::make_token,
        import_sources::info,
        roles::of_object,
        roles::tell,
        roles::replace,
        roles::add,
        roles::take,
        leaked::end,
        manage::list,
        manage::revoke,
    ]
}

/// An operation that no resource declares.
fn undeclared(name: &str, scope: &str, connect: Option<Level>) -> Operation {
    Operation {
        name: name.to_owned(),
        request: None,
        scope: Some(scope.to_owned()),
        on: 0,
        id: None,
        requires: None,
        on_site: None,
        connect,
        container_token: false,
        filter: false,
    }
}
