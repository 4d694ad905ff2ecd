//! The headers that keep a page from being framed, sniffed or scripted, on every answer, error pages included.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Request, Response};

/// Every answer gets them. There is no script on any page, so that none is allowed.
pub struct SecurityHeaders {
    /// Whether browsers reach us over TLS and may be told to insist on it.
    pub https: bool,
}

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

const ALWAYS: [(&str, &str); 6] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"),
];

#[rocket::async_trait]
impl Fairing for SecurityHeaders {
    fn info(&self) -> Info {
        Info { name: "security headers", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        for (name, value) in ALWAYS {
            response.set_header(Header::new(name, value));
        }
        if !response.headers().contains("Cross-Origin-Resource-Policy") {
            response.set_header(Header::new("Cross-Origin-Resource-Policy", "same-origin"));
        }
        if self.https {
            response.set_header(Header::new("Strict-Transport-Security", "max-age=63072000"));
        }
    }
}
