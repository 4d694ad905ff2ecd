//! One line in the log and one count for each request, by its route and without its query: a query may hold a code.

use std::time::{Duration, Instant};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{Header, Status};
use rocket::{Data, Request, Response};

use crate::authorization_server::AuthorizationServer;
use crate::http::guards::{request_id, server_of};
use crate::http::place;

/// Logs and counts method, route, status and time, and names the request in `X-Request-Id`.
pub struct AccessLog;

struct Began(Instant);

#[rocket::async_trait]
impl Fairing for AccessLog {
    fn info(&self) -> Info {
        Info { name: "access log", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        request.local_cache(|| Began(Instant::now()));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let id = request_id::of(request);
        response.set_header(Header::new("X-Request-Id", id.to_owned()));
        let took = request.local_cache(|| Began(Instant::now())).0.elapsed();
        let route = request.route();
        let name = route.map_or("-", |route| route.uri.as_str());
        if let Some(server) = server_of(request) {
            answered(server, (request.method().as_str(), name, route.and_then(place)), response.status(), took, id);
        }
    }
}

/// Logs and counts a request that was answered: its method, its route, and the place of that among the routes.
pub fn answered(
    server: &AuthorizationServer,
    (method, route, place): (&str, &str, Option<usize>),
    status: Status,
    took: Duration,
    id: &str,
) {
    if let Some(requests) = server.telemetry.requests() {
        requests.answered(place, status.code, took);
    }
    let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(target: "access", method, route, status = status.code, us, id);
}
