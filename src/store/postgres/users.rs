//! Users on PostgreSQL. An address belongs to one person because the table says so.

use async_trait::async_trait;

use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::{Email, PasswordHash, Standing, User, UserState};
use crate::store::kept::encode;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::record::{all, only};
use crate::store::postgres::statement::Param::{Bytes, Truth};
use crate::store::postgres::statement::Statement;
use crate::store::{Added, Result, Users};

const USER: Statement = Statement::reading("user", "SELECT record FROM users WHERE key = $1");

const USER_BY_EMAIL: Statement = Statement::reading("user_by_email", "SELECT record FROM users WHERE email = $1");

const USERS: Statement = Statement::reading("users", "SELECT record FROM users ORDER BY email");

const ADMINS: Statement = Statement::reading("admins", "SELECT record FROM users WHERE is_admin ORDER BY key");

const ADD_USER: Statement = Statement::writing(
    "add_user",
    "INSERT INTO users (key, record, email, is_admin) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
);

// Neither the address nor the standing ever changes.
const CHANGE_USER: Statement =
    Statement::writing("change_user", "UPDATE users SET record = $3 WHERE key = $1 AND record = $2");

#[async_trait]
impl Users for PostgresStore {
    async fn user(&self, id: UserId) -> Result<Option<User>> {
        only(self.connections.row(&USER, &[Bytes(id.as_bytes())]).await?, "users")
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>> {
        only(self.connections.row(&USER_BY_EMAIL, &[Bytes(email.as_str().as_bytes())]).await?, "users")
    }

    async fn users(&self) -> Result<Vec<User>> {
        all(&self.connections.rows(&USERS, &[]).await?, "users")
    }

    async fn add_user(&self, user: &User) -> Result<Added> {
        let record = encode(user)?;
        let is_admin = Truth(user.standing == Standing::Admin);
        let params = [Bytes(user.id.as_bytes()), Bytes(&record), Bytes(user.email.as_str().as_bytes()), is_admin];
        let added = self.connections.execute(&ADD_USER, &params).await? > 0;
        Ok(if added { Added::Done } else { Added::Taken(user.email.to_string()) })
    }

    async fn has_admin(&self) -> Result<bool> {
        let admins: Vec<User> = all(&self.connections.rows(&ADMINS, &[]).await?, "users")?;
        Ok(admins.iter().any(|admin| admin.password.is_some()))
    }

    async fn set_password(&self, id: UserId, password: &PasswordHash, now: Timestamp) -> Result<Option<User>> {
        let updated = self.update_user(id, |old| {
            let epoch = old.epoch.next();
            Some(User { password: Some(password.clone()), password_changed: Some(now), epoch, ..old })
        });
        updated.await
    }

    async fn rehash_password(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<()> {
        let updated = self.update_user(id, |user| {
            (user.password.as_ref() == Some(old)).then(|| User { password: Some(new.clone()), ..user })
        });
        updated.await.map(drop)
    }

    async fn set_user_state(&self, id: UserId, state: UserState) -> Result<Option<User>> {
        self.update_user(id, |old| Some(User { state, ..old })).await
    }
}

impl PostgresStore {
    /// Keeps what `change` makes of a person, and returns them; nothing changes where it makes nothing of them.
    async fn update_user(
        &self,
        id: UserId,
        change: impl Fn(User) -> Option<User> + Send + Sync,
    ) -> Result<Option<User>> {
        while let Some(old) = self.user(id).await? {
            let before = encode(&old)?;
            let Some(new) = change(old) else { return Ok(None) };
            let params = [Bytes(id.as_bytes()), Bytes(&before), Bytes(&encode(&new)?)];
            if self.connections.execute(&CHANGE_USER, &params).await? > 0 {
                return Ok(Some(new));
            }
        }
        Ok(None)
    }
}
