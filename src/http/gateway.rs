//! ANY /gateway/{resource}/{path}: what of the gateway needs no Rocket, translated for the front.

use std::iter;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rocket::http::Status;

use crate::authorization_server::AuthorizationServer;
use crate::http::fairings::access_log;
use crate::http::guards::request_id;
use crate::http::responses::gateway_refusal::{PROXY_ERROR, ToldApp};
use crate::oauth::gateway::{Admitted, Gateway, GatewayRefusal};
use crate::resource_server::read;

/// Where calls to protected resources begin.
pub const PATH: &str = "/gateway/";

/// What calls are counted and logged as, since their paths are what callers wrote.
const ROUTE: &str = "/gateway/<resource>/<path..>";

/// The gateway of a server.
pub struct ManagedApi {
    server: Arc<AuthorizationServer>,
    gateway: Gateway,
}

impl ManagedApi {
    /// The gateway of `server`.
    pub fn new(server: Arc<AuthorizationServer>) -> Self {
        Self { server, gateway: Gateway::default() }
    }

    /// Whether the app that authorizes itself so may call `path`: how, and what of the path the resource sees.
    ///
    /// # Errors
    /// [`GatewayRefusal`] names the rule.
    pub async fn admit(
        &self,
        path: &str,
        authorization: Option<&str>,
        proxy_authorization: Option<&str>,
    ) -> Result<(Admitted, String), GatewayRefusal> {
        let rest = path.strip_prefix(PATH).unwrap_or_default();
        let (resource, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let bearer = authorization.and_then(|header| read(iter::once(header)).ok());
        let admitted =
            self.gateway.admit(&self.server, bearer, proxy_authorization.unwrap_or_default(), resource).await?;
        Ok((admitted, path.to_owned()))
    }

    /// How the app is told of a refusal: status, headers and JSON.
    pub fn told(&self, refusal: &GatewayRefusal) -> (u16, Vec<(String, String)>, Vec<u8>) {
        match ToldApp::of(refusal, Some(&self.server)) {
            Ok(ToldApp { status, code, body }) => (status.code, headers(code), body),
            Err(status) => (status.code, headers("INTERNAL_ERROR"), Vec::new()),
        }
    }

    /// Logs and counts a call that was answered.
    pub fn answered(&self, method: &str, status: u16, took: Duration, id: &str) {
        access_log::answered(&self.server, (method, ROUTE, None), Status::new(status), took, id);
    }

    /// A name for a request.
    pub fn request_id(&self, peer: IpAddr, given: Option<&str>) -> String {
        request_id::chosen(&self.server.trust().proxies, Some(peer), given)
    }
}

/// What heads an answer in JSON that no fairing passes.
fn headers(code: &str) -> Vec<(String, String)> {
    let said = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        (PROXY_ERROR, code),
    ];
    said.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
