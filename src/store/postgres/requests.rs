//! Requests on PostgreSQL: one row each, in the partition of the hour that it ends in.

use async_trait::async_trait;

use crate::domain::authorization_request::{PushedRequest, Transaction};
use crate::domain::secret::TokenKey;
use crate::store::kept::encode;
use crate::store::postgres::partitions::{PUSHED, TRANSACTIONS};
use crate::store::postgres::record::only;
use crate::store::postgres::statement::Param::Bytes;
use crate::store::postgres::statement::Statement;
use crate::store::postgres::{PostgresStore, later};
use crate::store::{Requests, Result};

const PUSH: Statement = Statement::writing(
    "push_request",
    "INSERT INTO pushed (key, record) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET record = excluded.record",
);

const PUSHED_REQUEST: Statement = Statement::reading("pushed_request", "SELECT record FROM pushed WHERE key = $1");

const TAKE_PUSHED: Statement =
    Statement::writing("take_pushed_request", "DELETE FROM pushed WHERE key = $1 RETURNING record");

const OPEN: Statement = Statement::writing(
    "open_transaction",
    concat!(
        "INSERT INTO transactions (key, record) SELECT $1, $2 FROM ",
        later!(),
        " ON CONFLICT (key) DO UPDATE SET record = excluded.record"
    ),
);

const TRANSACTION: Statement = Statement::reading("transaction", "SELECT record FROM transactions WHERE key = $1");

const ADVANCE: Statement = Statement::writing(
    "advance_transaction",
    concat!("UPDATE transactions SET record = $3 FROM ", later!(), " WHERE key = $1 AND record = $2"),
);

const TAKE: Statement = Statement::writing("take_transaction", "DELETE FROM transactions WHERE key = $1");

#[async_trait]
impl Requests for PostgresStore {
    async fn push_request(&self, key: TokenKey, request: &PushedRequest) -> Result<()> {
        self.cover_hour(PUSHED, key.hour).await?;
        self.connections.execute(&PUSH, &[Bytes(&key.to_bytes()), Bytes(&encode(request)?)]).await.map(drop)
    }

    async fn pushed_request(&self, key: TokenKey) -> Result<Option<PushedRequest>> {
        only(self.connections.row(&PUSHED_REQUEST, &[Bytes(&key.to_bytes())]).await?, "pushed")
    }

    async fn take_pushed_request(&self, key: TokenKey) -> Result<Option<PushedRequest>> {
        only(self.connections.row(&TAKE_PUSHED, &[Bytes(&key.to_bytes())]).await?, "pushed")
    }

    async fn open_transaction(&self, key: TokenKey, transaction: &Transaction) -> Result<()> {
        self.cover_hour(TRANSACTIONS, key.hour).await?;
        self.connections.execute(&OPEN, &[Bytes(&key.to_bytes()), Bytes(&encode(transaction)?)]).await.map(drop)
    }

    async fn transaction(&self, key: TokenKey) -> Result<Option<Transaction>> {
        only(self.connections.row(&TRANSACTION, &[Bytes(&key.to_bytes())]).await?, "transactions")
    }

    async fn advance_transaction(&self, key: TokenKey, old: &Transaction, new: &Transaction) -> Result<bool> {
        let params = [Bytes(&key.to_bytes()), Bytes(&encode(old)?), Bytes(&encode(new)?)];
        Ok(self.connections.execute(&ADVANCE, &params).await? > 0)
    }

    async fn take_transaction(&self, key: TokenKey) -> Result<bool> {
        Ok(self.connections.execute(&TAKE, &[Bytes(&key.to_bytes())]).await? > 0)
    }
}
