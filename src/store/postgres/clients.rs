//! Clients on PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::client::{Client, ClientChange, Credentials};
use crate::domain::id::ClientId;
use crate::domain::secret::{Digest, TokenKey};
use crate::domain::time::{Hour, Timestamp};
use crate::store::kept::encode;
use crate::store::kept::registry::{Party, Registration};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::transaction;
use crate::store::postgres::partitions::ASSERTIONS;
use crate::store::postgres::record::{truth, value};
use crate::store::postgres::registry::{lock_registration, put_registration};
use crate::store::postgres::statement::Param::{Bytes, Number};
use crate::store::postgres::statement::Statement;
use crate::store::{Added, Clients, Result, StoreError};

/// So many grants of a client that was removed go at a time, so that no statement lasts longer than it may.
const BATCH: u32 = 5000;

// Some of them, as long as the number says that the client is gone: they may be another's by now.
const END_GRANTS_OF_CLIENT: Statement = Statement::writing(
    "end_grants_of_client",
    "DELETE FROM grants WHERE key = ANY (ARRAY(
         SELECT g.key FROM grants g JOIN registry r ON r.key = g.client AND r.number = $2 WHERE g.client = $1 LIMIT $3
     ))",
);

// The sweep says in a transaction of its own what it forgets, and drops the table of the hour in a later one, which waits for
// this: whoever finds no row that was dropped reads that it may have been.
const SPEND_ASSERTION: Statement = Statement::writing(
    "spend_assertion",
    "WITH spent AS (
         INSERT INTO assertions (key, record) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING RETURNING 1
     )
     SELECT EXISTS (SELECT FROM spent), (SELECT record FROM singles WHERE key = 'forgotten')",
);

#[async_trait]
impl Clients for PostgresStore {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>> {
        Ok(self.registration(id.as_str()).await?.and_then(Registration::client))
    }

    async fn clients(&self) -> Result<Vec<Arc<Client>>> {
        Ok(self.registrations().await?.into_iter().filter_map(Registration::client).collect())
    }

    // What an earlier client of the name was allowed is over before, even if whoever removed it came to no end.
    async fn add_client(&self, client: &Client) -> Result<Added> {
        let name = client.id.as_str();
        if let Some(Registration { number, party: Party::Nobody }) = self.registration(name).await? {
            while self.end_some_grants_of(&client.id, number).await? {}
        }
        let party = Party::Client(Arc::new(client.clone()));
        let added = self.change_registration(name, |old| Registration::following(old.as_ref(), party.clone())).await?;
        Ok(added.map_or_else(|| Added::Taken(name.to_owned()), |_| Added::Done))
    }

    async fn add_client_secret(&self, id: &ClientId, secret: Digest, now: Timestamp) -> Result<Option<Arc<Client>>> {
        let updated = self.change_client_to(id, |client| {
            let secrets @ Credentials::Secrets(_) = client.credentials.clone() else { return None };
            Some(Client { credentials: secrets.with_secret(secret, now), ..client.clone() })
        });
        updated.await
    }

    async fn change_client(&self, id: &ClientId, change: &ClientChange) -> Result<Option<Arc<Client>>> {
        self.change_client_to(id, |client| Some(client.changed(change))).await
    }

    // Nothing issued to the client is live once its name is taken back. Grants of a large client go after that, some at a time:
    // nothing of them is live either, and whoever asks once more ends what is left.
    async fn remove_client(&self, id: &ClientId) -> Result<bool> {
        let name = id.as_str();
        let (removed, left) = transaction!(self.connections, tx => {
            let (removed, number) = match lock_registration(&mut tx, name).await? {
                Some(old @ Registration { party: Party::Client(_), .. }) => {
                    let ended = old.ended();
                    (put_registration(&mut tx, name, Some(&old), &ended).await?, ended.number)
                }
                Some(Registration { number, party: Party::Nobody }) => (false, number),
                Some(Registration { party: Party::Resource(_), .. }) | None => return Ok((false, None)),
            };
            let params = [Bytes(name.as_bytes()), Bytes(&number.to_be_bytes()), Number(BATCH.into())];
            let more = tx.execute(&END_GRANTS_OF_CLIENT, &params).await? == u64::from(BATCH);
            Ok((removed, more.then_some(number)))
        });
        if let Some(number) = left {
            while self.end_some_grants_of(id, number).await? {}
        }
        Ok(removed)
    }

    async fn spend_assertion(&self, assertion: Digest, expires: Timestamp) -> Result<bool> {
        let key = TokenKey { hour: Hour::after(expires).0, digest: assertion.into() };
        self.cover_hour(ASSERTIONS, key.hour).await?;
        let params = [Bytes(&key.to_bytes()), Bytes(&encode(&())?)];
        let row = self.connections.row(&SPEND_ASSERTION, &params).await?;
        let row = row.ok_or(StoreError::Corrupt { place: "assertions" })?;
        let forgotten: Option<u32> = value(&row, 1, "forgotten")?;
        Ok(truth(&row, 0)? && forgotten.is_none_or(|last| last < key.hour))
    }
}

impl PostgresStore {
    async fn change_client_to(
        &self,
        id: &ClientId,
        change: impl Fn(&Client) -> Option<Client> + Send + Sync,
    ) -> Result<Option<Arc<Client>>> {
        let updated = self.change_registration(id.as_str(), |old| {
            let Registration { number, party: Party::Client(client) } = old? else { return None };
            Some(Registration { number, party: Party::Client(Arc::new(change(&client)?)) })
        });
        Ok(updated.await?.and_then(Registration::client))
    }

    /// Ends some of what people allowed a client that is gone, and says whether more may be left. `number` is that of the
    /// registration since.
    async fn end_some_grants_of(&self, id: &ClientId, number: u32) -> Result<bool> {
        let params = [Bytes(id.as_str().as_bytes()), Bytes(&number.to_be_bytes()), Number(BATCH.into())];
        Ok(self.connections.execute(&END_GRANTS_OF_CLIENT, &params).await? == u64::from(BATCH))
    }
}
