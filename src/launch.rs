//! The only wiring: routes, catchers, fairings and managed state become a Rocket, with an express lane beside it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rocket::figment::Figment;
use rocket::shield::Shield;
use rocket::{Build, Rocket};

use crate::authorization_server::AuthorizationServer;
use crate::front::LongBodies;
use crate::front::express::{Answer, Express, Posted};
use crate::front::gateway::{Call, Forward, Gateway, Refused, Unreachable};
use crate::http;
use crate::http::express::Answered;
use crate::http::fairings::access_log::AccessLog;
use crate::http::fairings::cors::Cors;
use crate::http::fairings::exact_paths::ExactPaths;
use crate::http::fairings::security_headers::SecurityHeaders;
use crate::http::gateway::ManagedApi;
use crate::oauth::gateway::{Admitted, GatewayRefusal};

/// What of the server needs no Rocket.
pub fn express(server: Arc<AuthorizationServer>) -> Box<dyn Express> {
    Box::new(http::express::Express::new(server))
}

#[async_trait]
impl Express for http::express::Express {
    fn takes(&self, path: &str) -> Option<&'static str> {
        http::express::Express::takes(self, path)
    }

    fn headers(&self) -> Vec<(String, String)> {
        http::express::Express::headers(self)
    }

    async fn answer(&self, posted: Posted<'_>) -> Option<Answer> {
        let Posted { path, authorization, body, peer, request_id } = posted;
        let said = (authorization, body);
        let Answered { told, id } = http::express::Express::answer(self, path, said, (peer, request_id)).await?;
        Some(Answer { status: told.status.code, header: told.header, body: told.body, request_id: id })
    }
}

/// The way to protected resources for apps that hold no token of theirs.
pub fn gateway(server: Arc<AuthorizationServer>) -> Box<dyn Gateway> {
    Box::new(ManagedApi::new(server))
}

#[async_trait]
impl Gateway for ManagedApi {
    fn serves(&self, path: &str) -> bool {
        path.starts_with(http::gateway::PATH)
    }

    async fn admit(&self, call: Call<'_>) -> Result<Forward, Refused> {
        match ManagedApi::admit(self, call.path, call.authorization, call.proxy_authorization).await {
            Ok((Admitted { base_url, token }, path)) => Ok(Forward { base_url: base_url.into(), path, token }),
            Err(refusal) => Err(refused(self, &refusal)),
        }
    }

    fn unreachable(&self, why: Unreachable) -> Refused {
        let refusal = match why {
            Unreachable::Path => GatewayRefusal::Path,
            Unreachable::Down => GatewayRefusal::Down,
            Unreachable::Silent => GatewayRefusal::Silent,
        };
        refused(self, &refusal)
    }

    fn answered(&self, method: &str, status: u16, took: Duration, request_id: &str) {
        ManagedApi::answered(self, method, status, took, request_id);
    }

    fn request_id(&self, peer: IpAddr, given: Option<&str>) -> String {
        ManagedApi::request_id(self, peer, given)
    }
}

fn refused(gateway: &ManagedApi, refusal: &GatewayRefusal) -> Refused {
    let (status, headers, body) = gateway.told(refusal);
    Refused { status, headers, body }
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
        .manage(LongBodies::at(&http::access::LONG_BODIES))
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
