//! trait ApiTokens: tokens of people's scripts.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::api_token::{ApiToken, TokenUse};
use crate::domain::id::{SiteId, UserId};
use crate::domain::secret::TokenKey;
use crate::domain::site::{Member, Site};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::Result;

/// An API token with everything that says what it is good for: one answer, one read of each noun.
#[derive(Clone, Debug)]
pub struct ApiCredential {
    /// The token.
    pub token: ApiToken,
    /// Its owner; `None` if they are gone.
    pub user: Option<User>,
    /// The site that is asked about; `None` if it is gone.
    pub site: Option<Arc<Site>>,
    /// Its owner there; `None` if they are no member of it.
    pub member: Option<Member>,
}

/// What became of a new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    Done,
    /// Its owner has as many as they may.
    Full,
    /// The same request made this one before.
    Again(Box<ApiToken>),
}

/// API tokens, and when tokens that live long were last used.
#[async_trait]
pub trait ApiTokens {
    /// Keeps a token, unless its owner has `limit` that are live at `now`, or the same request made one before. Of any number
    /// of callers at once no more succeed than there is room for.
    async fn add_api_token(&self, token: &ApiToken, limit: u16, now: Timestamp) -> Result<Kept>;

    /// The token under that key, alone.
    async fn api_token(&self, key: TokenKey) -> Result<Option<ApiToken>>;

    /// The token under that key with what bounds it on `site`; where none is named, on its own site, or else on `otherwise`.
    /// Reads each noun at most once and writes nothing.
    async fn api_credential(
        &self,
        key: TokenKey,
        site: Option<SiteId>,
        otherwise: SiteId,
    ) -> Result<Option<ApiCredential>>;

    /// A person's tokens, also those that expired a while ago.
    async fn api_tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>>;

    /// Everybody's tokens, person by person.
    async fn api_tokens(&self) -> Result<Vec<ApiToken>>;

    /// Ends a token; `false` if there was none.
    async fn revoke_api_token(&self, key: TokenKey) -> Result<bool>;

    /// Ends every token of a person, and says how many it ended.
    async fn revoke_api_tokens_of(&self, user: UserId) -> Result<usize>;

    /// Notes when tokens were used. May be lost.
    async fn note_token_uses(&self, uses: &[(TokenKey, TokenUse)]) -> Result<()>;

    /// When a token was last used, as far as that was noted.
    async fn token_use(&self, key: TokenKey) -> Result<Option<TokenUse>>;
}
