//! A path is taken as it is written. Rocket leaves empty segments out, so that `//admin` and `/admin/` would be `/admin` to
//! us and something else to a proxy that guards it.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::uri::Origin;
use rocket::{Data, Request};

/// Deeper than any route reaches.
const NOWHERE: &str = "-/-/-/-/-/-/-/-";

/// Leads a path with an empty segment nowhere; the answer keeps the shape that its caller reads.
pub struct ExactPaths;

#[rocket::async_trait]
impl Fairing for ExactPaths {
    fn info(&self) -> Info {
        Info { name: "exact paths", kind: Kind::Request }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let path = request.uri().path().as_str();
        if !path.contains("//") && (path == "/" || !path.ends_with('/')) {
            return;
        }
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if let Ok(nowhere) = Origin::parse_owned(format!("/{}/{NOWHERE}", segments.join("/"))) {
            request.set_uri(nowhere);
        }
    }
}
