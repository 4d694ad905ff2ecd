//! The request line as it was sent, which is what a Connect app signs.

use rocket::Request;
use rocket::http::Method;

/// Method and target of a request, raw: a path that was decoded or tidied is another path to its signature.
#[derive(Debug)]
pub struct RequestLine {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
}

impl RequestLine {
    /// Of a request; whoever asks first decides. The fairing is first, because Rocket answers HEAD by the routes of GET and
    /// under that name, and other fairings may tidy the URI.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self { method: request.method(), target: request.uri().to_string() })
    }

    /// The target without the query.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// By which method operations know it: whoever asks for the head of an answer asks for the answer.
    pub fn operation_method(&self) -> &'static str {
        if self.method == Method::Head { Method::Get.as_str() } else { self.method.as_str() }
    }
}
