//! trait Users: people.

use async_trait::async_trait;

use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::{Email, PasswordHash, User, UserState};
use crate::store::Result;

/// Whether something new was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was.
    Done,
    /// Nothing was: this name of it is taken.
    Taken(String),
}

/// People.
#[async_trait]
pub trait Users {
    /// The person of that name.
    async fn user(&self, id: UserId) -> Result<Option<User>>;

    /// The person who signs in with that address.
    async fn user_by_email(&self, email: &Email) -> Result<Option<User>>;

    /// Everybody, by address.
    async fn users(&self) -> Result<Vec<User>>;

    /// Adds a person whose address nobody has.
    async fn add_user(&self, user: &User) -> Result<Added>;

    /// Whether there is an admin who has a password.
    async fn has_admin(&self) -> Result<bool>;

    /// Sets a password and begins a new epoch, so that everything issued before is over; `None` if there is no such person.
    async fn set_password(&self, id: UserId, password: &PasswordHash, now: Timestamp) -> Result<Option<User>>;

    /// Replaces the hash `old` of a password by one of the same password; nothing else changes, and nothing if the hash changed since.
    async fn rehash_password(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<()>;

    /// Suspends or resumes a person; `None` if there is no such person.
    async fn set_user_state(&self, id: UserId, state: UserState) -> Result<Option<User>>;
}
