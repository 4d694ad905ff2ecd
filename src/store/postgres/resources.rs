//! Resources on PostgreSQL. Identifiers and scopes are good only while the registration has the number they were kept with.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use crate::domain::client::Credentials;
use crate::domain::connect::ConnectPolicy;
use crate::domain::id::ResourceId;
use crate::domain::resource::{ApiTokenPolicy, ProtectedResource};
use crate::domain::scope::{Scope, ScopeEntry};
use crate::domain::secret::Digest;
use crate::domain::time::Timestamp;
use crate::store::kept::keys::END;
use crate::store::kept::registry::{KeptIdentifier, KeptScope, Party, Registration};
use crate::store::kept::{encode, key};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::{Attempt, Outcome, transaction};
use crate::store::postgres::record::{bytes, value};
use crate::store::postgres::registry::{lock_registration, put_registration};
use crate::store::postgres::statement::Param::{Bytes, Many, Maybe, Number};
use crate::store::postgres::statement::Statement;
use crate::store::{Added, Resources, Result, StoreError};

// Each of the first three gives the name, the record, and the number that the registration of its resource has now.
const IDENTIFIERS: Statement = Statement::reading(
    "identifiers",
    "SELECT i.key, i.record, r.number FROM identifiers i LEFT JOIN registry r ON r.key = i.resource WHERE i.key = ANY ($1)",
);

const SCOPES: Statement = Statement::reading(
    "scopes",
    "SELECT s.key, s.record, r.number FROM scopes s LEFT JOIN registry r ON r.key = s.resource
     WHERE s.key = ANY ($1) ORDER BY s.key",
);

const SCOPES_OF: Statement = Statement::reading(
    "scopes_of",
    "SELECT s.key, s.record, r.number FROM scopes s JOIN registry r ON r.key = s.resource
     WHERE s.resource = $1 ORDER BY s.key",
);

// $4 is what was found of a resource that is gone.
const TAKE_IDENTIFIER: Statement = Statement::writing(
    "take_identifier",
    "INSERT INTO identifiers (key, record, resource) VALUES ($1, $2, $3)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record, resource = excluded.resource WHERE identifiers.record = $4",
);

const TAKE_SCOPE: Statement = Statement::writing(
    "take_scope",
    "INSERT INTO scopes (key, record, resource) VALUES ($1, $2, $3)
     ON CONFLICT (key) DO UPDATE SET record = excluded.record, resource = excluded.resource WHERE scopes.record = $4",
);

const DROP_NAMES: Statement = Statement::writing(
    "drop_names",
    "WITH gone AS (DELETE FROM identifiers WHERE resource = $1) DELETE FROM scopes WHERE resource = $1",
);

const DROP_ACCESS: Statement = Statement::writing("drop_access", "DELETE FROM access WHERE key = $1");

/// So many objects and roles of a resource that was removed go at a time, so that no statement lasts longer than it may.
const BATCH: u32 = 5000;

const DROP_OBJECTS: Statement = Statement::writing(
    "drop_objects",
    "DELETE FROM objects
     WHERE key = ANY (ARRAY(SELECT key FROM objects WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3))",
);

const DROP_ROLE_HOLDERS: Statement = Statement::writing(
    "drop_role_holders",
    "DELETE FROM role_holders
     WHERE key = ANY (ARRAY(SELECT key FROM role_holders WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3))",
);

#[async_trait]
impl Resources for PostgresStore {
    async fn resource(&self, id: &ResourceId) -> Result<Option<Arc<ProtectedResource>>> {
        Ok(self.registration(id.as_str()).await?.and_then(Registration::resource))
    }

    async fn resources(&self) -> Result<Vec<Arc<ProtectedResource>>> {
        Ok(self.registrations().await?.into_iter().filter_map(Registration::resource).collect())
    }

    async fn resource_identified_by(&self, identifier: &str) -> Result<Option<ResourceId>> {
        let Some(row) = self.connections.row(&IDENTIFIERS, &[Many(&[identifier.as_bytes()])]).await? else {
            return Ok(None);
        };
        let (kept, number) = found::<KeptIdentifier>(&row)?;
        Ok((number == Some(kept.number)).then_some(kept.resource))
    }

