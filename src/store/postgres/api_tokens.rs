//! API tokens on PostgreSQL. A person has a bounded number of places, each a key: no two tokens stand in one.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::domain::api_token::{ApiToken, TokenUse};
use crate::domain::id::{SiteId, UserId};
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;
use crate::store::kept::api_tokens::Place;
use crate::store::kept::{decode, encode};
use crate::store::postgres::connections::{Attempt, Outcome, transaction};
use crate::store::postgres::later;
use crate::store::postgres::record::{all, bytes, only, value};
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::{Param, Statement};
use crate::store::postgres::{PostgresStore, swept};
use crate::store::{ApiCredential, ApiTokens, Kept, Result, StoreError};

// Whoever makes a token for the same person waits here, and counts afterwards.
const LOCK_OWNER: Statement = Statement::writing("lock_owner", "SELECT FROM users WHERE key = $1 FOR NO KEY UPDATE");

const PLACES: Statement =
    Statement::reading("api_token_places", "SELECT key, record FROM api_tokens WHERE user_id = $1 ORDER BY key");

const TAKE_FREE_PLACE: Statement = Statement::writing(
    "take_free_place",
    "INSERT INTO api_tokens (key, record, token, user_id, site_id) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (key) DO NOTHING",
);

const TAKE_PLACE_OF: Statement = Statement::writing(
    "take_place_of",
    "WITH taken AS (
         UPDATE api_tokens SET record = $2, token = $3, user_id = $4, site_id = $5 WHERE key = $1 AND record = $6 RETURNING 1
     ), used AS (
         DELETE FROM token_uses USING taken WHERE key = $7
     )
     SELECT FROM taken",
);

const API_TOKEN: Statement = Statement::reading("api_token", "SELECT record FROM api_tokens WHERE token = $1");

// $2 is the site that is asked about, and $3 the one that is meant where neither $2 nor the token names one.
const API_CREDENTIAL: Statement = Statement::reading(
    "api_credential",
    "SELECT t.record, u.record, s.record, m.record
     FROM api_tokens t
     LEFT JOIN users u ON u.key = t.user_id
     LEFT JOIN sites s ON s.key = COALESCE($2, t.site_id, $3)
     LEFT JOIN members m ON m.key = t.user_id || COALESCE($2, t.site_id, $3)
     WHERE t.token = $1",
);

const API_TOKENS_OF: Statement =
    Statement::reading("api_tokens_of", "SELECT record FROM api_tokens WHERE user_id = $1 ORDER BY key");

const API_TOKENS: Statement = Statement::reading("api_tokens", "SELECT record FROM api_tokens ORDER BY key");

const REVOKE: Statement = Statement::writing(
    "revoke_api_token",
    "WITH ended AS (
         DELETE FROM api_tokens WHERE token = $1 RETURNING token
     ), used AS (
         DELETE FROM token_uses USING ended WHERE key = ended.token
     )
     SELECT FROM ended",
);

const REVOKE_OF: Statement = Statement::writing(
    "revoke_api_tokens_of",
    "WITH ended AS (
         DELETE FROM api_tokens WHERE user_id = $1 RETURNING token
     ), used AS (
         DELETE FROM token_uses USING ended WHERE key = ended.token
     )
     SELECT FROM ended",
);

/// Ends what a person has for one site alone.
pub(super) const END_API_TOKENS_FOR: Statement = Statement::writing(
    "end_api_tokens_for",
    "WITH ended AS (
         DELETE FROM api_tokens WHERE user_id = $1 AND site_id = $2 RETURNING token
     ), used AS (
         DELETE FROM token_uses USING ended WHERE key = ended.token
     )
     SELECT FROM ended",
);

// The use of a token that is over by now is not kept: the record would stay for good.
const NOTE_USES: Statement = Statement::writing(
    "note_token_uses",
    concat!(
        "INSERT INTO token_uses (key, record)
         SELECT uses.token, uses.record FROM unnest($1, $2) AS uses (token, record)
         LEFT JOIN api_tokens a ON a.token = uses.token
         LEFT JOIN container_tokens c ON c.token = uses.token AND c.token >= ",
        swept!(),
        " CROSS JOIN ",
        later!(),
        " WHERE a.token IS NOT NULL OR c.token IS NOT NULL
         ORDER BY uses.token
         ON CONFLICT (key) DO UPDATE SET record = excluded.record"
    ),
);

// Of the token of a container that is told of after its hour was swept, the use is not.
const TOKEN_USE: Statement = Statement::reading(
    "token_use",
    concat!(
        "SELECT record FROM token_uses WHERE key = $1 AND (key >= ",
        swept!(),
        " OR NOT EXISTS (SELECT FROM container_tokens t WHERE t.token = $1))"
    ),
);

#[async_trait]
impl ApiTokens for PostgresStore {
    async fn add_api_token(&self, token: &ApiToken, limit: u16, now: Timestamp) -> Result<Kept> {
        loop {
            let kept = transaction!(self.connections, tx => try_to_keep(&mut tx, token, limit, now).await);
            // None: somebody took the place that was found.
            if let Some(kept) = kept {
                return Ok(kept);
            }
        }
    }

