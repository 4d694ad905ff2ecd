//! Sessions on sled.

use async_trait::async_trait;

use crate::domain::id::UserId;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::kept::keys::{device, session_of};
use crate::store::sled::SledStore;
use crate::store::{Result, Sessions};

#[async_trait]
impl Sessions for SledStore {
    async fn session(&self, key: TokenKey) -> Result<Option<Session>> {
        self.sessions.get(key.to_bytes())
    }

    // The index first: a session that is live but not listed could not be ended by its person.
    async fn open_session(&self, key: TokenKey, session: &Session) -> Result<()> {
        self.user_sessions.put(session_of(session.user_id, key), &())?;
        self.sessions.put(key.to_bytes(), session)?;
        self.durable(()).await
    }

    async fn touch_session(&self, key: TokenKey, now: Timestamp) -> Result<()> {
        self.sessions.update(key.to_bytes(), |old| {
            let old = old.filter(|old| old.last_seen < now)?;
            Some(Session { last_seen: now, ..old })
        })?;
        Ok(())
    }

    async fn end_session(&self, key: TokenKey) -> Result<bool> {
        let ended = self.drop_session(key)?;
        self.durable(ended).await
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<(TokenKey, Session)>> {
        let mut sessions = Vec::new();
        for key in self.session_keys_of(user)? {
            if let Some(session) = self.sessions.get(key.to_bytes())? {
                sessions.push((key, session));
            }
        }
        Ok(sessions)
    }

    async fn end_sessions_of(&self, user: UserId, except: Option<TokenKey>) -> Result<usize> {
        let mut ended = 0;
        for key in self.session_keys_of(user)? {
            if except != Some(key) && self.drop_session(key)? {
                ended += 1;
            }
        }
        self.durable(ended).await
    }

    async fn know_device(&self, key: TokenKey, user: UserId) -> Result<()> {
        self.devices.put(device(key, user), &())
    }

    async fn knows_device(&self, key: TokenKey, user: UserId) -> Result<bool> {
        self.devices.contains(device(key, user))
    }
}

impl SledStore {
    /// The head first, then its index entry. An entry without a head is left alone: its session is just being opened,
    /// and removing the entry would hide it.
    pub(super) fn drop_session(&self, key: TokenKey) -> Result<bool> {
        let Some(session) = self.sessions.take(key.to_bytes())? else { return Ok(false) };
        self.user_sessions.remove(session_of(session.user_id, key))?;
        Ok(true)
    }

    fn session_keys_of(&self, user: UserId) -> Result<Vec<TokenKey>> {
        let keys = self.user_sessions.prefix(user.as_bytes()).map(|entry| {
            let (key, ()) = entry?;
            TokenKey::from_bytes(&key[user.as_bytes().len()..]).ok_or_else(|| self.user_sessions.damaged())
        });
        keys.collect()
    }
}
