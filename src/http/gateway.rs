//! ANY /gateway/{resource}/{path}: what the gateway tells an app that it does not forward a call of, in the words of the token
//! endpoint and under the header by which Forge's client library knows them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rocket::http::Status;
use serde::Serialize;

use crate::authorization_server::AuthorizationServer;
use crate::http::fairings::access_log;
use crate::http::guards::request_id;
use crate::http::responses::json;
use crate::http::responses::oauth_error::Told;
use crate::oauth::error::OAuthError;
use crate::oauth::gateway::{Admitted, Gateway, GatewayRefusal};

/// Where calls to protected resources begin.
pub const PATH: &str = "/gateway/";

/// By this header the client library of Forge knows that the answer is not the resource's.
const PROXY_ERROR: &str = "forge-proxy-error";

/// The gateway of a server.
pub struct ManagedApi {
    server: Arc<AuthorizationServer>,
    gateway: Gateway,
}

/// What an app is told in place of a resource's answer.
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// Headers by names and values.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: &'a str,
}

impl ManagedApi {
    /// The gateway of `server`.
    pub fn new(server: Arc<AuthorizationServer>) -> Self {
        Self { server, gateway: Gateway::default() }
    }

    /// Whether the app that authorizes itself so may call `path`: how, and what of the path the resource sees.
    ///
    /// # Errors
    /// [`Refusal`], as the app is told.
    pub async fn admit(
        &self,
        path: &str,
        authorization: Option<&str>,
        proxy_authorization: Option<&str>,
    ) -> Result<(Admitted, String), Refusal> {
        let rest = path.strip_prefix(PATH).unwrap_or_default();
        let (resource, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let bearer = authorization.and_then(bearer);
        let admitted =
            self.gateway.admit(&self.server, bearer, proxy_authorization.unwrap_or_default(), resource).await;
        match admitted {
            Ok(admitted) => Ok((admitted, path.to_owned())),
            Err(refusal) => Err(self.told(&refusal)),
        }
    }

    /// What the app is told of a refusal.
    fn told(&self, refusal: &GatewayRefusal) -> Refusal {
        let refused = |status, error, code| self.refusal(status, error, &refusal.to_string(), code);
        match refusal {
            GatewayRefusal::SystemToken => refused(401, "invalid_token", "INVALID_SYSTEM_TOKEN"),
            GatewayRefusal::Malformed(_) => refused(400, "invalid_request", "INVALID_REQUEST"),
            GatewayRefusal::Invocation => refused(401, "invalid_token", "INVALID_INVOCATION"),
            GatewayRefusal::Resource => refused(404, "invalid_target", "UNKNOWN_REMOTE"),
            GatewayRefusal::Scope => refused(403, "insufficient_scope", "INSUFFICIENT_SCOPE"),
            GatewayRefusal::Refused(error) => self.told_of(error),
        }
    }

    fn told_of(&self, error: &OAuthError) -> Refusal {
        let Ok(Told { status, body, .. }) = Told::of(error, Some(&self.server)) else {
            return self.refusal(500, "server_error", "the answer could not be written", "INTERNAL_ERROR");
        };
        let (status, code) = match error {
            OAuthError::ConsentNeeded { .. } => (Status::Unauthorized, "NEEDS_AUTHENTICATION_ERR"),
            OAuthError::ServerError(_) => (status, "INTERNAL_ERROR"),
            _ => (Status::Forbidden, "FORBIDDEN"),
        };
        Refusal { status: status.code, headers: headers(code), body }
    }

    /// What an app is told where the resource gave no answer.
    pub fn refusal(&self, status: u16, error: &str, description: &str, code: &str) -> Refusal {
        let body = json::written(&Body { error, error_description: description }).unwrap_or_default();
        Refusal { status, headers: headers(code), body }
    }

    /// Logs and counts a call that was answered.
    pub fn answered(&self, method: &str, status: u16, took: Duration, id: &str) {
        access_log::answered(
            &self.server,
            (method, "/gateway/<resource>/<path..>", None),
            Status::new(status),
            took,
            id,
        );
    }

    /// A name for a request.
    pub fn request_id(&self, peer: IpAddr, given: Option<&str>) -> String {
        request_id::chosen(&self.server.trust().proxies, Some(peer), given)
    }
}

/// The token in an `Authorization` header of RFC 6750 section 2.1.
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

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
