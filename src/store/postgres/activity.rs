//! Activity on PostgreSQL: a row for each fact, numbered, under the name of the person. What was copied from an embedded store is one
//! row of many lines without a number, so that it is before all others.

use async_trait::async_trait;

use crate::domain::event::Recorded;
use crate::domain::id::UserId;
use crate::store::kept::encode;
use crate::store::postgres::record::all;
use crate::store::postgres::statement::Param::{Bytes, Number};
use crate::store::postgres::statement::Statement;
use crate::store::postgres::{PostgresStore, later};
use crate::store::{Activity, KEPT_FACTS, Result, StoreError};

// What is deleted is looked for as it was before the new one came. What somebody else deletes at this moment is left to them: two
// who each waited for what the other has would wait for ever.
const ADD: Statement = Statement::writing(
    "add_activity",
    concat!(
        "WITH added AS (
             INSERT INTO activity (key, record) SELECT $1 || int8send(nextval('activity_numbers')), $2 FROM ",
        later!(),
        ")
         DELETE FROM activity WHERE key IN (
             SELECT key FROM activity WHERE key IN (
                 SELECT key FROM activity WHERE key >= $1 AND key <= $1 || '\\xffffffffffffffff' ORDER BY key DESC OFFSET $3
             ) ORDER BY key FOR UPDATE SKIP LOCKED
         )"
    ),
);

const ACTIVITY: Statement = Statement::reading(
    "activity",
    "SELECT record FROM activity WHERE key >= $1 AND key <= $1 || '\\xffffffffffffffff' ORDER BY key DESC LIMIT $2",
);

#[async_trait]
impl Activity for PostgresStore {
    async fn add_activity(&self, user: UserId, fact: &Recorded) -> Result<()> {
        let line = serde_json::to_string(fact).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let record = encode(&[line].as_slice())?;
        let params = [Bytes(user.as_bytes()), Bytes(&record), Number(KEPT_FACTS as i64 - 1)];
        self.connections.execute(&ADD, &params).await.map(drop)
    }

    async fn activity_of(&self, user: UserId) -> Result<Vec<Recorded>> {
        let params = [Bytes(user.as_bytes()), Number(KEPT_FACTS as i64)];
        let rows: Vec<Vec<String>> = all(&self.connections.rows(&ACTIVITY, &params).await?, "activity")?;
        let lines = rows.iter().flat_map(|lines| lines.iter().rev()).take(KEPT_FACTS);
        // What an earlier version wrote and this one cannot read is left out: the audit trail has it.
        Ok(lines.filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}
