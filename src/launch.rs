//! The only wiring: routes, catchers, fairings and managed state become a Rocket, with an express lane beside it.

use std::sync::Arc;

use async_trait::async_trait;
use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use crate::authorization_server::AuthorizationServer;
use crate::front::express::{Answer, Express, Posted};
use crate::http;
use crate::http::express::Answered;
use crate::http::fairings::access_log::AccessLog;
use crate::http::fairings::cors::Cors;
use crate::http::fairings::exact_paths::ExactPaths;
use crate::http::fairings::security_headers::SecurityHeaders;

/// What of the server needs no Rocket.
pub fn express(server: Arc<AuthorizationServer>) -> Box<dyn Express> {
    Box::new(http::express::Express::new(server))
}

#[async_trait]
impl Express for http::express::Express {
    fn serves(&self, path: &str) -> bool {
        http::express::Express::serves(self, path)
    }

    fn headers(&self) -> Vec<(String, String)> {
        http::express::Express::headers(self)
    }

    async fn answer(&self, posted: Posted<'_>) -> Option<Answer> {
        let Posted { path, authorization, form, peer, request_id } = posted;
        let said = (authorization, form);
        let Answered { told, id } = http::express::Express::answer(self, path, said, (peer, request_id)).await?;
        Some(Answer { status: told.status.code, header: told.header, body: told.body, request_id: id })
    }
}

/// The server as a Rocket that listens where `figment` says.
pub fn rocket(server: Arc<AuthorizationServer>, figment: Figment) -> Rocket<Build> {
    let routes = http::routes();
    server.telemetry.count_routes(http::labels(&routes));
    let https = server.config.issuer.url.is_https();
    rocket::custom(silent(figment))
        .attach(Shield::new())
        .attach(ExactPaths)
        .attach(Cors::new(server.clone()))
        .attach(SecurityHeaders { https })
        .attach(AccessLog)
        .manage(server)
        .mount("/", routes)
        .register("/", http::catchers::all())
}

/// What operators ask `server` at a listener of their own: neither logged nor counted.
pub fn operations(server: Arc<AuthorizationServer>, figment: Figment) -> Rocket<Build> {
    rocket::custom(silent(figment))
        .attach(Shield::new())
        .attach(SecurityHeaders { https: false })
        .manage(server)
        .mount("/", http::operations::own_routes())
        .register("/", http::catchers::all())
}

/// Whatever the file says: no header tells what runs here, none but a trusted proxy's tells where a request came from, and
/// Rocket's own log, which would hold queries and so codes, is silent.
fn silent(figment: Figment) -> Figment {
    figment.merge(("ident", false)).merge(("ip_header", false)).merge(("log_level", "off"))
}
