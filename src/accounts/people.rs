//! People as operators and admins see them: add, invite, suspend, and the links that are handed to them.

use crate::accounts::links;
use crate::accounts::sessions;
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::id::{SiteId, UserId};
use crate::domain::link::LinkPurpose;
use crate::domain::site::{Member, SiteStanding};
use crate::domain::user::{Email, Epoch, PasswordHash, Standing, User, UserState};
use crate::secrets::password::{Password, PasswordFailure};
use crate::secrets::random;
use crate::store::{Added, StoreError};

/// The longest name, in characters.
const MAX_NAME: usize = 60;

/// Somebody to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they will sign in with.
    pub email: Email,
    /// What they are called; may be empty.
    pub name: String,
    /// What they may do.
    pub standing: Standing,
    /// Of which sites they are a member from the beginning.
    pub sites: Joining,
}

/// Of which sites somebody is a member from the beginning; who may manage people is an admin of these, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Joining {
    /// Of the default one.
    #[default]
    DefaultSite,
    /// Of these, perhaps of none.
    These(Vec<SiteId>),
}

/// Why something could not be done about a person.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The address belongs to somebody.
    #[error("{0} has an account already")]
    Taken(Email),
    /// There is nobody of that name.
    #[error("there is no such person")]
    Unknown,
    /// The set-up link is for a server without an admin.
    #[error("there is an admin already; admins are invited on the pages or added by command")]
    AdminExists,
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds a person, with or without a password.
///
/// # Errors
/// [`PeopleError::Taken`] if the address belongs to somebody.
pub async fn add(
    server: &AuthorizationServer,
    new: NewUser,
    password: Option<Password>,
    by: Actor,
) -> Result<User, PeopleError> {
    let hash = match password {
        Some(password) => Some(server.passwords.hash(password).await?),
        None => None,
    };
    let sites = new.sites.clone();
    let user = make(server, new, hash);
    enter(server, user, &sites, by).await
}

/// Adds a person without a password, and makes the link with which they choose one.
///
/// # Errors
/// [`PeopleError::Taken`] if the address belongs to somebody.
pub async fn invite(server: &AuthorizationServer, new: NewUser, by: Actor) -> Result<(User, String), PeopleError> {
    let user = add(server, new, None, by).await?;
    let link = links::make(server, LinkPurpose::Invite(user.id), by).await?;
    Ok((user, link))
}

/// Makes a link with which a person chooses a new password, or their first one if they never did.
///
/// # Errors
/// [`PeopleError::Unknown`] if there is nobody of that name.
pub async fn reset_link(server: &AuthorizationServer, user: UserId, by: Actor) -> Result<String, PeopleError> {
    let user = server.store.user(user).await?.ok_or(PeopleError::Unknown)?;
    let purpose = match user.password {
        Some(_) => LinkPurpose::PasswordReset(user.id),
        None => LinkPurpose::Invite(user.id),
    };
    Ok(links::make(server, purpose, by).await?)
}

/// Makes the link with which the first admin is made; the one before is void.
///
/// # Errors
/// [`PeopleError::AdminExists`] once there is an admin.
pub async fn setup_link(server: &AuthorizationServer, by: Actor) -> Result<String, PeopleError> {
    if server.store.has_admin().await? {
        return Err(PeopleError::AdminExists);
    }
    Ok(links::make(server, LinkPurpose::Setup, by).await?)
}

/// Sets a person's password. Every session and token of theirs is over.
///
/// # Errors
/// [`PeopleError::Unknown`] if there is nobody of that name.
pub async fn set_password(
    server: &AuthorizationServer,
    user: UserId,
    password: Password,
    by: Actor,
) -> Result<(), PeopleError> {
    let hash = server.passwords.hash(password).await?;
    set_hash(server, user, &hash, by).await
}

