//! A person changes their own password.

use crate::accounts::guesses::{Guess, Uncounted, Whence};
use crate::accounts::people;
use crate::accounts::people::PeopleError;
use crate::accounts::sign_in::open_session;
use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Lifetime;
use crate::domain::user::User;
use crate::secrets::password::{Password, PasswordFailure, Verdict};
use crate::secrets::token::Minted;
use crate::store::StoreError;

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRefusal {
    /// The current password is another.
    #[error("the current password is not right")]
    WrongPassword,
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

impl From<PeopleError> for ChangeRefusal {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Password(failure) => ChangeRefusal::Password(failure),
            PeopleError::Store(error) => ChangeRefusal::Store(error),
            // The person is gone meanwhile, and so is their password.
            PeopleError::Unknown | PeopleError::Taken(_) | PeopleError::AdminExists => ChangeRefusal::WrongPassword,
        }
    }
}

impl From<Uncounted> for ChangeRefusal {
    fn from(uncounted: Uncounted) -> Self {
        match uncounted {
            Uncounted::TooMany(wait) => ChangeRefusal::TooMany(wait),
            Uncounted::Store(error) => ChangeRefusal::Store(error),
        }
    }
}

/// Changes the password of `user`, who is signed in under `key`. Every session and token ends, and a new session begins
/// for this browser; its cookie is returned.
///
/// # Errors
/// [`ChangeRefusal`]; a wrong current password was counted, apart from what is guessed at sign-in.
pub async fn change_password(
    server: &AuthorizationServer,
    (user, key, session): (&User, TokenKey, &Session),
    current: String,
    new: Password,
) -> Result<Minted, ChangeRefusal> {
    let guess = Guess::at(server, &user.email, Whence::Browser(key));
    guess.take(server).await?;
    if let Err(refusal) = check(server, user, current).await {
        if !matches!(refusal, ChangeRefusal::WrongPassword) {
            guess.give_back(server).await;
        } else {
            let (user_id, address, reason) = (Some(user.id), session.address, refusal.to_string());
            server.record_refusal(Event::SignInRefused { user_id, address, reason }, address).await;
        }
        return Err(refusal);
    }
    guess.give_back(server).await;
    people::set_password(server, user.id, new, Actor::User(user.id)).await?;
    Ok(open_session(server, user, session.address, &session.user_agent).await?)
}

async fn check(server: &AuthorizationServer, user: &User, current: String) -> Result<(), ChangeRefusal> {
    let current = Password::parse(current).map_err(|_| ChangeRefusal::WrongPassword)?;
    match server.passwords.verify(user.password.as_ref(), current).await? {
        Verdict::Right | Verdict::RightButStale => Ok(()),
        Verdict::Wrong => Err(ChangeRefusal::WrongPassword),
    }
}
