//! 303 See Other: the only redirect there is. 302 and 307 may repeat a POST, and with it a password (RFC 9700 section 4.12).

use rocket::http::Status;
use rocket::request::Request;
use rocket::response::{Responder, Response, Result};

/// Sends a browser to a path of ours or, with an answer, to a client.
pub struct Redirect303(String);

impl Redirect303 {
    /// To this address, which goes into the header as it is.
    pub fn to(location: String) -> Self {
        Self(location)
    }
}

impl<'r> Responder<'r, 'static> for Redirect303 {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        Response::build()
            .status(Status::SeeOther)
            .raw_header("Location", self.0)
            .raw_header("Cache-Control", "no-store")
            .ok()
    }
}
