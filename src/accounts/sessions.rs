//! Signed-in browsers: find the one behind a cookie, list a person's, end them.

use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::id::UserId;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::{User, UserState};
use crate::secrets::digest::base64url;
use crate::store::StoreError;

/// How exactly it is known when a session was last seen: a write for each page would be a waste.
const SEEN_EVERY: Lifetime = Lifetime::minutes(5);

/// The live session under `key` and its person, noting that it was seen.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn find(server: &AuthorizationServer, key: TokenKey) -> Result<Option<(Session, User)>, StoreError> {
    let now = server.now();
    let Some(session) = server.store.session(key).await?.filter(|session| is_live(server, session, now)) else {
        return Ok(None);
    };
    let Some(user) = server.store.user(session.user_id).await?.filter(|user| may_use(user, &session)) else {
        return Ok(None);
    };
    if (session.last_seen + SEEN_EVERY).has_passed(now) {
        server.store.touch_session(key, now).await?;
    }
    Ok(Some((session, user)))
}

/// A session from before the last change of the password is over even if ending it was cut short by a crash.
fn may_use(user: &User, session: &Session) -> bool {
    user.state == UserState::Active && user.password_changed.is_none_or(|changed| changed <= session.created)
}

fn is_live(server: &AuthorizationServer, session: &Session, now: Timestamp) -> bool {
    session.is_live(server.config.lifetimes.session_idle, now)
}

/// A person's live sessions, the one seen last first.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, user: UserId) -> Result<Vec<(TokenKey, Session)>, StoreError> {
    let now = server.now();
    let mut sessions = server.store.sessions_of(user).await?;
    sessions.retain(|(_, session)| is_live(server, session, now));
    sessions.sort_by_key(|(_, session)| std::cmp::Reverse((session.last_seen, session.created)));
    Ok(sessions)
}

/// What a page calls a session: part of a digest, of which nobody makes the cookie.
pub fn reference(key: TokenKey) -> String {
    base64url(&key.digest.0[..12])
}

/// Ends the session of `owner` that pages call `reference`; `false` if they have none of that name.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn end(server: &AuthorizationServer, owner: UserId, named: &str, by: Actor) -> Result<bool, StoreError> {
    let sessions = server.store.sessions_of(owner).await?;
    let Some((key, _)) = sessions.into_iter().find(|(key, _)| reference(*key) == named) else { return Ok(false) };
    sign_out(server, owner, key, by).await
}

/// Ends one session of `owner`; `false` if it was over already.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn sign_out(
    server: &AuthorizationServer,
    owner: UserId,
    key: TokenKey,
    by: Actor,
) -> Result<bool, StoreError> {
    let ended = server.store.end_session(key).await?;
    if ended {
        server.record(Event::SessionEnded { user_id: owner, by }).await;
    }
    Ok(ended)
}

/// Ends every session of `owner` but `except`.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn end_all(
    server: &AuthorizationServer,
    owner: UserId,
    except: Option<TokenKey>,
    by: Actor,
) -> Result<usize, StoreError> {
    let count = server.store.end_sessions_of(owner, except).await?;
    if count > 0 {
        server.record(Event::SessionsEnded { user_id: owner, count, by }).await;
    }
    Ok(count)
}
