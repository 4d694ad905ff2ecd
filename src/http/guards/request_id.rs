//! A name for one request: in the log, in `X-Request-Id`, and on error pages, so that a report can be found again. A proxy
//! that the operator trusts may have named it already.

use std::net::IpAddr;
use std::sync::OnceLock;

use rocket::Request;
use rocket::request::{FromRequest, Outcome};

use crate::config::proxies::Proxies;
use crate::http::guards::server_of;
use crate::secrets::random;

/// The longest name that is taken from a proxy.
const LONGEST: usize = 64;

struct RequestId(String);

/// The name that a request was given by somebody who proved to be known.
#[derive(Default)]
struct Adopted(OnceLock<String>);

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

/// The name of a request of somebody who is known, and who called it `given`: that, if it can stand in a line of a log.
pub fn of_known(given: Option<&str>) -> String {
    given.filter(|name| is_sane(name)).map_or_else(random::request_id, str::to_owned)
}

/// What a caller called a request, which is its name once the caller is known.
#[derive(Clone, Copy)]
pub struct Proposed<'r> {
    name: Option<&'r str>,
    adopted: &'r Adopted,
}

impl<'r> Proposed<'r> {
    /// What the caller of `request` called it.
    pub fn of(request: &'r Request<'_>) -> Self {
        Self { name: only(request).filter(|name| is_sane(name)), adopted: request.local_cache(Adopted::default) }
    }

    /// Takes that name, unless the request has one by now.
    pub fn adopt(self) {
        if let Some(name) = self.name {
            self.adopted.0.get_or_init(|| name.to_owned());
        }
    }
}

fn only<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let mut given = request.headers().get("X-Request-Id");
    given.next().filter(|_| given.next().is_none())
}

fn name(request: &Request<'_>) -> String {
    if let Some(adopted) = request.local_cache(Adopted::default).0.get() {
        return adopted.clone();
    }
    let Some(server) = server_of(request) else { return random::request_id() };
    chosen(&server.trust().proxies, request.remote().map(|remote| remote.ip()), only(request))
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
