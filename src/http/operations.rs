//! GET /healthz and /readyz, for load balancers without a reason and for operators with one, and /metrics for operators alone.

use std::sync::Arc;

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{Responder, Response, Result};
use rocket::{Route, State, routes};
use serde_json::{Value, json};

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::json::json;
use crate::telemetry::CONTENT_TYPE;

/// The routes of the listener that everybody reaches.
pub fn routes() -> Vec<Route> {
    routes![healthz, readyz]
}

/// The routes of the listener that operators have for themselves.
pub fn own_routes() -> Vec<Route> {
    routes![healthz, readyz_with_reason, metrics]
}

/// Whether the process answers; it does nothing else for it.
#[rocket::get("/healthz")]
fn healthz() -> Told {
    Told(Status::Ok, json!({ "status": "ok" }))
}

/// Whether requests should be sent here. A stranger learns no more.
#[rocket::get("/readyz")]
async fn readyz(server: &State<Arc<AuthorizationServer>>) -> Told {
    match server.ready().await {
        Ok(()) => Told(Status::Ok, json!({ "status": "ok" })),
        Err(_) => Told(Status::ServiceUnavailable, json!({ "status": "unavailable" })),
    }
}

/// As for strangers, with the reason.
#[rocket::get("/readyz")]
async fn readyz_with_reason(server: &State<Arc<AuthorizationServer>>) -> Told {
    match server.ready().await {
        Ok(()) => Told(Status::Ok, json!({ "status": "ok" })),
        Err(reason) => {
            let told = json!({ "status": "unavailable", "reason": reason, "detail": reason.as_str() });
            Told(Status::ServiceUnavailable, told)
        }
    }
}

/// Everything that is counted.
#[rocket::get("/metrics")]
fn metrics(server: &State<Arc<AuthorizationServer>>) -> std::result::Result<OpenMetrics, Status> {
    server.telemetry.exposition(server.store_measures()).map(OpenMetrics).map_err(|_| Status::InternalServerError)
}

/// A status, and what it means as JSON.
struct Told(Status, Value);

impl<'r> Responder<'r, 'static> for Told {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        json(self.0, &self.1)
    }
}

/// The text of OpenMetrics.
struct OpenMetrics(String);

impl<'r> Responder<'r, 'static> for OpenMetrics {
    fn respond_to(self, request: &'r Request<'_>) -> Result<'static> {
        let mut response: Response<'static> = self.0.respond_to(request)?;
        response.set_raw_header("Content-Type", CONTENT_TYPE);
        response.set_raw_header("Cache-Control", "no-store");
        Ok(response)
    }
}
