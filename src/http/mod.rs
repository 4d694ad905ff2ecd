//! Everything that knows Rocket: translate in, call one use case, translate out.
//!
//! | path | who | file |
//! |---|---|---|
//! | `/oauth/authorize`, `/authorize` | browsers | `oauth::authorization` |
//! | `/consent`, `/consent/switch` | browsers | `oauth::consent` |
//! | `/oauth/token` | clients | `oauth::token` |
//! | `/oauth/par` | clients | `oauth::pushed_authorization` |
//! | `/oauth/introspect` | protected resources | `oauth::introspection` |
//! | `/oauth/revoke` | clients | `oauth::revocation` |
//! | `/.well-known/oauth-authorization-server` | everybody | `oauth::metadata` |
//! | `/oauth/jwks`, `/.well-known/jwks.json` | everybody | `oauth::key_set` |
//! | `/login`, `/logout` | browsers | `accounts::sign_in`, `accounts::sign_out` |
//! | `/setup/…`, `/invite/…`, `/reset/…` | holders of a one-time link | `accounts::links` |
//! | `/account`, `/account/password` | who is signed in | `accounts::profile` |
//! | `/account/apps` | who is signed in | `accounts::connections` |
//! | `/account/sessions` | who is signed in | `accounts::sessions` |
//! | `/admin/people` | admins | `admin` |
//! | `/static/…` | everybody | `assets` |

pub mod accounts;
pub mod admin;
pub mod assets;
pub mod catchers;
pub mod express;
pub mod fairings;
pub mod guards;
pub mod oauth;
pub mod responses;

use rocket::Route;

/// Every route, mounted at the root.
pub fn routes() -> Vec<Route> {
    [oauth::routes(), accounts::routes(), admin::routes(), assets::routes()].concat()
}
