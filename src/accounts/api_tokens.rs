//! API tokens of a person: make, list, revoke. The token itself is told once, to whoever makes it.

use std::sync::Arc;

use crate::access::grouping::{ScopesAt, by_api};
use crate::authorization_server::AuthorizationServer;
use crate::domain::api_token::{ApiToken, Reach, TokenUse};
use crate::domain::event::{Actor, Event};
use crate::domain::id::{SiteId, UserId};
use crate::domain::label::Label;
use crate::domain::scope::{MANAGE_API_TOKENS, Scope, ScopeEntry, is_own};
use crate::domain::secret::{Secret, TokenKey};
use crate::domain::site::Site;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::{Standing, User, UserState};
use crate::secrets::token::{self, TokenKind, mint};
use crate::secrets::{digest, random};
use crate::store::{Kept, StoreError};

const DAY: u64 = Lifetime::days(1).as_secs();

/// A token that somebody asks for.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    /// What it is to be called.
    pub label: Label,
    /// For how many days.
    pub days: u64,
    /// What for.
    pub reach: Reach,
    /// On which site alone; `None` for every site of its owner.
    pub site_id: Option<SiteId>,
    /// What the form said that asks, so that one form makes one token; `None` where nobody sends twice.
    pub request: Option<String>,
}

/// A token that was made.
pub struct MadeApiToken {
    /// The token itself, which is told this once.
    pub secret: Secret<String>,
    /// What is kept of it.
    pub token: ApiToken,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum ApiTokenError {
    /// It would live too long or not at all.
    #[error("an API token lives from 1 to {longest} days")]
    Days {
        /// What an operator allows.
        longest: u64,
    },
    /// It would be good for nothing.
    #[error("choose at least one thing that the token is for")]
    NoScope,
    /// Nobody owns the scope.
    #[error("no protected resource owns the scope {0:?}")]
    UnknownScope(String),
    /// Its owner could never use the scope.
    #[error("the scope {MANAGE_API_TOKENS} is for admins of this server")]
    NotAnAdmin,
    /// An operator does not allow it.
    #[error("tokens for all that you may do are not allowed here: choose scopes")]
    EverythingRefused,
    /// Its owner is no member of the site.
    #[error("its owner is no member of that site")]
    OtherSite,
    /// Its owner has enough.
    #[error("nobody may have more than {0} API tokens that are good: revoke one first")]
    TooMany(u16),
    /// The same form made one before, which is not told again.
    #[error("this form made the token {label:?} already, and a token is shown once", label = .0.label.as_str())]
    Again(Box<ApiToken>),
    /// Its owner may do nothing.
    #[error("a suspended person gets no API token")]
    Suspended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token of `owner`.
///
/// # Errors
/// [`ApiTokenError`] says what of it cannot be.
pub async fn make(
    server: &AuthorizationServer,
    owner: &User,
    new: NewApiToken,
    by: Actor,
) -> Result<MadeApiToken, ApiTokenError> {
    check(server, owner, &new).await?;
    let (settings, now) = (&server.config.api_tokens, server.now());
    let expires = now + Lifetime::days(new.days);
    let minted = mint(TokenKind::Api, expires);
    let request = new.request.map_or_else(random::salt, |request| digest::name(request.as_bytes()));
    let token = ApiToken {
        key: minted.key,
        user_id: owner.id,
        label: new.label,
        reach: new.reach,
        site_id: new.site_id,
        ending: token::ending(minted.token.expose()),
        request,
        created: now,
        expires,
    };
    match server.store.add_api_token(&token, settings.per_person, now).await? {
        Kept::Done => {}
        Kept::Full => return Err(ApiTokenError::TooMany(settings.per_person)),
        Kept::Again(earlier) => return Err(ApiTokenError::Again(earlier)),
    }
    let scope = match &token.reach {
        Reach::Scopes(scope) => Some(scope.to_string()),
        Reach::Everything => None,
    };
    let made = Event::ApiTokenMade {
        user_id: owner.id,
        token: token::name(token.key),
        label: token.label.to_string(),
        scope,
        site_id: token.site_id,
        expires,
        by,
    };
    server.record(made).await;
    Ok(MadeApiToken { secret: minted.token, token })
}

async fn check(server: &AuthorizationServer, owner: &User, new: &NewApiToken) -> Result<(), ApiTokenError> {
    let longest = longest(server);
    if owner.state != UserState::Active {
        return Err(ApiTokenError::Suspended);
    }
    if !(1..=longest).contains(&new.days) {
        return Err(ApiTokenError::Days { longest });
    }
    match &new.reach {
        Reach::Everything if !server.config.api_tokens.everything => return Err(ApiTokenError::EverythingRefused),
        Reach::Everything => {}
        Reach::Scopes(scope) => check_scope(server, owner, scope).await?,
    }
    match new.site_id {
        Some(site) if server.store.member(site, owner.id).await?.is_none() => Err(ApiTokenError::OtherSite),
        _ => Ok(()),
    }
}

async fn check_scope(server: &AuthorizationServer, owner: &User, scope: &Scope) -> Result<(), ApiTokenError> {
    if scope.is_empty() {
        return Err(ApiTokenError::NoScope);
    }
    let known = server.store.scope_entries(scope).await?;
    for name in scope.iter() {
        if name == MANAGE_API_TOKENS {
            if owner.standing != Standing::Admin {
                return Err(ApiTokenError::NotAnAdmin);
            }
        } else if is_own(name) || known.iter().all(|entry| entry.name != name) {
            return Err(ApiTokenError::UnknownScope(name.to_owned()));
        }
    }
    Ok(())
}

/// The longest life that may be chosen, in days.
pub fn longest(server: &AuthorizationServer) -> u64 {
    server.config.api_tokens.longest.as_secs() / DAY
}

/// The life that is offered first, in days.
pub fn offered(server: &AuthorizationServer) -> u64 {
    server.config.api_tokens.offered().as_secs() / DAY
}

/// What `owner` may make a token for, by the API that it opens.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn choices(server: &AuthorizationServer, owner: &User) -> Result<Vec<ScopesAt>, StoreError> {
    let mut entries = Vec::new();
    for resource in server.store.resources().await? {
        entries.extend(server.store.scopes_of(&resource.id).await?);
    }
    entries.extend((owner.standing == Standing::Admin).then(ScopeEntry::manage_api_tokens));
    by_api(server, entries).await
}

/// A token as its owner, an admin or an operator sees it.
#[derive(Clone, Debug)]
pub struct ListedApiToken {
    /// The token.
    pub token: ApiToken,
    /// What logs and the `jti` of answers call it.
    pub name: String,
    /// The site that it is for alone; `None` where it is for all, or the site is gone.
    pub site: Option<Arc<Site>>,
    /// When and from where it was last used.
    pub last_use: Option<TokenUse>,
    /// Whether it can still be good for anything.
    pub is_live: bool,
}

/// A person's tokens, the newest first; of those that expired the ones of the last weeks.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer, owner: UserId) -> Result<Vec<ListedApiToken>, StoreError> {
    listed(server, server.store.api_tokens_of(owner).await?).await
}

