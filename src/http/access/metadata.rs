//! GET /.well-known/authzen-configuration (AuthZEN section 9).

use std::sync::Arc;

use rocket::State;

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::json::NoStore;
use crate::oauth::metadata::{DecisionPoint, decision_point};

/// Where decisions are asked for.
#[rocket::get("/.well-known/authzen-configuration")]
pub fn document(server: &State<Arc<AuthorizationServer>>) -> NoStore<DecisionPoint> {
    NoStore(decision_point(server))
}
