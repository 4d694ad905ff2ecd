//! Everything that knows Rocket: translate in, call one use case, translate out.
//!
//! | path | who | file |
//! |---|---|---|
//! | `/oauth/authorize`, `/authorize` | browsers | `oauth::authorization` |
//! | `/consent`, `/consent/switch` | browsers | `oauth::consent` |
//! | `/connected` | browsers | `oauth::connected` |
//! | `/oauth/token` | clients | `oauth::token` |
//! | `/oauth/token/accessible-resources`, `/me` | clients with an access token | `oauth::accessible_resources`, `oauth::me` |
//! | `/oauth/par` | clients | `oauth::pushed_authorization` |
//! | `/oauth/introspect` | protected resources | `oauth::introspection` |
//! | `/access/v1/evaluation`, `/access/v1/evaluations`, `/access/v1/search/resource` | protected resources | `access` |
//! | `/access/v1/forward-auth` | gateways | `access::forward_auth` |
//! | `/access/v1/objects` | protected resources | `access::objects` |
//! | `/.well-known/authzen-configuration` | everybody | `access::metadata` |
//! | `/oauth/revoke` | clients | `oauth::revocation` |
//! | `/gateway/…` | apps | `gateway`, without Rocket |
//! | `/v1/installations`, `/v1/installation/…` | apps | `forge::installations` |
//! | `/forge/invocations` | host products | `forge::invocations` |
//! | `/oauth2/token` | Connect apps that act as a person | `connect::token` |
//! | `/connect-keys/…` | Connect apps | `connect::public_key` |
//! | `/.well-known/oauth-authorization-server` | everybody | `oauth::metadata` |
//! | `/oauth/jwks`, `/.well-known/jwks.json` | everybody | `oauth::key_set` |
//! | `/login`, `/logout` | browsers | `accounts::sign_in`, `accounts::sign_out` |
//! | `/setup/…`, `/invite/…`, `/reset/…` | holders of a one-time link | `accounts::links` |
//! | `/account`, `/account/password` | who is signed in | `accounts::profile` |
//! | `/account/apps` | who is signed in | `accounts::connections` |
//! | `/account/tokens` | who is signed in | `accounts::tokens`, `accounts::new_token` |
//! | `/account/activity` | who is signed in | `accounts::activity` |
//! | `/account/sessions` | who is signed in | `accounts::sessions` |
//! | `/console/…` | who is signed in | `console` |
//! | `/admin/people` | admins | `admin` |
//! | `/admin/sites/…/apps` | admins of a site | `installations` |
//! | `/sites/…/apps` | members of a site | `installations::request` |
//! | `/admin/sites` | who is signed in | `admin::sites` |
//! | `/admin/sites/…/import-sources` | admins of a site | `admin::import_sources` |
//! | `/admin/sites/…/groups` | admins of a site | `admin::groups`, `admin::group` |
//! | `/admin/sites/…/roles`, `/admin/sites/…/roles-of` | admins of a site | `admin::roles` |
//! | `/admin/sites/…` | admins of a site | `admin::site`, `admin::members` |
//! | `/users/…/manage/api-tokens`, `/jsm/assets/…`, `/tokens/leaked` | scripts, and whoever finds a token of one | `scripts` |
//! | `/static/…` | everybody | `assets` |
//! | `/healthz`, `/readyz` | load balancers | `operations` |
//! | `/healthz`, `/readyz`, `/metrics` on a listener of their own | operators | `operations` |

pub mod access;
pub mod accounts;
pub mod admin;
pub mod assets;
pub mod catchers;
pub mod connect;
pub mod console;
pub mod express;
pub mod fairings;
pub mod forge;
pub mod gateway;
pub mod guards;
pub mod installations;
pub mod oauth;
pub mod operations;
pub mod responses;
pub mod scripts;

use rocket::Route;

use crate::telemetry::requests::RouteLabel;

/// Every route, mounted at the root. The rank of a route is its place in this list: they are tried in this order, and what
/// is counted of a route is found by it.
pub fn routes() -> Vec<Route> {
    in_order(
        [
            oauth::routes(),
            access::routes(),
            forge::routes(),
            connect::routes(),
            scripts::routes(),
            accounts::routes(),
            console::routes(),
            admin::routes(),
            installations::routes(),
            assets::routes(),
            operations::routes(),
        ]
        .concat(),
    )
}

fn in_order(mut routes: Vec<Route>) -> Vec<Route> {
    for (place, route) in (0..).zip(&mut routes) {
        route.rank = place;
    }
    routes
}

/// The place of a route among [`routes`].
pub fn place(route: &Route) -> Option<usize> {
    usize::try_from(route.rank).ok()
}

/// What the routes are called where they are counted, in their order.
pub fn labels(routes: &[Route]) -> Vec<RouteLabel> {
    let label = |route: &Route| RouteLabel { method: route.method.as_str(), template: route.uri.path().to_owned() };
    routes.iter().map(label).collect()
}
