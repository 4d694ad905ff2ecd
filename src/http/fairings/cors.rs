//! CORS for the endpoints that tokens are asked for and shown at, metadata and the key set, and for no page, and only for origins that the operator named.

use std::sync::Arc;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{Header, Method, Status};
use rocket::{Request, Response};

use crate::authorization_server::AuthorizationServer;

/// The only paths that a script of another origin may call. Never a page: a script there could read what is asked.
const PATHS: [&str; 7] = [
    "/oauth/token",
    "/oauth/token/accessible-resources",
    "/me",
    "/oauth/revoke",
    "/.well-known/oauth-authorization-server",
    "/oauth/jwks",
    "/.well-known/jwks.json",
];

/// Adds the headers of the Fetch standard. Never `Access-Control-Allow-Credentials`: no endpoint here knows a cookie.
pub struct Cors {
    server: Arc<AuthorizationServer>,
}

impl Cors {
    /// CORS for the origins that `server` trusts.
    pub fn new(server: Arc<AuthorizationServer>) -> Self {
        Self { server }
    }
}

#[rocket::async_trait]
impl Fairing for Cors {
    fn info(&self) -> Info {
        Info { name: "CORS", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let trust = self.server.trust();
        let origins = &trust.cors.origins;
        if origins.is_empty() || !PATHS.contains(&request.uri().path().as_str()) {
            return;
        }
        response.set_header(Header::new("Vary", "Origin"));
        let Some(origin) = request.headers().get_one("Origin") else { return };
        if !origins.iter().any(|allowed| allowed == origin) {
            return;
        }
        response.set_header(Header::new("Access-Control-Allow-Origin", origin.to_owned()));
        response.set_header(Header::new("Cross-Origin-Resource-Policy", "cross-origin"));
        if request.method() == Method::Options {
            response.set_status(Status::NoContent);
            response.set_header(Header::new("Access-Control-Allow-Methods", "GET, POST"));
            response.set_header(Header::new("Access-Control-Allow-Headers", "Authorization, Content-Type"));
            response.set_header(Header::new("Access-Control-Max-Age", "600"));
            response.set_sized_body(0, std::io::Cursor::new(Vec::new()));
        }
    }
}
