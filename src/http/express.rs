//! Introspection without Rocket: the same use case, for a request that authenticates by Basic and is answered with 200. Its
//! route, `oauth::introspection`, answers everything else.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use rocket::Response;
use rocket::http::{Method, Status};

use crate::authorization_server::AuthorizationServer;
use crate::http::fairings::{access_log, security_headers};
use crate::http::guards::client_request::MAX_BODY;
use crate::http::guards::request_id;
use crate::http::oauth::introspection::PATH;
use crate::http::responses::json;
use crate::http::routes;
use crate::oauth::client_authentication::{self, Presented};
use crate::oauth::introspection;
use crate::oauth::parameters::Parameters;

/// Answers introspection.
pub struct Express {
    server: Arc<AuthorizationServer>,
    /// Where the route stands among those that are counted.
    place: Option<usize>,
}

/// An answer with the status 200.
pub struct Introspected {
    /// The JSON.
    pub body: Vec<u8>,
    /// The name of the request.
    pub id: String,
}

impl Express {
    /// For the tokens of `server`.
    pub fn new(server: Arc<AuthorizationServer>) -> Self {
        Self { server, place: routes().iter().position(|route| route.uri.path() == PATH) }
    }

    /// What heads an answer in JSON that Rocket gives.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut response = json::json(Status::Ok, &()).unwrap_or_else(|_| Response::new());
        security_headers::guard(&mut response, self.server.config.issuer.url.is_https());
        response.headers().iter().map(|header| (header.name.to_string(), header.value.to_string())).collect()
    }

    /// The answer to a form posted to [`PATH`] by a peer, who perhaps gave the request a name; `None`, and nothing was
    /// changed, if the route is to answer.
    pub async fn introspect(
        &self,
        authorization: &str,
        form: &str,
        named: (IpAddr, Option<&str>),
    ) -> Option<Introspected> {
        let began = Instant::now();
        if form.len() as u64 > MAX_BODY {
            return None;
        }
        let parameters = Parameters::from_form(form).ok()?;
        parameters.each_once().ok()?;
        let presented = Presented::read(Some(authorization), &parameters).ok()?;
        let asker = client_authentication::resource(&self.server, &presented, PATH).await.ok()?;
        let introspection = introspection::introspect(&self.server, asker, &parameters).await.ok()?;
        let body = json::written(&introspection).ok()?;
        let id = request_id::chosen(&self.server.config.proxies, Some(named.0), named.1);
        let route = (Method::Post.as_str(), PATH, self.place);
        access_log::answered(&self.server, route, Status::Ok, began.elapsed(), &id);
        Some(Introspected { body, id })
    }
}
