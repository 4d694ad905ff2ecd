//! Introspection, one evaluation and the token endpoint without Rocket: the same use cases, for a client or resource that
//! authenticates by Basic. Their routes, `oauth::introspection`, `access::evaluation` and `oauth::token`, answer whatever is asked otherwise or by nobody known.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use rocket::Response;
use rocket::http::{Method, Status};

use crate::authorization_server::AuthorizationServer;
use crate::http::access::evaluation;
use crate::http::fairings::{access_log, security_headers};
use crate::http::guards::client_request::MAX_BODY;
use crate::http::guards::{json_body, request_id};
use crate::http::oauth::{introspection, token};
use crate::http::responses::json;
use crate::http::responses::oauth_error::Told;
use crate::http::responses::refused::{remember, remember_jwt};
use crate::http::routes;
use crate::oauth::client_authentication::{self, Presented};
use crate::oauth::evaluation::evaluate;
use crate::oauth::introspection::{Introspection, introspect};
use crate::oauth::parameters::Parameters;
use crate::oauth::token::grant;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Answers what is asked most.
pub struct Express {
    server: Arc<AuthorizationServer>,
    introspection: Route,
    evaluation: Route,
    token: Route,
}

/// A route, and where it stands among those that are counted.
struct Route {
    path: &'static str,
    place: Option<usize>,
}

/// An answer.
pub struct Answered {
    /// What is told.
    pub told: Told,
    /// The name of the request.
    pub id: String,
}

impl Express {
    /// For the tokens of `server`.
    pub fn new(server: Arc<AuthorizationServer>) -> Self {
        let routes = routes();
        let route = |path| Route { path, place: routes.iter().position(|route| route.uri.path() == path) };
        let (introspection, token) = (route(introspection::PATH), route(token::PATH));
        Self { server, introspection, evaluation: route(evaluation::PATH), token }
    }

    /// The form of what is posted to this path; `None` if it does not know it. The token endpoint it leaves alone where scripts
    /// of other origins may call it, which are to be told so.
    pub fn takes(&self, path: &str) -> Option<&'static str> {
        if path == self.evaluation.path {
            return Some(JSON);
        }
        let is_known =
            path == self.introspection.path || path == self.token.path && self.server.trust().cors.origins.is_empty();
        is_known.then_some(FORM)
    }

    /// What heads an answer in JSON that Rocket gives.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut response = json::json(Status::Ok, &()).unwrap_or_else(|_| Response::new());
        security_headers::guard(&mut response, self.server.config.issuer.url.is_https());
        response.headers().iter().map(|header| (header.name.to_string(), header.value.to_string())).collect()
    }

    /// The answer to what was posted to a `path` that it knows, by a peer, who perhaps gave the request a name; `None`, and
    /// nothing was changed, if the route is to answer.
    pub async fn answer(
        &self,
        path: &str,
        (authorization, body): (&str, &str),
        named: (IpAddr, Option<&str>),
    ) -> Option<Answered> {
        let began = Instant::now();
        if body.len() as u64 > MAX_BODY {
            return None;
        }
        if path == self.evaluation.path {
            let told = self.evaluate(authorization, body).await?;
            let id = request_id::of_known(named.1);
            return Some(self.answered(&self.evaluation, told, (began, id)));
        }
        let parameters = Parameters::from_form(body).ok()?;
        parameters.each_once().ok()?;
        let presented = Presented::read(Some(authorization), &parameters).ok()?;
        let id = request_id::chosen(&self.server.trust().proxies, Some(named.0), named.1);
        let (route, told) = if path == self.introspection.path {
            (&self.introspection, self.introspect(&presented, &parameters, &id).await?)
        } else {
            (&self.token, self.grant(&presented, &parameters, &id).await?)
        };
        Some(self.answered(route, told, (began, id)))
    }

    fn answered(&self, route: &Route, told: Told, (began, id): (Instant, String)) -> Answered {
        let counted = (Method::Post.as_str(), route.path, route.place);
        access_log::answered(&self.server, counted, told.status, began.elapsed(), &id);
        Answered { told, id }
    }

    /// What a known resource asks that can be decided. A question that is none changes nothing, so that Rocket may say why.
    async fn evaluate(&self, authorization: &str, body: &str) -> Option<Told> {
        let presented = Presented::read(Some(authorization), &Parameters::default()).ok()?;
        let path = self.evaluation.path;
        let asker = client_authentication::resource(&self.server, &presented, path).await.ok()?;
        let question = json_body::of(body.as_bytes()).ok()?;
        Told::well(&evaluate(&self.server, &asker, question).await.ok()?).ok()
    }

    /// Introspection changes nothing, so that Rocket may tell every refusal.
    async fn introspect(&self, presented: &Presented, parameters: &Parameters<'_>, id: &str) -> Option<Told> {
        let path = self.introspection.path;
        let introspection = introspect(&self.server, presented, path, parameters).await.ok()?;
        if let Introspection::Inactive(Some(refused)) = &introspection {
            remember_jwt(&self.server, refused, id);
        }
        Told::well(&introspection).ok()
    }

    /// What a client that is known asks is done once, and told here even where it is refused.
    async fn grant(&self, presented: &Presented, parameters: &Parameters<'_>, id: &str) -> Option<Told> {
        let client = client_authentication::client(&self.server, presented, self.token.path).await.ok()?;
        match grant(&self.server, &client, parameters).await {
            Ok(response) => Told::well(&response),
            Err(error) => {
                remember(&self.server, &client.id, self.token.path, &error, id);
                Told::of(&error, Some(&self.server))
            }
        }
        .ok()
    }
}
