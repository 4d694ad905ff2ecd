//! The registry on PostgreSQL: what clients, protected resources and apps alike ask of it.

use crate::store::Result;
use crate::store::kept::encode;
use crate::store::kept::keys::deployment_key;
use crate::store::kept::registry::{Party, Registration};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::{Attempt, Outcome};
use crate::store::postgres::record::{all, only};
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::{Param, Statement};

const REGISTRATION: Statement = Statement::reading("registration", "SELECT record FROM registry WHERE key = $1");

const REGISTRATIONS: Statement = Statement::reading("registrations", "SELECT record FROM registry ORDER BY key");

const LOCK: Statement =
    Statement::writing("lock_registration", "SELECT record FROM registry WHERE key = $1 FOR UPDATE");

// A name that was given once stays in the table, with nobody behind it: so $2 is NULL only where there is no row yet.
const PUT: Statement = Statement::writing(
    "put_registration",
    "INSERT INTO registry (key, record, number, deployment) VALUES ($1, $3, $4, $5)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record, number = excluded.number, deployment = excluded.deployment
     WHERE registry.record = $2",
);

impl PostgresStore {
    /// What is kept under a name.
    pub(super) async fn registration(&self, name: &str) -> Result<Option<Registration>> {
        let row = self.connections.row(&REGISTRATION, &[Bytes(name.as_bytes())]).await?;
        row.map_or(Ok(None), |row| self.registrations.value(&row, 0, "registry"))
    }

    /// What is kept under each name, by name.
    pub(super) async fn registrations(&self) -> Result<Vec<Registration>> {
        all(&self.connections.rows(&REGISTRATIONS, &[]).await?, "registry")
    }

    /// Keeps what `change` makes of a registration, and returns it; nothing changes where it makes nothing of it.
    pub(super) async fn change_registration(
        &self,
        name: &str,
        change: impl Fn(Option<Registration>) -> Option<Registration> + Send + Sync,
    ) -> Result<Option<Registration>> {
        loop {
            let old = self.registration(name).await?;
            let before = old.as_ref().map(encode).transpose()?;
            let Some(new) = change(old) else { return Ok(None) };
            let kept = Kept::of(&new)?;
            if self.connections.execute(&PUT, &kept.params(name, before.as_deref())).await? > 0 {
                return Ok(Some(new));
            }
        }
    }
}

/// What is kept under a name, which nobody else changes before the transaction is over.
pub(super) async fn lock_registration(tx: &mut Attempt<'_>, name: &str) -> Outcome<Option<Registration>> {
    Ok(only(tx.row(&LOCK, &[Bytes(name.as_bytes())]).await?, "registry")?)
}

/// Replaces `old` by `new` within a transaction; `false` if `old` is not what is kept under the name any more.
pub(super) async fn put_registration(
    tx: &mut Attempt<'_>,
    name: &str,
    old: Option<&Registration>,
    new: &Registration,
) -> Outcome<bool> {
    let before = old.map(encode).transpose()?;
    Ok(tx.execute(&PUT, &Kept::of(new)?.params(name, before.as_deref())).await? > 0)
}

/// What leads from a client to the installation that bounds its tokens, if it is a deployed app's.
pub(super) fn deployment_of(registration: &Registration) -> Option<Vec<u8>> {
    match &registration.party {
        Party::Client(client) => client.deployment.map(deployment_key),
        Party::Resource(_) | Party::Nobody => None,
    }
}

/// A registration as the columns have it.
struct Kept {
    record: Vec<u8>,
    number: [u8; 4],
    deployment: Option<Vec<u8>>,
}

impl Kept {
    fn of(registration: &Registration) -> Result<Self> {
        let number = registration.number.to_be_bytes();
        Ok(Self { record: encode(registration)?, number, deployment: deployment_of(registration) })
    }

    fn params<'a>(&'a self, name: &'a str, before: Option<&'a [u8]>) -> [Param<'a>; 5] {
        let deployment = Maybe(self.deployment.as_deref());
        [Bytes(name.as_bytes()), Maybe(before), Bytes(&self.record), Bytes(&self.number), deployment]
    }
}
