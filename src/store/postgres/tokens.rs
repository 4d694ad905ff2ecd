//! Tokens on PostgreSQL. To redeem a code and to rotate a family is one statement each: what is issued comes from the row that
//! the change of the head returned, and nothing comes where none did.

use async_trait::async_trait;
use tokio_postgres::Row;

use crate::domain::access_token::{AccessToken, Presence, Subject};
use crate::domain::authorization_code::CodeState;
use crate::domain::id::{FamilyId, ResourceId, SiteId};
use crate::domain::installation::Authority;
use crate::domain::refresh_token::{Family, FamilyEnd};
use crate::domain::secret::TokenKey;
use crate::domain::site::Member;
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::registry::Registration;
use crate::store::kept::tokens::KeptFamily;
use crate::store::kept::{encode, key};
use crate::store::postgres::asking::{Question, column};
use crate::store::postgres::partitions::{FAMILIES, ROTATIONS, TOKENS};
use crate::store::postgres::record::{bytes, only, truth, value};
use crate::store::postgres::statement::Param::{Bytes, Maybe, MaybeNumber, Number};
use crate::store::postgres::statement::{Param, Statement};
use crate::store::postgres::{PostgresStore, swept};
use crate::store::{Asked, Credential, Issued, Owner, Redeemed, Result, StoreError, Tokens};

const CODE: Statement = Statement::reading("code", "SELECT record FROM codes WHERE key = $1");

const FAMILY_OF_CODE: Statement = Statement::reading(
    "family_of_code",
    concat!(
        "SELECT key, record FROM families
         WHERE code = $1 AND key >= ",
        swept!(),
        " AND EXISTS (SELECT FROM grants WHERE grants.key = grant_id)"
    ),
);

/// Keeps the access token `$3` to `$10`, issued at `$11`, and that its grant was used, if there is a row of the part `$decided`. It is
/// known to the minute when a grant was used.
macro_rules! issued {
    ($decided:literal) => {
        concat!(
            "issued AS (
                 INSERT INTO tokens (key, record, client, client_number, site_id, user_id, grant_id, family, installation)
                 SELECT $3, $4, $5, COALESCE((SELECT number FROM registry WHERE registry.key = $5), '\\x00000000'),
                        $6, $7, $8, $9, $10
                 FROM ",
            $decided,
            " ON CONFLICT (key) DO NOTHING
             ), used AS (
                 UPDATE grants SET used = $11 FROM ",
            $decided,
            " WHERE key = $8 AND (used IS NULL OR used > $11 OR used <= $11 - 60)
             )"
        )
    };
}

// The second byte of a record says which variant it is; 0 is a live code.
const REDEEM: Statement = Statement::writing(
    "redeem_code",
    concat!(
        "WITH spent AS (
             UPDATE codes SET record = $2 WHERE key = $1 AND get_byte(record, 1) = 0 RETURNING 1
         ), ",
        issued!("spent"),
        ", begun AS (
             INSERT INTO families (key, record, grant_id, code) SELECT $12, $13, $14, $15 FROM spent
             ON CONFLICT (key) DO NOTHING RETURNING 1
         )
         SELECT EXISTS (SELECT FROM spent), EXISTS (SELECT FROM begun)"
    ),
);

const FAMILY: Statement = Statement::reading(
    "family",
    concat!(
        "SELECT record FROM families
         WHERE key = $1 AND key >= ",
        swept!(),
        " AND (grant_id IS NULL OR EXISTS (SELECT FROM grants WHERE grants.key = grant_id))"
    ),
);

const KEPT_FAMILY: Statement = Statement::reading("kept_family", "SELECT record FROM families WHERE key = $1");

const ROTATE: Statement = Statement::writing(
    "rotate",
    concat!(
        "WITH won AS (
             UPDATE families SET record = $2 WHERE key = $1 AND record = $12 RETURNING 1
         ), ",
        issued!("won"),
        ", erasable AS (
             INSERT INTO rotations (key, record) SELECT $13, '' FROM won WHERE $13 IS NOT NULL ON CONFLICT (key) DO NOTHING
         )
         SELECT EXISTS (SELECT FROM won)"
    ),
);