    // A scope has its tokens in the order of their bytes, as the database returns them.
    async fn scope_entries(&self, scope: &Scope) -> Result<Vec<ScopeEntry>> {
        let names: Vec<&[u8]> = scope.iter().map(str::as_bytes).collect();
        entries(&self.connections.rows(&SCOPES, &[Many(&names)]).await?)
    }

    async fn scopes_of(&self, id: &ResourceId) -> Result<Vec<ScopeEntry>> {
        entries(&self.connections.rows(&SCOPES_OF, &[Bytes(id.as_str().as_bytes())]).await?)
    }

    async fn add_resource(&self, resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Result<Added> {
        loop {
            let added = transaction!(self.connections, tx => {
                let added = name_resource(&mut tx, resource, scopes).await?;
                if added != Some(Added::Done) {
                    tx.roll_back().await;
                }
                Ok(added)
            });
            // None: somebody came between.
            if let Some(added) = added {
                return Ok(added);
            }
        }
    }

    async fn add_resource_secret(
        &self,
        id: &ResourceId,
        secret: Digest,
        now: Timestamp,
    ) -> Result<Option<Arc<ProtectedResource>>> {
        let changed = self.change_resource(id, |resource| {
            let secrets @ Credentials::Secrets(_) = resource.credentials.clone() else { return None };
            Some(ProtectedResource { credentials: secrets.with_secret(secret, now), ..resource.clone() })
        });
        changed.await
    }

    async fn set_connect(&self, id: &ResourceId, policy: &ConnectPolicy) -> Result<Option<Arc<ProtectedResource>>> {
        let changed = self
            .change_resource(id, |resource| Some(ProtectedResource { connect: policy.clone(), ..resource.clone() }));
        changed.await
    }

    async fn set_api_tokens(&self, id: &ResourceId, policy: ApiTokenPolicy) -> Result<Option<Arc<ProtectedResource>>> {
        let changed =
            self.change_resource(id, |resource| Some(ProtectedResource { api_tokens: policy, ..resource.clone() }));
        changed.await
    }

    // Its objects and the roles on them are under the number that it had, where nobody finds them any more. They go after it,
    // some at a time, and whoever asks once more drops what is left.
    async fn remove_resource(&self, id: &ResourceId) -> Result<bool> {
        let name = id.as_str();
        let (removed, ended) = transaction!(self.connections, tx => {
            match lock_registration(&mut tx, name).await? {
                Some(old @ Registration { party: Party::Resource(_), .. }) => {
                    let ended = old.ended();
                    put_registration(&mut tx, name, Some(&old), &ended).await?;
                    tx.execute(&DROP_NAMES, &[Bytes(name.as_bytes())]).await?;
                    tx.execute(&DROP_ACCESS, &[Bytes(name.as_bytes())]).await?;
                    Ok((true, Some(ended)))
                }
                Some(ended @ Registration { party: Party::Nobody, .. }) => Ok((false, Some(ended))),
                Some(Registration { party: Party::Client(_), .. }) | None => Ok((false, None)),
            }
        });
        if let Some(ended) = ended {
            self.drop_realms_before(id, ended.number).await?;
        }
        Ok(removed)
    }
}

impl PostgresStore {
    async fn change_resource(
        &self,
        id: &ResourceId,
        change: impl Fn(&ProtectedResource) -> Option<ProtectedResource> + Send + Sync,
    ) -> Result<Option<Arc<ProtectedResource>>> {
        let updated = self.change_registration(id.as_str(), |old| {
            let Registration { number, party: Party::Resource(resource) } = old? else { return None };
            Some(Registration { number, party: Party::Resource(Arc::new(change(&resource)?)) })
        });
        Ok(updated.await?.and_then(Registration::resource))
    }

