//! The person behind the session cookie, whoever else may visit, and the admin among them.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use crate::accounts::sessions;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::user::{Standing, User};
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::server_of;
use crate::secrets::token::{TokenKind, read};

/// A signed-in person. Without one the answer is 401, which leads a browser to the sign-in page.
#[derive(Clone)]
pub struct SignedIn {
    /// Their session.
    pub session_key: TokenKey,
    /// What is known of it.
    pub session: Session,
    /// Who they are.
    pub user: User,
}

/// Somebody who is signed in, or anybody. Where the store cannot say which, the answer is 503: who is signed in must not
/// be taken for nobody, which an app would be told (`prompt=none`).
pub struct Visitor(pub Option<SignedIn>);

/// A signed-in admin. Anybody else gets 403.
pub struct Admin(pub SignedIn);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(server) = server_of(request) else { return Outcome::Error((Status::InternalServerError, ())) };
        let cached = request.local_cache_async(async {
            let key = read(TokenKind::Session, cookies::sent(server, request.cookies(), CookieName::Session)?)?;
            let found = sessions::find(server, key).await.transpose()?;
            Some(found.map(|(session, user)| SignedIn { session_key: key, session, user }))
        });
        match cached.await {
            Some(Ok(signed_in)) => Outcome::Success(signed_in.clone()),
            Some(Err(error)) => {
                tracing::error!(%error, "a session could not be read");
                Outcome::Error((Status::ServiceUnavailable, ()))
            }
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match SignedIn::from_request(request).await {
            Outcome::Success(signed_in) => Outcome::Success(Visitor(Some(signed_in))),
            Outcome::Error((Status::Unauthorized, ())) => Outcome::Success(Visitor(None)),
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Admin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match SignedIn::from_request(request).await {
            Outcome::Success(signed_in) if signed_in.user.standing == Standing::Admin => {
                Outcome::Success(Admin(signed_in))
            }
            Outcome::Success(_) => Outcome::Error((Status::Forbidden, ())),
            Outcome::Error(error) => Outcome::Error(error),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}
