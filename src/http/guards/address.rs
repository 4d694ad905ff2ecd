//! Where a request came from. A header is believed only from a proxy that the operator trusts.

use std::net::IpAddr;

use rocket::request::{FromRequest, Outcome, Request};

use crate::http::guards::server_of;

/// The address of the caller, if the connection has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

/// The address that `request` came from.
pub fn of(request: &Request<'_>) -> Option<IpAddr> {
    let peer = request.remote()?.ip();
    let trust = server_of(request)?.trust();
    // A proxy may append to the header or add another one after it: both read as one list (RFC 9110 section 5.3).
    let forwarded: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
    Some(trust.proxies.origin(peer, Some(&forwarded.join(","))))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ClientAddress {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(ClientAddress(of(request)))
    }
}