    /// Forgets the objects of resources whose registration of that name had an earlier number, and the roles on them.
    async fn drop_realms_before(&self, id: &ResourceId, number: u32) -> Result<()> {
        let first = key(&[id.as_str().as_bytes(), END]);
        let end = key(&[&first, &number.to_be_bytes()]);
        for statement in [DROP_ROLE_HOLDERS, DROP_OBJECTS] {
            let params = [Bytes(&first), Bytes(&end), Number(BATCH.into())];
            while self.connections.execute(&statement, &params).await? == u64::from(BATCH) {}
        }
        Ok(())
    }
}

/// One attempt to give a resource all its names; `None` if somebody came between. Unless it is done, whoever calls takes back
/// what was written.
async fn name_resource(
    tx: &mut Attempt<'_>,
    resource: &ProtectedResource,
    scopes: &[ScopeEntry],
) -> Outcome<Option<Added>> {
    let name = resource.id.as_str();
    let old = lock_registration(tx, name).await?;
    let party = Party::Resource(Arc::new(resource.clone()));
    let Some(new) = Registration::following(old.as_ref(), party) else {
        return Ok(Some(Added::Taken(name.to_owned())));
    };
    if !put_registration(tx, name, old.as_ref(), &new).await? {
        return Ok(None);
    }
    tx.execute(&DROP_NAMES, &[Bytes(name.as_bytes())]).await?;

    let identifiers = resource.identifiers.iter().map(|identifier| {
        let kept = KeptIdentifier { number: new.number, resource: resource.id.clone() };
        Ok((identifier.as_str(), encode(&kept)?))
    });
    let identifiers = identifiers.collect::<Result<Vec<_>>>()?;
    let taken = take_names::<KeptIdentifier>(tx, [&IDENTIFIERS, &TAKE_IDENTIFIER], name, identifiers).await?;
    if taken != Some(Added::Done) {
        return Ok(taken);
    }
    let entries = scopes
        .iter()
        .map(|entry| Ok((entry.name.as_str(), encode(&KeptScope { number: new.number, entry: entry.clone() })?)));
    let entries = entries.collect::<Result<Vec<_>>>()?;
    take_names::<KeptScope>(tx, [&SCOPES, &TAKE_SCOPE], name, entries).await
}

/// Takes names that nobody has, or whoever has is gone; `None` if somebody came between.
async fn take_names<K: Numbered>(
    tx: &mut Attempt<'_>,
    [find, take]: [&Statement<'_>; 2],
    resource: &str,
    mut wanted: Vec<(&str, Vec<u8>)>,
) -> Outcome<Option<Added>> {
    let names: Vec<&[u8]> = wanted.iter().map(|(name, _)| name.as_bytes()).collect();
    let mut left = HashMap::new();
    for row in tx.rows(find, &[Many(&names)]).await? {
        let (kept, number) = found::<K>(&row)?;
        let held = bytes(&row, 0)?.unwrap_or_default().to_vec();
        left.insert(held, (number == Some(kept.number()), bytes(&row, 1)?.unwrap_or_default().to_vec()));
    }
    let is_taken = |name: &str| left.get(name.as_bytes()).is_some_and(|(is_held, _)| *is_held);
    if let Some((taken, _)) = wanted.iter().find(|(name, _)| is_taken(name)) {
        return Ok(Some(Added::Taken((*taken).to_owned())));
    }
    // In one order for everybody, so that two who want the same names do not wait for each other.
    wanted.sort_unstable();
    wanted.dedup_by(|(a, _), (b, _)| a == b);
    for (name, record) in &wanted {
        let former = left.get(name.as_bytes()).map(|(_, record)| record.as_slice());
        let params = [Bytes(name.as_bytes()), Bytes(record), Bytes(resource.as_bytes()), Maybe(former)];
        if tx.execute(take, &params).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(Added::Done))
}

/// What hangs from a registration by its number.
trait Numbered: DeserializeOwned {
    /// Where it is kept.
    const PLACE: &'static str;
    /// The number that the registration had.
    fn number(&self) -> u32;
}

impl Numbered for KeptIdentifier {
    const PLACE: &'static str = "identifiers";
    fn number(&self) -> u32 {
        self.number
    }
}

impl Numbered for KeptScope {
    const PLACE: &'static str = "scopes";
    fn number(&self) -> u32 {
        self.number
    }
}

/// What is kept under a name, and the number that the registration of its resource has now.
fn found<K: Numbered>(row: &Row) -> Result<(K, Option<u32>)> {
    let number = bytes(row, 2)?.and_then(|number| number.try_into().ok()).map(u32::from_be_bytes);
    Ok((value(row, 1, K::PLACE)?.ok_or(StoreError::Corrupt { place: K::PLACE })?, number))
}

fn entries(rows: &[Row]) -> Result<Vec<ScopeEntry>> {
    let mut entries = Vec::new();
    for row in rows {
        let (kept, number) = found::<KeptScope>(row)?;
        entries.extend((number == Some(kept.number)).then_some(kept.entry));
    }
    Ok(entries)
}
