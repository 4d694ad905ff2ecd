//! Users on sled.

use std::sync::PoisonError;

use async_trait::async_trait;

use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::domain::user::{Email, PasswordHash, Standing, User, UserState};
use crate::store::sled::SledStore;
use crate::store::{Added, Result, Users};

#[async_trait]
impl Users for SledStore {
    async fn user(&self, id: UserId) -> Result<Option<User>> {
        self.users.get(id.as_bytes())
    }

    async fn user_by_email(&self, email: &Email) -> Result<Option<User>> {
        self.holder_of(email)
    }

    async fn users(&self) -> Result<Vec<User>> {
        let users = self.emails.all().map(|entry| self.users.get(entry?.1.as_bytes()));
        users.filter_map(Result::transpose).collect()
    }

    async fn add_user(&self, user: &User) -> Result<Added> {
        let added = self.name_user(user)?;
        self.durable(added).await
    }

    async fn has_admin(&self) -> Result<bool> {
        for entry in self.admins.all() {
            let admin = self.users.get(entry?.0)?;
            if admin.is_some_and(|admin| admin.password.is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn set_password(&self, id: UserId, password: &PasswordHash, now: Timestamp) -> Result<Option<User>> {
        let updated = self.users.update(id.as_bytes(), |old| {
            let old = old?;
            let epoch = old.epoch.next();
            Some(User { password: Some(password.clone()), password_changed: Some(now), epoch, ..old })
        })?;
        self.durable(updated).await
    }

    async fn rehash_password(&self, id: UserId, old: &PasswordHash, new: &PasswordHash) -> Result<()> {
        self.users.update(id.as_bytes(), |user| {
            let user = user.filter(|user| user.password.as_ref() == Some(old))?;
            Some(User { password: Some(new.clone()), ..user })
        })?;
        self.durable(()).await
    }

    async fn set_user_state(&self, id: UserId, state: UserState) -> Result<Option<User>> {
        let updated = self.users.update(id.as_bytes(), |old| Some(User { state, ..old? }))?;
        self.durable(updated).await
    }
}

impl SledStore {
    // Indexes first, the head last: a crash leaves an address without a person, which is as good as nobody's.
    fn name_user(&self, user: &User) -> Result<Added> {
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if self.holder_of(&user.email)?.is_some() {
            return Ok(Added::Taken(user.email.to_string()));
        }
        self.emails.put(user.email.as_str(), &user.id)?;
        if user.standing == Standing::Admin {
            self.admins.put(user.id.as_bytes(), &())?;
        }
        let added = self.users.add(user.id.as_bytes(), user)?;
        Ok(if added { Added::Done } else { Added::Taken(user.id.to_string()) })
    }

    fn holder_of(&self, email: &Email) -> Result<Option<User>> {
        match self.emails.get(email.as_str())? {
            Some(id) => self.users.get(id.as_bytes()),
            None => Ok(None),
        }
    }
}
