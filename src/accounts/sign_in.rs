//! Sign-in: check a password, open a session.
//!
//! An unknown address, a wrong password, a suspended account and one without a password get one answer after one delay.

use std::net::IpAddr;

use crate::accounts::guesses::{Guess, Uncounted, Whence};
use crate::accounts::networks::{self, Attempt};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::Event;
use crate::domain::id::UserId;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Lifetime;
use crate::domain::user::{Email, PasswordHash, User, UserState};
use crate::secrets::password::{Password, PasswordFailure, Verdict};
use crate::secrets::token::{Minted, TokenKind, mint};
use crate::store::StoreError;
use crate::throttle::network_of;

const MAX_USER_AGENT: usize = 200;

/// What a browser sent, and what is known of it.
pub struct SignIn<'a> {
    /// The address as it was typed.
    pub email: &'a str,
    /// The password as it was typed.
    pub password: String,
    /// Where the browser is.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: &'a str,
    /// Its mark that somebody signed in from it before.
    pub device: Option<TokenKey>,
    /// The session that it has, which ends: no session outlives a sign-in (RFC 9700 knows it as session fixation).
    pub replaces: Option<TokenKey>,
}

/// A session that began.
pub struct SignedIn {
    /// The session cookie.
    pub session: Minted,
    /// The mark of a browser that somebody signed in from; `None` if the one it has is kept.
    pub device: Option<Minted>,
    /// Who signed in.
    pub user: User,
}

/// Why no session began.
#[derive(Debug, thiserror::Error)]
pub enum SignInRefusal {
    /// Unknown address, wrong password, suspended account: nobody is told which.
    #[error("that e-mail address and password did not match")]
    NoMatch,
    /// Too many attempts; the next may be made after that time.
    #[error("too many attempts; try again in {0}")]
    TooMany(Lifetime),
    /// Too many passwords are being checked.
    #[error(transparent)]
    Password(#[from] PasswordFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Uncounted> for SignInRefusal {
    fn from(uncounted: Uncounted) -> Self {
        match uncounted {
            Uncounted::TooMany(wait) => SignInRefusal::TooMany(wait),
            Uncounted::Store(error) => SignInRefusal::Store(error),
        }
    }
}

/// Signs a person in.
///
/// # Errors
/// [`SignInRefusal`]; a wrong one was counted.
pub async fn sign_in(server: &AuthorizationServer, attempt: SignIn<'_>) -> Result<SignedIn, SignInRefusal> {
    let user = match prove(server, &attempt).await {
        Ok(user) => user,
        Err(Unproven { user_id, reason, refusal }) => {
            let (address, reason) = (attempt.address, reason.unwrap_or_else(|| refusal.to_string()));
            server.record_refusal(Event::SignInRefused { user_id, address, reason }, address).await;
            return Err(refusal);
        }
    };
    let session = open_session(server, &user, attempt.address, attempt.user_agent).await?;
    if let Some(replaced) = attempt.replaces {
        server.store.end_session(replaced).await?;
    }
    let device = know_device(server, user.id, attempt.device).await?;
    server.record(Event::SignedIn { user_id: user.id, address: attempt.address }).await;
    Ok(SignedIn { session, device, user })
}

/// A refusal with what only the audit trail is told: whom it concerned, and why exactly.
struct Unproven {
    user_id: Option<UserId>,
    reason: Option<String>,
    refusal: SignInRefusal,
}

impl<E: Into<SignInRefusal>> From<E> for Unproven {
    fn from(error: E) -> Self {
        Unproven { user_id: None, reason: None, refusal: error.into() }
    }
}

/// The person whose address and password these are.
async fn prove(server: &AuthorizationServer, attempt: &SignIn<'_>) -> Result<User, Unproven> {
    if attempt.address.is_some() {
        networks::take(server, Attempt::SignIn, attempt.address).await?;
    }
    let email: Option<Email> = attempt.email.parse().ok();
    let user = match &email {
        Some(email) => server.store.user_by_email(email).await?,
        None => None,
    };
    let user_id = user.as_ref().map(|user| user.id);
    let refuse = |refusal| Unproven { user_id, reason: None, refusal };
    let guess = match &email {
        Some(email) => Guess::at(server, email, whence(server, attempt, user_id).await?),
        None => Guess::at_nobody(),
    };
    guess.take(server).await.map_err(|uncounted| refuse(uncounted.into()))?;
    let password = Password::parse(attempt.password.clone()).map_err(|_| refuse(SignInRefusal::NoMatch))?;
    let hash = user.as_ref().filter(|user| user.state == UserState::Active).and_then(|user| user.password.clone());
    let verdict = match server.passwords.verify(hash.as_ref(), password.clone()).await {
        Ok(verdict) => verdict,
        Err(failure) => {
            guess.give_back(server).await;
            return Err(refuse(failure.into()));
        }
    };
    match (verdict, user, hash) {
        (Verdict::Right, Some(user), _) => {
            guess.give_back(server).await;
            Ok(user)
        }
        (Verdict::RightButStale, Some(user), Some(hash)) => {
            guess.give_back(server).await;
            rehash(server, user.id, &hash, password).await;
            Ok(user)
        }
        (_, user, _) => {
            let reason = Some(mismatch(user.as_ref()).to_owned());
            Err(Unproven { user_id, reason, refusal: SignInRefusal::NoMatch })
        }
    }
}

fn mismatch(user: Option<&User>) -> &'static str {
    match user {
        None => "unknown address",
        Some(User { state: UserState::Suspended, .. }) => "suspended",
        Some(User { password: None, .. }) => "no password chosen yet",
        Some(_) => "wrong password",
    }
}

/// Where the attempt comes from, as far as it concerns the person whose account it is at.
async fn whence(
    server: &AuthorizationServer,
    attempt: &SignIn<'_>,
    user: Option<UserId>,
) -> Result<Whence, StoreError> {
    if let (Some(user), Some(device)) = (user, attempt.device)
        && server.store.knows_device(device, user).await?
    {
        return Ok(Whence::Browser(device));
    }
    Ok(Whence::Network(attempt.address.map(network_of)))
}

/// Hashes a password that was right with the parameters of today. Whether it works out does not matter now.
async fn rehash(server: &AuthorizationServer, user: UserId, old: &PasswordHash, password: Password) {
    if let Ok(new) = server.passwords.hash(password).await
        && let Err(error) = server.store.rehash_password(user, old, &new).await
    {
        tracing::warn!(%error, "a password could not be hashed anew");
    }
}

/// Begins a session of `user`, who just proved to be them.
pub(super) async fn open_session(
    server: &AuthorizationServer,
    user: &User,
    address: Option<IpAddr>,
    user_agent: &str,
) -> Result<Minted, StoreError> {
    let now = server.now();
    let expires = now + server.config.lifetimes.session_absolute;
    let minted = mint(TokenKind::Session, expires);
    let user_agent = user_agent.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect();
    let session = Session { user_id: user.id, created: now, last_seen: now, expires, user_agent, address };
    server.store.open_session(minted.key, &session).await?;
    Ok(minted)
}

/// Notes that the person signed in from this browser. A mark it has is kept, since it may stand for other people too.
async fn know_device(
    server: &AuthorizationServer,
    user: UserId,
    device: Option<TokenKey>,
) -> Result<Option<Minted>, StoreError> {
    if let Some(device) = device {
        server.store.know_device(device, user).await?;
        return Ok(None);
    }
    let minted = mint(TokenKind::Device, server.now() + server.config.lifetimes.known_device);
    server.store.know_device(minted.key, user).await?;
    Ok(Some(minted))
}
