//! Sessions on PostgreSQL.

use async_trait::async_trait;
use tokio_postgres::Row;

use crate::domain::id::UserId;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
use crate::store::kept::encode;
use crate::store::kept::keys::device;
use crate::store::postgres::record::{bytes, only, truth, value};
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::Statement;
use crate::store::postgres::{PostgresStore, later};
use crate::store::{Result, Sessions, StoreError};

const SESSION: Statement = Statement::reading("session", "SELECT record FROM sessions WHERE key = $1");

const OPEN_SESSION: Statement = Statement::writing(
    "open_session",
    "INSERT INTO sessions (key, record, user_id) VALUES ($1, $2, $3)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record, user_id = excluded.user_id",
);

const TOUCH_SESSION: Statement = Statement::writing(
    "touch_session",
    concat!("UPDATE sessions SET record = $3 FROM ", later!(), " WHERE key = $1 AND record = $2"),
);

const END_SESSION: Statement = Statement::writing("end_session", "DELETE FROM sessions WHERE key = $1");

const SESSIONS_OF: Statement =
    Statement::reading("sessions_of", "SELECT key, record FROM sessions WHERE user_id = $1 ORDER BY key");

const END_SESSIONS_OF: Statement =
    Statement::writing("end_sessions_of", "DELETE FROM sessions WHERE user_id = $1 AND key IS DISTINCT FROM $2");

const KNOW_DEVICE: Statement = Statement::writing(
    "know_device",
    concat!("INSERT INTO devices (key, record) SELECT $1, $2 FROM ", later!(), " ON CONFLICT (key) DO NOTHING"),
);

const KNOWS_DEVICE: Statement =
    Statement::reading("knows_device", "SELECT EXISTS (SELECT FROM devices WHERE key = $1)");

#[async_trait]
impl Sessions for PostgresStore {
    async fn session(&self, key: TokenKey) -> Result<Option<Session>> {
        only(self.connections.row(&SESSION, &[Bytes(&key.to_bytes())]).await?, "sessions")
    }

    async fn open_session(&self, key: TokenKey, session: &Session) -> Result<()> {
        let record = encode(session)?;
        let params = [Bytes(&key.to_bytes()), Bytes(&record), Bytes(session.user_id.as_bytes())];
        self.connections.execute(&OPEN_SESSION, &params).await.map(drop)
    }

    async fn touch_session(&self, key: TokenKey, now: Timestamp) -> Result<()> {
        while let Some(old) = self.session(key).await?.filter(|old| old.last_seen < now) {
            let before = encode(&old)?;
            let seen = encode(&Session { last_seen: now, ..old })?;
            let params = [Bytes(&key.to_bytes()), Bytes(&before), Bytes(&seen)];
            if self.connections.execute(&TOUCH_SESSION, &params).await? > 0 {
                break;
            }
        }
        Ok(())
    }

    async fn end_session(&self, key: TokenKey) -> Result<bool> {
        Ok(self.connections.execute(&END_SESSION, &[Bytes(&key.to_bytes())]).await? > 0)
    }

    async fn sessions_of(&self, user: UserId) -> Result<Vec<(TokenKey, Session)>> {
        let rows = self.connections.rows(&SESSIONS_OF, &[Bytes(user.as_bytes())]).await?;
        rows.iter().map(with_key).collect()
    }

    async fn end_sessions_of(&self, user: UserId, except: Option<TokenKey>) -> Result<usize> {
        let except = except.map(TokenKey::to_bytes);
        let params = [Bytes(user.as_bytes()), Maybe(except.as_ref().map(<[u8; TokenKey::LENGTH]>::as_slice))];
        let ended = self.connections.execute(&END_SESSIONS_OF, &params).await?;
        Ok(usize::try_from(ended).unwrap_or(usize::MAX))
    }

    async fn know_device(&self, key: TokenKey, user: UserId) -> Result<()> {
        let params = [Bytes(&device(key, user)), Bytes(&encode(&())?)];
        self.connections.execute(&KNOW_DEVICE, &params).await.map(drop)
    }

    async fn knows_device(&self, key: TokenKey, user: UserId) -> Result<bool> {
        let row = self.connections.row(&KNOWS_DEVICE, &[Bytes(&device(key, user))]).await?;
        row.map_or(Ok(false), |row| truth(&row, 0))
    }
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "sessions" };

fn with_key(row: &Row) -> Result<(TokenKey, Session)> {
    let key = bytes(row, 0)?.and_then(TokenKey::from_bytes).ok_or(DAMAGED)?;
    Ok((key, value(row, 1, "sessions")?.ok_or(DAMAGED)?))
}
