//! A name for one request: in the log, in `X-Request-Id`, and on error pages, so that a report can be found again. A proxy
//! that the operator trusts may have named it already.

use std::net::IpAddr;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::config::proxies::Proxies;
use crate::http::guards::server_of;
use crate::secrets::random;

/// The longest name that is taken from a proxy.
const LONGEST: usize = 64;

struct RequestId(String);

/// The name of the request that a handler answers.
#[derive(Clone, Copy)]
pub struct RequestName<'r>(pub &'r str);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for RequestName<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(Self(of(request)))
    }
}

/// The name of a request that came from `peer`, which called it `given`: that, if it is a proxy that the operator trusts and
/// the name can stand in a line of a log, or else a new one.
pub fn chosen(proxies: &Proxies, peer: Option<IpAddr>, given: Option<&str>) -> String {
    let given = given.filter(|name| is_sane(name) && peer.is_some_and(|peer| proxies.trusts(peer)));
    given.map_or_else(random::request_id, str::to_owned)
}

/// The name of `request`.
pub fn of<'r>(request: &'r Request<'_>) -> &'r str {
    &request.local_cache(|| RequestId(name(request))).0
}

fn name(request: &Request<'_>) -> String {
    let Some(server) = server_of(request) else { return random::request_id() };
    let mut given = request.headers().get("X-Request-Id");
    let only = given.next().filter(|_| given.next().is_none());
    chosen(&server.trust().proxies, request.remote().map(|remote| remote.ip()), only)
}

fn is_sane(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_short_token_and_nothing_else() {
        assert!(is_sane("0af7651916cd43dd8448eb211c80319c") && is_sane("a.b_c-D") && is_sane(&"x".repeat(LONGEST)));
        for name in ["", " ", "a b", "a\n", "a\"b", "é", "a/b", &"x".repeat(LONGEST + 1)] {
            assert!(!is_sane(name), "{name:?}");
        }
    }
}
