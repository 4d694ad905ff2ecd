//! The headers that keep a page from being framed, sniffed or scripted, on every answer, error pages included.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response};

/// Every answer gets them, JSON fewer than a page: what moves a browser's page means nothing to a program, and an
/// introspection is answered too often to carry it. No page runs a script but those that show a secret, which say so themselves.
pub struct SecurityHeaders {
    /// Whether browsers reach us over TLS and may be told to insist on it.
    pub https: bool,
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// What a page may do that has our script, which copies a secret that it shows: it writes no markup, so that no script may.
pub const POLICY_WITH_SCRIPT: (&str, &str) = (
    "Content-Security-Policy",
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

/// What a browser does with a page, or where an answer leads it.
const PAGE: [(&str, &str); 5] = [
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"),
];

/// JSON shows nothing and loads nothing, also where a browser opens it as if it were a page.
const JSON: [(&str, &str); 1] = [("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")];

#[rocket::async_trait]
impl Fairing for SecurityHeaders {
    fn info(&self) -> Info {
        Info { name: "security headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        guard(response, self.https);
    }
}

/// Gives an answer the headers. Rocket answers a request that it cannot even read by a catcher alone, without fairings, so
/// that the catcher calls this too.
pub fn guard(response: &mut Response<'_>, https: bool) {
    let is_json = response.headers().get_one("Content-Type") == Some("application/json");
    let headers: &[(&str, &str)] = if is_json { &JSON } else { &PAGE };
    for (name, value) in headers {
        if response.headers().get_one(name) != Some(POLICY_WITH_SCRIPT.1) {
            response.set_header(Header::new(*name, *value));
        }
    }
    response.set_header(Header::new("X-Content-Type-Options", "nosniff"));
    if !response.headers().contains("Cross-Origin-Resource-Policy") {
        response.set_header(Header::new("Cross-Origin-Resource-Policy", "same-origin"));
    }
    if https {
        response.set_header(Header::new("Strict-Transport-Security", "max-age=63072000"));
    }
}