const KEEP: Statement = Statement::writing(
    "keep_access_token",
    "WITH used AS (
         UPDATE grants SET used = $9 WHERE key = $6 AND (used IS NULL OR used > $9 OR used <= $9 - 60)
     )
     INSERT INTO tokens (key, record, client, client_number, site_id, user_id, grant_id, family, installation)
     VALUES ($1, $2, $3, COALESCE((SELECT number FROM registry WHERE registry.key = $3), '\\x00000000'), $4, $5, $6, $7, $8)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

const CHANGE_FAMILY: Statement = Statement::writing(
    "end_family",
    "UPDATE families SET record = $3, forget = COALESCE($4, forget) WHERE key = $1 AND record = $2",
);

const END_BEFORE: Statement = Statement::writing(
    "end_family_before",
    "INSERT INTO families (key, record, forget) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
);

const ACCESS_TOKEN: Statement = Statement::reading("access_token", "SELECT record FROM tokens WHERE key = $1");

const REVOKE: Statement = Statement::writing("revoke_access_token", "DELETE FROM tokens WHERE key = $1");

#[async_trait]
impl Tokens for PostgresStore {
    async fn code(&self, key: TokenKey) -> Result<Option<CodeState>> {
        let row = self.connections.row(&CODE, &[Bytes(&key.to_bytes())]).await?;
        if let Some(state) = only(row, "codes")? {
            return Ok(Some(state));
        }
        // The hour of a spent code may have been dropped; its family tells of it as long as there is one.
        let rows = self.connections.rows(&FAMILY_OF_CODE, &[Bytes(&key.digest.0)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let id = family_id(row)?;
        let family: Option<KeptFamily> = value(row, 1, "families")?;
        let begun = family.and_then(KeptFamily::into_begun);
        Ok(begun.map(|family| CodeState::Spent { client_id: family.client_id, family: id }))
    }

    async fn redeem_code(
        &self,
        key: TokenKey,
        family_id: FamilyId,
        family: &Family,
        issued: Issued<'_>,
    ) -> Result<Redeemed> {
        self.cover_hour(TOKENS, issued.access_key.hour).await?;
        self.cover_hour(FAMILIES, family_id.ends().0).await?;
        let spent = encode(&CodeState::Spent { client_id: family.client_id.clone(), family: family_id })?;
        let (record, kept) = (encode(issued.access)?, encode(&KeptFamily::of(family.clone()))?);
        let (key, access_key) = (key.to_bytes(), issued.access_key.to_bytes());
        let [client, site, user, grant, its_family, installation] = columns(issued.access);
        let params = [
            Bytes(&key),
            Bytes(&spent),
            Bytes(&access_key),
            Bytes(&record),
            client,
            site,
            user,
            grant,
            its_family,
            installation,
            Number(seconds(issued.now)),
            Bytes(family_id.as_bytes()),
            Bytes(&kept),
            Bytes(family.grant_id.as_bytes()),
            Bytes(&family.code.digest.0),
        ];
        let row = self.connections.row(&REDEEM, &params).await?.ok_or(DAMAGED)?;
        let (won, begun) = (truth(&row, 0)?, truth(&row, 1)?);
        if won && !begun {
            self.begin_ended_family(family_id, family).await?;
        }
        Ok(if won { Redeemed::Won } else { Redeemed::Lost })
    }

    async fn family(&self, id: FamilyId) -> Result<Option<Family>> {
        let row = self.connections.row(&FAMILY, &[Bytes(id.as_bytes())]).await?;
        Ok(only::<KeptFamily>(row, "families")?.and_then(KeptFamily::into_begun))
    }

    async fn rotate(&self, id: FamilyId, old: &Family, new: &Family, issued: Issued<'_>) -> Result<bool> {
        self.cover_hour(TOKENS, issued.access_key.hour).await?;
        let rotation = new.rotation().map(|rotation| rotation.at);
        if let Some(at) = rotation {
            self.cover_second(ROTATIONS, at).await?;
        }
        let rotation = rotation.map(|at| key(&[&at.0.to_be_bytes(), id.as_bytes()]));
        let (old, new) = (encode(&KeptFamily::of(old.clone()))?, encode(&KeptFamily::of(new.clone()))?);
        let (record, access_key) = (encode(issued.access)?, issued.access_key.to_bytes());
        let [client, site, user, grant, family, installation] = columns(issued.access);
        let params = [
            Bytes(id.as_bytes()),
            Bytes(&new),
            Bytes(&access_key),
            Bytes(&record),
            client,
            site,
            user,
            grant,
            family,
            installation,
            Number(seconds(issued.now)),
            Bytes(&old),
            Maybe(rotation.as_deref()),
        ];
        let row = self.connections.row(&ROTATE, &params).await?.ok_or(DAMAGED)?;
        truth(&row, 0)
    }

    async fn keep_access_token(&self, key: TokenKey, token: &AccessToken) -> Result<()> {
        self.cover_hour(TOKENS, key.hour).await?;
        let (key, record) = (key.to_bytes(), encode(token)?);
        let [client, site, user, grant, family, installation] = columns(token);
        let used = Number(seconds(token.issued));
        let params = [Bytes(&key), Bytes(&record), client, site, user, grant, family, installation, used];
        self.connections.execute(&KEEP, &params).await.map(drop)
    }

    // What it becomes depends on what it is; whether it still is that decides the one statement that changes it.
    async fn end_family(&self, id: FamilyId, end: FamilyEnd, forget: Timestamp) -> Result<bool> {
        self.cover_hour(FAMILIES, id.ends().0).await?;
        let forget = i64::from(Hour::after(forget).0);
        loop {
            let row = self.connections.row(&KEPT_FAMILY, &[Bytes(id.as_bytes())]).await?;
            let ended = match only::<KeptFamily>(row, "families")? {
                None => {
                    let before = encode(&KeptFamily::EndedBefore(end))?;
                    let params = [Bytes(id.as_bytes()), Bytes(&before), Number(forget)];
                    self.connections.execute(&END_BEFORE, &params).await?
                }
                Some(KeptFamily::Live(family)) => {
                    let over = KeptFamily::Over(family.clone().ended(end));
                    self.change_family(id, &KeptFamily::Live(family), &over, Some(forget)).await?
                }
                Some(KeptFamily::Over(_) | KeptFamily::EndedBefore(_)) => return Ok(false),
            };
            if ended > 0 {
                return Ok(true);
            }
        }
    }

    async fn access_token(&self, key: TokenKey) -> Result<Option<AccessToken>> {
        only(self.connections.row(&ACCESS_TOKEN, &[Bytes(&key.to_bytes())]).await?, "tokens")
    }

    async fn credential(&self, key: TokenKey, site: Option<SiteId>) -> Result<Option<Credential>> {
        self.credential_in(&self.asking.row(Question { key, site, asker: None }).await?)
    }

    async fn asked(&self, asker: &ResourceId, key: TokenKey) -> Result<Asked> {
        let row = self.asking.row(Question { key, site: None, asker: Some(asker.clone()) }).await?;
        let asker = self.registrations.value(&row, column::ASKER, "registry")?.and_then(Registration::resource);
        Ok(Asked { asker, credential: self.credential_in(&row)? })
    }

    async fn revoke_access_token(&self, key: TokenKey) -> Result<bool> {
        Ok(self.connections.execute(&REVOKE, &[Bytes(&key.to_bytes())]).await? > 0)
    }

    // What a connection reads is durable: the database shows no change to others before that, but for those that may be lost.
    async fn settled(&self) -> Result<()> {
        Ok(())
    }
}

impl PostgresStore {
    /// The credential in an answer, if there is one.
    fn credential_in(&self, row: &Row) -> Result<Option<Credential>> {
        let Some(token) = value::<AccessToken>(row, column::TOKEN, "tokens")? else { return Ok(None) };
        let client = self.registrations.value(row, column::CLIENT, "registry")?.and_then(Registration::client);
        let installation = value(row, column::INSTALLATION, "installations")?;
        let authority = match (installation, value(row, column::DEPLOYED, "deployed")?) {
            (Some(installation), Some(deployed)) => Some(Authority { installation, deployed }),
            _ => None,
        };
        let owner = match &token.subject {
            Subject::Client | Subject::App { .. } | Subject::Gateway { .. } => None,
            stands_for_a_person => Some(Owner {
                user: value(row, column::USER, "users")?,
                grant: value(row, column::GRANT, "grants")?,
                member_since: value::<Member>(row, column::MEMBER, "members")?.map(|member| member.since),
                family_is_live: match stands_for_a_person {
                    Subject::User { .. } => truth(row, column::FAMILY_IS_LIVE)?,
                    _ => true,
                },
            }),
        };
        let site = self.sites.value(row, column::SITE, "sites")?;
        Ok(Some(Credential { token, client, site, authority, owner }))
    }

    async fn change_family(
        &self,
        id: FamilyId,
        old: &KeptFamily,
        new: &KeptFamily,
        forget: Option<i64>,
    ) -> Result<u64> {
        let (old, new) = (encode(old)?, encode(new)?);
        let params = [Bytes(id.as_bytes()), Bytes(&old), Bytes(&new), MaybeNumber(forget)];
        self.connections.execute(&CHANGE_FAMILY, &params).await
    }

    /// Tells of a family that was ended before it began; nothing of it was live in between.
    async fn begin_ended_family(&self, id: FamilyId, family: &Family) -> Result<()> {
        let row = self.connections.row(&KEPT_FAMILY, &[Bytes(id.as_bytes())]).await?;
        if let Some(KeptFamily::EndedBefore(end)) = only(row, "families")? {
            let over = KeptFamily::Over(family.clone().ended(end));
            self.change_family(id, &KeptFamily::EndedBefore(end), &over, None).await?;
        }
        Ok(())
    }
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "tokens" };

/// What a token hangs from: its client, its site, its person, their grant, its family and its installation.
pub(super) fn columns(token: &AccessToken) -> [Param<'_>; 6] {
    let client = Bytes(token.client_id.as_str().as_bytes());
    let site = Bytes(token.site_id.as_bytes());
    let (user, grant, family) = match &token.subject {
        Subject::User { user_id, grant_id, family, .. } => {
            (Some(user_id), Some(grant_id), Some(family.as_bytes().as_slice()))
        }
        Subject::Acting { user_id, presence: Presence::Here { grant_id }, .. } => (Some(user_id), Some(grant_id), None),
        Subject::Acting { user_id, presence: Presence::Away, .. } => (Some(user_id), None, None),
        Subject::Client | Subject::App { .. } | Subject::Gateway { .. } => (None, None, None),
    };
    let installation = match &token.subject {
        Subject::App { installation_id }
        | Subject::Gateway { installation_id }
        | Subject::Acting { installation_id, .. } => Some(installation_id.as_bytes().as_slice()),
        Subject::User { .. } | Subject::Client => None,
    };
    let user = Maybe(user.map(|id| id.as_bytes().as_slice()));
    [client, site, user, Maybe(grant.map(|id| id.as_bytes().as_slice())), Maybe(family), Maybe(installation)]
}

/// A moment, as a column has it.
pub(super) fn seconds(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

fn family_id(row: &Row) -> Result<FamilyId> {
    let id = bytes(row, 0)?.and_then(|bytes| bytes.try_into().ok());
    id.map(FamilyId::from_bytes).ok_or(StoreError::Corrupt { place: "families" })
}