/// Everybody's tokens, the newest first.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list_all(server: &AuthorizationServer) -> Result<Vec<ListedApiToken>, StoreError> {
    listed(server, server.store.api_tokens().await?).await
}

async fn listed(server: &AuthorizationServer, mut tokens: Vec<ApiToken>) -> Result<Vec<ListedApiToken>, StoreError> {
    let now = server.now();
    tokens.retain(|token| !token.is_forgotten(now));
    tokens.sort_by_key(|token| std::cmp::Reverse(token.created));
    let mut listed = Vec::with_capacity(tokens.len());
    for token in tokens {
        let site = match token.site_id {
            Some(id) => server.store.site(id).await?,
            None => None,
        };
        let (name, is_live) = (token::name(token.key), token.is_live(now));
        let last_use = last_use(server, token.key).await?;
        listed.push(ListedApiToken { token, name, site, last_use, is_live });
    }
    Ok(listed)
}

/// When a token was last used, whether that is written down yet or not.
pub(super) async fn last_use(server: &AuthorizationServer, key: TokenKey) -> Result<Option<TokenUse>, StoreError> {
    match server.uses.of(key) {
        Some(used) => Ok(Some(used)),
        None => server.store.token_use(key).await,
    }
}

/// Ends the token of `owner` that lists call `name`, and says what it was; `None` if they have none of that name.
///
/// # Errors
/// [`StoreError`] if the store fails: it may still be live.
pub async fn revoke(
    server: &AuthorizationServer,
    owner: UserId,
    name: &str,
    by: Actor,
) -> Result<Option<ApiToken>, StoreError> {
    let tokens = server.store.api_tokens_of(owner).await?;
    let Some(token) = tokens.into_iter().find(|token| token::name(token.key) == name) else {
        // Perhaps somebody ended it a moment ago: the answer must not come before that is durable.
        server.store.settled().await?;
        return Ok(None);
    };
    if !server.store.revoke_api_token(token.key).await? {
        return Ok(None);
    }
    let (label, token_name) = (token.label.to_string(), name.to_owned());
    server.record(Event::ApiTokenRevoked { user_id: owner, token: token_name, label, by }).await;
    Ok(Some(token))
}

/// Ends every token of `owner`, and says how many it ended.
///
/// # Errors
/// [`StoreError`] if the store fails: some may still be live.
pub async fn revoke_all(server: &AuthorizationServer, owner: UserId, by: Actor) -> Result<usize, StoreError> {
    let count = server.store.revoke_api_tokens_of(owner).await?;
    if count > 0 {
        server.record(Event::ApiTokensRevoked { user_id: owner, count, by }).await;
    }
    Ok(count)
}

/// Whether a token ends within a week, of which its owner is warned.
pub fn is_soon_over(token: &ApiToken, now: Timestamp) -> bool {
    token.is_live(now) && token.expires.remaining(now) <= Lifetime::days(7)
}