/// Keeps a person from signing in, and ends their sessions. Their tokens are dead until they are resumed.
///
/// # Errors
/// [`PeopleError::Unknown`] if there is nobody of that name.
pub async fn suspend(server: &AuthorizationServer, user: UserId, by: Actor) -> Result<User, PeopleError> {
    let user = server.store.set_user_state(user, UserState::Suspended).await?.ok_or(PeopleError::Unknown)?;
    server.record(Event::UserSuspended { user_id: user.id, by }).await;
    sessions::end_all(server, user.id, None, by).await?;
    Ok(user)
}

/// Lets a suspended person sign in again.
///
/// # Errors
/// [`PeopleError::Unknown`] if there is nobody of that name.
pub async fn resume(server: &AuthorizationServer, user: UserId, by: Actor) -> Result<User, PeopleError> {
    let user = server.store.set_user_state(user, UserState::Active).await?.ok_or(PeopleError::Unknown)?;
    server.record(Event::UserResumed { user_id: user.id, by }).await;
    Ok(user)
}

/// Everybody, by address.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn list(server: &AuthorizationServer) -> Result<Vec<User>, StoreError> {
    server.store.users().await
}

/// The person who signs in with that address.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn find(server: &AuthorizationServer, email: &Email) -> Result<Option<User>, StoreError> {
    server.store.user_by_email(email).await
}

pub(super) fn make(server: &AuthorizationServer, new: NewUser, password: Option<PasswordHash>) -> User {
    let now = server.now();
    User {
        id: random::user_id(),
        email: new.email,
        name: presentable(&new.name),
        password_changed: password.is_some().then_some(now),
        password,
        standing: new.standing,
        state: UserState::Active,
        epoch: Epoch::default(),
        created: now,
    }
}

/// Adds a person as a member of their sites. The memberships come first: a crash between leaves those of nobody, and never
/// somebody who is on no site.
///
/// # Errors
/// [`PeopleError::Taken`] if the address belongs to somebody.
pub async fn enter(server: &AuthorizationServer, user: User, sites: &Joining, by: Actor) -> Result<User, PeopleError> {
    if server.store.user_by_email(&user.email).await?.is_some() {
        return Err(PeopleError::Taken(user.email));
    }
    let members = memberships(server, &user, sites);
    for member in &members {
        server.store.put_member(member).await?;
    }
    if let Added::Taken(_) = server.store.add_user(&user).await? {
        for member in members {
            server.store.remove_member(member.site_id, user.id).await?;
        }
        return Err(PeopleError::Taken(user.email));
    }
    server.record(Event::UserAdded { user_id: user.id, email: user.email.clone(), by }).await;
    for Member { site_id, user_id, standing, .. } in members {
        server.record(Event::MemberAdded { site_id, user_id, standing, by }).await;
    }
    Ok(user)
}

fn memberships(server: &AuthorizationServer, user: &User, sites: &Joining) -> Vec<Member> {
    let standing = match user.standing {
        Standing::Member => SiteStanding::Member,
        Standing::Admin => SiteStanding::Admin,
    };
    let default = [server.site.id];
    let sites = match sites {
        Joining::DefaultSite => &default[..],
        Joining::These(sites) => sites,
    };
    let member = |site_id: &SiteId| Member { site_id: *site_id, user_id: user.id, standing, since: user.created };
    sites.iter().map(member).collect()
}

pub(super) async fn set_hash(
    server: &AuthorizationServer,
    user: UserId,
    hash: &PasswordHash,
    by: Actor,
) -> Result<(), PeopleError> {
    server.store.set_password(user, hash, server.now()).await?.ok_or(PeopleError::Unknown)?;
    server.record(Event::PasswordChanged { user_id: user, by }).await;
    sessions::end_all(server, user, None, by).await?;
    Ok(())
}

/// A name without what could change how the text around it reads: control characters and those that turn its direction.
pub(super) fn presentable(name: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = name.chars().filter(|c| !c.is_control() && !turns(*c)).take(MAX_NAME).collect();
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_turn_the_text_around_it() {
        assert_eq!(presentable(" Ada\u{202e} Lovelace\n "), "Ada Lovelace");
        assert_eq!(presentable(&"é".repeat(100)).chars().count(), 60);
    }
}
