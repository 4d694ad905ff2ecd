//! What a browser calls itself: shown to people so that they know their browsers apart, and believed in nothing.

use rocket::request::{FromRequest, Outcome, Request};

/// The `User-Agent` header; empty if there is none.
#[derive(Clone, Copy, Debug)]
pub struct UserAgent<'r>(pub &'r str);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for UserAgent<'r> {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(UserAgent(request.headers().get_one("User-Agent").unwrap_or_default()))
    }
}
