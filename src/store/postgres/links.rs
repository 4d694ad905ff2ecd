//! Links on PostgreSQL. Which link is the one for set-up is a record of its own, and decides over it.

use async_trait::async_trait;

use crate::domain::link::{LinkPurpose, OneTimeLink};
use crate::domain::secret::TokenKey;
use crate::store::kept::encode;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::record::{truth, value};
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::Statement;
use crate::store::{Links, Result};

const ADD_LINK: Statement = Statement::writing(
    "add_link",
    "WITH head AS (
         INSERT INTO singles (key, record) SELECT 'setup_link', $3 WHERE $3 IS NOT NULL
         ON CONFLICT (key) DO UPDATE SET record = excluded.record
     )
     INSERT INTO links (key, record) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

const LINK: Statement = Statement::reading(
    "link",
    "SELECT record, (SELECT record FROM singles WHERE key = 'setup_link') FROM links WHERE key = $1",
);

// The second byte of a record says what the link is good for; 0 is set-up. Over such a link the head decides, so that one which
// was voided meanwhile is not used; over every other link its row does.
const TAKE_LINK: Statement = Statement::writing(
    "take_link",
    "WITH head AS (
         DELETE FROM singles WHERE key = 'setup_link' AND record = $2
         AND EXISTS (SELECT FROM links WHERE key = $1 AND get_byte(record, 1) = 0) RETURNING 1
     ), taken AS (
         DELETE FROM links WHERE key = $1 AND (get_byte(record, 1) <> 0 OR EXISTS (SELECT FROM head)) RETURNING 1
     )
     SELECT EXISTS (SELECT FROM head) OR EXISTS (SELECT FROM taken)",
);

#[async_trait]
impl Links for PostgresStore {
    async fn add_link(&self, key: TokenKey, link: &OneTimeLink) -> Result<()> {
        let head = (link.purpose == LinkPurpose::Setup).then(|| encode(&key)).transpose()?;
        let params = [Bytes(&key.to_bytes()), Bytes(&encode(link)?), Maybe(head.as_deref())];
        self.connections.execute(&ADD_LINK, &params).await.map(drop)
    }

    async fn link(&self, key: TokenKey) -> Result<Option<OneTimeLink>> {
        let Some(row) = self.connections.row(&LINK, &[Bytes(&key.to_bytes())]).await? else { return Ok(None) };
        let (link, head): (Option<OneTimeLink>, _) = (value(&row, 0, "links")?, value(&row, 1, "setup_link")?);
        Ok(link.filter(|link| link.purpose != LinkPurpose::Setup || head == Some(key)))
    }

    async fn take_link(&self, key: TokenKey) -> Result<bool> {
        let row = self.connections.row(&TAKE_LINK, &[Bytes(&key.to_bytes()), Bytes(&encode(&key)?)]).await?;
        row.as_ref().map_or(Ok(false), |row| truth(row, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;
    use crate::domain::time::Timestamp;

    #[test]
    fn what_a_link_is_good_for_stands_first_in_its_record() {
        let person = UserId::from_random([1; 16]);
        for (purpose, number) in
            [(LinkPurpose::Setup, 0), (LinkPurpose::Invite(person), 1), (LinkPurpose::PasswordReset(person), 2)]
        {
            let record = encode(&OneTimeLink { purpose, expires: Timestamp(1) }).expect("a record");
            assert_eq!(record[1], number, "{purpose:?}");
        }
    }
}
