//! A refusal of this server's own API: the challenge of RFC 6750 section 3, with the body that 3LO clients read.

use rocket::http::Header;
use rocket::request::Request;
use rocket::response::{Responder, Result};
use serde::Serialize;

use crate::http::responses::json::json;
use crate::resource_server::Refusal;
use crate::store::StoreError;

const REALM: &str = "hallmark";

/// Why an access token opens nothing here. Its status is that of [`Refusal`].
#[derive(Debug)]
pub struct BearerRefusal(Refusal);

#[derive(Serialize)]
struct Body {
    code: u16,
    message: String,
}

impl From<Refusal> for BearerRefusal {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl From<StoreError> for BearerRefusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        Self(Refusal::Unavailable)
    }
}

impl<'r> Responder<'r, 'static> for BearerRefusal {
    fn respond_to(self, _: &'r Request<'_>) -> Result<'static> {
        let Self(refusal) = self;
        let message = match refusal {
            Refusal::NoToken | Refusal::InvalidToken(_) => "Unauthorized".to_owned(),
            Refusal::InvalidRequest(_)
            | Refusal::InsufficientScope { .. }
            | Refusal::NotCovered(_)
            | Refusal::Unavailable => refusal.to_string(),
        };
        let mut response = json(refusal.status(), &Body { code: refusal.status().code, message })?;
        match refusal.challenge(REALM) {
            Some(challenge) => response.set_header(Header::new("WWW-Authenticate", challenge)),
            None => response.set_header(Header::new("Retry-After", "5")),
        };
        Ok(response)
    }
}
