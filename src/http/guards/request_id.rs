//! A name for one request: in the log, in `X-Request-Id`, and on error pages, so that a report can be found again. A proxy
//! that the operator trusts may have named it already.

use rocket::Request;

use crate::http::guards::server_of;
use crate::secrets::random;

/// The longest name that is taken from a proxy.
const LONGEST: usize = 64;

struct RequestId(String);

/// The name of `request`.
pub fn of<'r>(request: &'r Request<'_>) -> &'r str {
    &request.local_cache(|| RequestId(given(request).map_or_else(random::request_id, str::to_owned))).0
}

/// The name that a trusted proxy gave it, if it is one that can stand in a line of a log.
fn given<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let mut headers = request.headers().get("X-Request-Id");
    let (name, another) = (headers.next()?, headers.next());
    let trusted = server_of(request)?.config.proxies.trusts(request.remote()?.ip());
    (trusted && another.is_none() && is_sane(name)).then_some(name)
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
