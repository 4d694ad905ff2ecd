//! trait Sessions: signed-in browsers, and the browsers that people once signed in from.

use async_trait::async_trait;

use crate::domain::id::UserId;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::Result;

/// Signed-in browsers.
#[async_trait]
pub trait Sessions {
    /// The session of that cookie.
    async fn session(&self, key: TokenKey) -> Result<Option<Session>>;

    /// Begins a session.
    async fn open_session(&self, key: TokenKey, session: &Session) -> Result<()>;

    /// Notes when a session was last seen. May be lost.
    async fn touch_session(&self, key: TokenKey, now: Timestamp) -> Result<()>;

    /// Ends a session; `false` if there was none.
    async fn end_session(&self, key: TokenKey) -> Result<bool>;

    /// A person's sessions.
    async fn sessions_of(&self, user: UserId) -> Result<Vec<(TokenKey, Session)>>;

    /// Ends a person's sessions but for `except`, and says how many it ended.
    async fn end_sessions_of(&self, user: UserId, except: Option<TokenKey>) -> Result<usize>;

    /// Notes that a person signed in from the browser with that cookie. May be lost.
    async fn know_device(&self, key: TokenKey, user: UserId) -> Result<()>;

    /// Whether that person signed in from the browser with that cookie.
    async fn knows_device(&self, key: TokenKey, user: UserId) -> Result<bool>;
}
