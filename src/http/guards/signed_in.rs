//! The person behind the session cookie, and the admin among them.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

use crate::authorization_server::AuthorizationServer;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Lifetime;
use crate::domain::user::{Standing, User, UserState};
use crate::http::guards::cookies::{self, CookieName};
use crate::http::guards::server_of;
use crate::secrets::token::{TokenKind, read};
use crate::store::StoreError;

/// How exactly it is known when a session was last seen.
const SEEN_EVERY: Lifetime = Lifetime::minutes(5);

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

/// A signed-in admin. Anybody else gets 403.
pub struct Admin(pub SignedIn);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SignedIn {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(server) = server_of(request) else { return Outcome::Error((Status::InternalServerError, ())) };
        let cached = request.local_cache_async(async {
            let key = read(TokenKind::Session, cookies::sent(server, request.cookies(), CookieName::Session)?)?;
            find(server, key).await.transpose()
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

async fn find(server: &AuthorizationServer, session_key: TokenKey) -> Result<Option<SignedIn>, StoreError> {
    let now = server.now();
    let Some(session) = server.store.session(session_key).await? else { return Ok(None) };
    if !session.is_live(server.config.lifetimes.session_idle, now) {
        return Ok(None);
    }
    let user = server.store.user(session.user_id).await?;
    let Some(user) = user.filter(|user| user.state == UserState::Active) else { return Ok(None) };
    if (session.last_seen + SEEN_EVERY).has_passed(now) {
        server.store.touch_session(session_key, now).await?;
    }
    Ok(Some(SignedIn { session_key, session, user }))
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
