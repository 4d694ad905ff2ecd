//! The only wiring: routes, catchers, fairings and managed state become one Rocket.

use std::sync::Arc;

use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use crate::authorization_server::AuthorizationServer;
use crate::http;
use crate::http::fairings::access_log::AccessLog;
use crate::http::fairings::cors::Cors;
use crate::http::fairings::exact_paths::ExactPaths;
use crate::http::fairings::security_headers::SecurityHeaders;

/// The server as a Rocket that listens where `figment` says.
pub fn rocket(server: Arc<AuthorizationServer>, figment: Figment) -> Rocket<Build> {
    let https = server.config.issuer.url.is_https();
    // Whatever the file says: no header tells what runs here, none but a trusted proxy's tells where a request came from,
    // and Rocket's own log, which would hold queries and so codes, is silent.
    let figment = figment.merge(("ident", false)).merge(("ip_header", false)).merge(("log_level", "off"));
    rocket::custom(figment)
        .attach(Shield::new())
        .attach(ExactPaths)
        .attach(Cors::new(server.clone()))
        .attach(SecurityHeaders { https })
        .attach(AccessLog)
        .manage(server)
        .mount("/", http::routes())
        .register("/", http::catchers::all())
}
