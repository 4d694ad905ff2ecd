//! A name for one request: in the log, in `X-Request-Id`, and on error pages, so that a report can be found again.

use rocket::Request;

use crate::secrets::random;

struct RequestId(String);

/// The name of `request`.
pub fn of<'r>(request: &'r Request<'_>) -> &'r str {
    &request.local_cache(|| RequestId(random::request_id())).0
}