    async fn api_token(&self, key: TokenKey) -> Result<Option<ApiToken>> {
        only(self.connections.row(&API_TOKEN, &[Bytes(&key.to_bytes())]).await?, "api_tokens")
    }

    async fn api_credential(
        &self,
        key: TokenKey,
        site: Option<SiteId>,
        otherwise: SiteId,
    ) -> Result<Option<ApiCredential>> {
        let (key, site) = (key.to_bytes(), site.as_ref().map(|site| site.as_bytes().as_slice()));
        let params = [Bytes(&key), Maybe(site), Bytes(otherwise.as_bytes())];
        let Some(row) = self.nearest.row(&API_CREDENTIAL, &params).await? else { return Ok(None) };
        Ok(Some(ApiCredential {
            token: value(&row, 0, "api_tokens")?.ok_or(DAMAGED)?,
            user: value(&row, 1, "users")?,
            site: value(&row, 2, "sites")?,
            member: value(&row, 3, "members")?,
        }))
    }

    async fn api_tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>> {
        all(&self.connections.rows(&API_TOKENS_OF, &[Bytes(user.as_bytes())]).await?, "api_tokens")
    }

    async fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        all(&self.connections.rows(&API_TOKENS, &[]).await?, "api_tokens")
    }

    async fn revoke_api_token(&self, key: TokenKey) -> Result<bool> {
        Ok(!self.connections.rows(&REVOKE, &[Bytes(&key.to_bytes())]).await?.is_empty())
    }

    async fn revoke_api_tokens_of(&self, user: UserId) -> Result<usize> {
        Ok(self.connections.rows(&REVOKE_OF, &[Bytes(user.as_bytes())]).await?.len())
    }

    // The last of several uses of one token counts: a statement may change a row once.
    async fn note_token_uses(&self, uses: &[(TokenKey, TokenUse)]) -> Result<()> {
        let mut records = BTreeMap::new();
        for (key, used) in uses {
            records.insert(key.to_bytes(), encode(used)?);
        }
        if records.is_empty() {
            return Ok(());
        }
        let tokens: Vec<&[u8]> = records.keys().map(<[u8; TokenKey::LENGTH]>::as_slice).collect();
        let records: Vec<&[u8]> = records.values().map(Vec::as_slice).collect();
        self.connections.execute(&NOTE_USES, &[Param::Many(&tokens), Param::Many(&records)]).await.map(drop)
    }

    async fn token_use(&self, key: TokenKey) -> Result<Option<TokenUse>> {
        only(self.connections.row(&TOKEN_USE, &[Bytes(&key.to_bytes())]).await?, "token_uses")
    }
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "api_tokens" };

/// One attempt to keep a token; `None` if somebody came between.
async fn try_to_keep(tx: &mut Attempt<'_>, token: &ApiToken, limit: u16, now: Timestamp) -> Outcome<Option<Kept>> {
    let owner = Bytes(token.user_id.as_bytes());
    tx.rows(&LOCK_OWNER, &[owner]).await?;
    let rows = tx.rows(&PLACES, &[owner]).await?;
    let mut entries: Vec<(&[u8], &[u8], ApiToken)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let record = bytes(row, 1)?.ok_or(DAMAGED)?;
        entries.push((bytes(row, 0)?.ok_or(DAMAGED)?, record, decode("api_tokens", record)?));
    }
    if let Some((_, _, earlier)) = entries.iter().find(|(_, _, earlier)| earlier.request == token.request) {
        return Ok(Some(Kept::Again(Box::new(earlier.clone()))));
    }
    if entries.iter().filter(|(_, _, kept)| kept.is_live(now)).count() >= usize::from(limit) {
        return Ok(Some(Kept::Full));
    }
    let places = || (0..limit).map(|number| Place { user_id: token.user_id, number }.key());
    let at = |place: &[u8]| entries.iter().find(|(key, _, _)| *key == place);
    let free = places().find(|place| at(place).is_none());
    let over = || places().find(|place| at(place).is_some_and(|(_, _, kept)| !kept.is_live(now)));
    let Some(place) = free.or_else(over) else { return Ok(Some(Kept::Full)) };

    let (record, key) = (encode(token)?, token.key.to_bytes());
    let site = Maybe(token.site_id.as_ref().map(|site| site.as_bytes().as_slice()));
    let mut params = vec![Bytes(&place), Bytes(&record), Bytes(&key), owner, site];
    let taken = match at(&place) {
        None => tx.execute(&TAKE_FREE_PLACE, &params).await? > 0,
        Some((_, before, former)) => {
            let former = former.key.to_bytes();
            params.extend([Bytes(before), Bytes(&former)]);
            !tx.rows(&TAKE_PLACE_OF, &params).await?.is_empty()
        }
    };
    Ok(taken.then_some(Kept::Done))
}
