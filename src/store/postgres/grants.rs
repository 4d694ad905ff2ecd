//! Grants on PostgreSQL. There is one for a person and a client because the table says so.

use async_trait::async_trait;

use crate::domain::authorization_code::{AuthorizationCode, CodeState};
use crate::domain::grant::Grant;
use crate::domain::id::{ClientId, GrantId, SiteId, UserId};
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;
use crate::store::kept::encode;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::{Attempt, Outcome};
use crate::store::postgres::partitions::CODES;
use crate::store::postgres::record::{all, bytes, number, only, value};
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::Statement;
use crate::store::{Grants, Result, StoreError};

const GRANT: Statement = Statement::reading("grant", "SELECT record FROM grants WHERE key = $1");

const GRANT_BETWEEN: Statement =
    Statement::reading("grant_between", "SELECT record FROM grants WHERE user_id = $1 AND client = $2");

const GRANTS_OF: Statement =
    Statement::reading("grants_of", "SELECT record, used FROM grants WHERE user_id = $1 ORDER BY client");

const CONSENTED: Statement = Statement::reading(
    "consented",
    "SELECT (SELECT record FROM grants WHERE user_id = $1 AND client = $2),
            (SELECT number FROM registry WHERE key = $2)",
);

// Whoever removes the client changes the row that is locked here, and looks for its grants afterwards.
const BEGIN_GRANT: Statement = Statement::writing(
    "begin_grant",
    "INSERT INTO grants (key, record, user_id, client)
     SELECT $1, $2, $3, $4 WHERE $5 IS NULL
     UNION ALL
     SELECT * FROM (SELECT $1, $2, $3, $4 FROM registry WHERE key = $4 AND number = $5 FOR SHARE) AS registered
     ON CONFLICT DO NOTHING",
);

const CHANGE_GRANT: Statement =
    Statement::writing("change_grant", "UPDATE grants SET record = $3 WHERE key = $1 AND record = $2");

const END_GRANT: Statement = Statement::writing("end_grant", "DELETE FROM grants WHERE key = $1 RETURNING record");

const END_GRANT_IF: Statement = Statement::writing("end_grant_if", "DELETE FROM grants WHERE key = $1 AND record = $2");

