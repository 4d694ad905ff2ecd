//! One line for each request, without its query: a query may hold a code.

use std::time::Instant;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::{Header, Status};
use rocket::{Data, Request, Response};

use crate::http::guards::request_id;

/// Logs method, route, status and time, and names the request in `X-Request-Id`.
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
        let began = request.local_cache(|| Began(Instant::now())).0;
        let route = request.route().map_or("-", |route| route.uri.as_str());
        log(request.method().as_str(), route, response.status(), began, id);
    }
}

/// Logs a request that was answered.
pub fn log(method: &str, route: &str, status: Status, began: Instant, id: &str) {
    let us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(target: "access", method, route, status = status.code, us, id);
}
