//! The access token of a request to this server's own API (RFC 6750 section 2.1), read as the guard for other APIs reads it.

use std::convert::Infallible;

use rocket::request::{FromRequest, Outcome, Request};

use crate::authorization_server::AuthorizationServer;
use crate::http::responses::bearer_refusal::BearerRefusal;
use crate::oauth::bearer::{LiveToken, places};
use crate::resource_server::{Refusal, token};

/// What a request offers as its access token. What is wrong with it is kept as a value, so that the answer is told in the
/// form that clients of this API read.
pub struct Bearer<'r>(Result<&'r str, Refusal>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bearer<'r> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(token(request)))
    }
}

impl Bearer<'_> {
    /// The token, on each site on which it is good; at least one.
    ///
    /// # Errors
    /// [`BearerRefusal`] as RFC 6750 section 3.1 says.
    pub async fn places(self, server: &AuthorizationServer) -> Result<Vec<LiveToken>, BearerRefusal> {
        let places = places(server, self.0?).await?;
        if places.is_empty() {
            return Err(Refusal::InvalidToken("the access token is unknown, has expired or was taken back").into());
        }
        Ok(places)
    }
}