const ADD_CODE: Statement = Statement::writing(
    "add_code",
    "INSERT INTO codes (key, record) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

#[async_trait]
impl Grants for PostgresStore {
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>> {
        only(self.connections.row(&GRANT, &[Bytes(id.as_bytes())]).await?, "grants")
    }

    async fn grant_between(&self, user: UserId, client: &ClientId) -> Result<Option<Grant>> {
        let params = [Bytes(user.as_bytes()), Bytes(client.as_str().as_bytes())];
        only(self.connections.row(&GRANT_BETWEEN, &params).await?, "grants")
    }

    async fn grants_of(&self, user: UserId) -> Result<Vec<(Grant, Option<Timestamp>)>> {
        let rows = self.connections.rows(&GRANTS_OF, &[Bytes(user.as_bytes())]).await?;
        let grants = rows.iter().map(|row| {
            let used = number(row, 1)?.and_then(|used| u64::try_from(used).ok()).map(Timestamp);
            Ok((value(row, 0, "grants")?.ok_or(StoreError::Corrupt { place: "grants" })?, used))
        });
        grants.collect()
    }

    async fn record_consent(&self, answer: &Grant) -> Result<Grant> {
        let place = [Bytes(answer.user_id.as_bytes()), Bytes(answer.client_id.as_str().as_bytes())];
        loop {
            let row = self.connections.row(&CONSENTED, &place).await?;
            let row = row.ok_or(StoreError::Corrupt { place: "grants" })?;
            match value::<Grant>(&row, 0, "grants")? {
                Some(grant) => {
                    let extended = grant.clone().extended(answer);
                    if self.change_grant(&grant, &extended).await? {
                        return Ok(extended);
                    }
                }
                None => {
                    let (record, registration) = (encode(answer)?, bytes(&row, 1)?);
                    let [user, client] = place;
                    let params = [Bytes(answer.id.as_bytes()), Bytes(&record), user, client, Maybe(registration)];
                    let begun = self.connections.execute(&BEGIN_GRANT, &params).await? > 0;
                    if begun || self.is_withdrawn_meanwhile(&answer.client_id, registration).await? {
                        return Ok(answer.clone());
                    }
                }
            }
        }
    }

    async fn end_grant(&self, id: GrantId) -> Result<Option<Grant>> {
        only(self.connections.row(&END_GRANT, &[Bytes(id.as_bytes())]).await?, "grants")
    }

    async fn narrow_grant(&self, id: GrantId, site: SiteId) -> Result<Option<Grant>> {
        while let Some(grant) = self.grant(id).await?.filter(|grant| grant.sites.contains(&site)) {
            let narrowed = grant.clone().without_site(site);
            let changed = if narrowed.sites.is_empty() {
                let record = encode(&grant)?;
                self.connections.execute(&END_GRANT_IF, &[Bytes(id.as_bytes()), Bytes(&record)]).await? > 0
            } else {
                self.change_grant(&grant, &narrowed).await?
            };
            if changed {
                return Ok(Some(narrowed));
            }
        }
        Ok(None)
    }

    async fn add_code(&self, key: TokenKey, code: &AuthorizationCode) -> Result<()> {
        self.cover_hour(CODES, key.hour).await?;
        let record = encode(&CodeState::Live(code.clone()))?;
        self.connections.execute(&ADD_CODE, &[Bytes(&key.to_bytes()), Bytes(&record)]).await.map(drop)
    }
}

impl PostgresStore {
    async fn change_grant(&self, old: &Grant, new: &Grant) -> Result<bool> {
        let (before, after) = (encode(old)?, encode(new)?);
        let params = [Bytes(old.id.as_bytes()), Bytes(&before), Bytes(&after)];
        Ok(self.connections.execute(&CHANGE_GRANT, &params).await? > 0)
    }

    /// Whether the client of a consent is registered no more as it was: then nothing is left of the consent.
    async fn is_withdrawn_meanwhile(&self, client: &ClientId, registration: Option<&[u8]>) -> Result<bool> {
        const NUMBER: Statement = Statement::reading("registration", "SELECT number FROM registry WHERE key = $1");
        let row = self.connections.row(&NUMBER, &[Bytes(client.as_str().as_bytes())]).await?;
        let now = row.as_ref().map(|row| bytes(row, 0)).transpose()?.flatten();
        Ok(now != registration)
    }
}

/// Takes a site out of those grants among `rows`' records that name it, within a transaction that has locked them.
pub(super) async fn leave_site(
    attempt: &mut Attempt<'_>,
    select: &Statement<'_>,
    who: &[u8],
    site: SiteId,
) -> Outcome<()> {
    let rows = attempt.rows(select, &[Bytes(who), Bytes(site.as_bytes())]).await?;
    for grant in all::<Grant>(&rows, "grants")? {
        if !grant.sites.contains(&site) {
            continue;
        }
        let narrowed = grant.clone().without_site(site);
        if narrowed.sites.is_empty() {
            attempt.execute(&END_GRANT, &[Bytes(grant.id.as_bytes())]).await?;
        } else {
            let (before, after) = (encode(&grant)?, encode(&narrowed)?);
            attempt.execute(&CHANGE_GRANT, &[Bytes(grant.id.as_bytes()), Bytes(&before), Bytes(&after)]).await?;
        }
    }
    Ok(())
}

/// What a person allowed in which the bytes of a site are found, locked.
pub(super) const LOCK_GRANTS_OF: Statement = Statement::writing(
    "lock_grants_of",
    "SELECT record FROM grants WHERE user_id = $1 AND position($2 IN record) > 0 ORDER BY key FOR UPDATE",
);

/// What was allowed to a client in which the bytes of a site are found, locked: of a large client that is a small part.
pub(super) const LOCK_GRANTS_OF_CLIENT: Statement = Statement::writing(
    "lock_grants_of_client",
    "SELECT record FROM grants WHERE client = $1 AND position($2 IN record) > 0 ORDER BY key FOR UPDATE",
);
