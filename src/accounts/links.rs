//! One-time links: opening one uses nothing up; only the form behind it does, once everything in it was found good.

use std::net::IpAddr;

use crate::accounts::people::{self, Joining, NewUser, PeopleError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::id::UserId;
use crate::domain::link::{LinkPurpose, OneTimeLink};
use crate::domain::secret::TokenKey;
use crate::domain::time::Lifetime;
use crate::domain::user::{Email, Standing, User, UserState};
use crate::secrets::password::{Password, PasswordFailure};
use crate::secrets::token::{TokenKind, mint, read};
use crate::store::StoreError;

/// A link that is good.
#[derive(Debug)]
pub struct OpenLink {
    key: TokenKey,
    link: OneTimeLink,
    /// Whose password it sets; `None` for set-up.
    pub user: Option<User>,
}

/// Why a link is no good, or what was sent with it.
#[derive(Debug, thiserror::Error)]
pub enum LinkFault {
    /// It was used, voided by a later one, or never made.
    #[error("this link was used already, replaced by a newer one, or never made")]
    Unknown,
    /// Its time is over.
    #[error("this link has expired")]
    Expired,
    /// Its person is suspended.
    #[error("this account is suspended")]
    Suspended,
    /// There is an admin already.
    #[error("this server is set up already")]
    AdminExists,
    /// The address that was chosen belongs to somebody.
    #[error("{0} has an account already")]
    Taken(Email),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<PeopleError> for LinkFault {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Taken(email) => LinkFault::Taken(email),
            PeopleError::Unknown => LinkFault::Unknown,
            PeopleError::AdminExists => LinkFault::AdminExists,
            PeopleError::Password(failure) => LinkFault::Password(failure),
            PeopleError::Store(error) => LinkFault::Store(error),
        }
    }
}

/// Makes a link and gives its URL, which holds the only copy of its secret.
pub(super) async fn make(server: &AuthorizationServer, purpose: LinkPurpose, by: Actor) -> Result<String, StoreError> {
    let expires = server.now() + lifetime(server, purpose);
    let minted = mint(TokenKind::Link, expires);
    server.store.add_link(minted.key, &OneTimeLink { purpose, expires }).await?;
    server.record(Event::LinkMade { purpose: purpose.path().into(), user_id: user_of(purpose), by }).await;
    Ok(server.config.issuer.url.url(&format!("/{}/{}", purpose.path(), minted.token.expose())))
}

/// The link that `token` names, if it is good and its path begins with `path`.
///
/// # Errors
/// [`LinkFault`], by the first rule that it breaks.
pub async fn open(server: &AuthorizationServer, path: &str, token: &str) -> Result<OpenLink, LinkFault> {
    let key = read(TokenKind::Link, token).ok_or(LinkFault::Unknown)?;
    let link = server.store.link(key).await?.filter(|link| link.purpose.path() == path).ok_or(LinkFault::Unknown)?;
    if link.expires.has_passed(server.now()) {
        return Err(LinkFault::Expired);
    }
    let Some(user) = user_of(link.purpose) else {
        return if server.store.has_admin().await? {
            Err(LinkFault::AdminExists)
        } else {
            Ok(OpenLink { key, link, user: None })
        };
    };
    let user = server.store.user(user).await?.ok_or(LinkFault::Unknown)?;
    if user.state == UserState::Suspended {
        return Err(LinkFault::Suspended);
    }
    if is_overtaken(server, &link, &user) {
        return Err(LinkFault::Unknown);
    }
    Ok(OpenLink { key, link, user: Some(user) })
}

/// Whether the person chose a password after the link was made: then it must not give somebody who finds it their account.
fn is_overtaken(server: &AuthorizationServer, link: &OneTimeLink, user: &User) -> bool {
    match link.purpose {
        LinkPurpose::Setup => false,
        LinkPurpose::Invite(_) => user.password.is_some(),
        LinkPurpose::PasswordReset(_) => {
            let made = link.expires - lifetime(server, link.purpose);
            user.password_changed.is_some_and(|changed| changed > made)
        }
    }
}

/// Makes the first admin.
///
/// # Errors
/// [`LinkFault`]; the link stays good unless it was this call that used it.
pub async fn set_up(
    server: &AuthorizationServer,
    open: &OpenLink,
    (email, name): (Email, String),
    password: Password,
    address: Option<IpAddr>,
) -> Result<User, LinkFault> {
    if server.store.user_by_email(&email).await?.is_some() {
        return Err(LinkFault::Taken(email));
    }
    let hash = server.passwords.hash(password).await?;
    let new = NewUser { email, name, standing: Standing::Admin, sites: Joining::DefaultSite };
    let admin = people::make(server, new, Some(hash));
    take(server, open, address).await?;
    let by = Actor::User(admin.id);
    Ok(people::enter(server, admin, &Joining::DefaultSite, by).await?)
}

/// Gives a person the password that they chose.
///
/// # Errors
/// [`LinkFault`]; the link stays good unless it was this call that used it.
pub async fn choose_password(
    server: &AuthorizationServer,
    open: &OpenLink,
    password: Password,
    address: Option<IpAddr>,
) -> Result<(), LinkFault> {
    let user = user_of(open.link.purpose).ok_or(LinkFault::Unknown)?;
    let hash = server.passwords.hash(password).await?;
    take(server, open, address).await?;
    Ok(people::set_hash(server, user, &hash, Actor::User(user)).await?)
}

async fn take(server: &AuthorizationServer, open: &OpenLink, address: Option<IpAddr>) -> Result<(), LinkFault> {
    if !server.store.take_link(open.key).await? {
        return Err(LinkFault::Unknown);
    }
    let purpose = open.link.purpose;
    server.record(Event::LinkUsed { purpose: purpose.path().into(), user_id: user_of(purpose), address }).await;
    Ok(())
}

fn lifetime(server: &AuthorizationServer, purpose: LinkPurpose) -> Lifetime {
    let lifetimes = &server.config.lifetimes;
    match purpose {
        LinkPurpose::Setup => lifetimes.setup_link,
        LinkPurpose::Invite(_) => lifetimes.invite_link,
        LinkPurpose::PasswordReset(_) => lifetimes.reset_link,
    }
}

fn user_of(purpose: LinkPurpose) -> Option<UserId> {
    match purpose {
        LinkPurpose::Setup => None,
        LinkPurpose::Invite(user) | LinkPurpose::PasswordReset(user) => Some(user),
    }
}
