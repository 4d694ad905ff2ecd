//! What protected resources declare: long, asked for with each decision, and changed seldom. A node keeps what it read, with the digest
//! of its record, and asks for the record only where the digest in the database is another: nothing is used that is not current.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::access_model::Access;
use crate::domain::id::ResourceId;
use crate::store::kept::encode;
use crate::store::kept::registry::Registration;
use crate::store::kept::roles::KeptAccess;
use crate::store::postgres::PostgresStore;
use crate::store::postgres::record::{bytes, value};
use crate::store::postgres::statement::Param::{Bytes, Maybe};
use crate::store::postgres::statement::Statement;
use crate::store::{Result, StoreError};

const ACCESS: Statement = Statement::reading(
    "access",
    "SELECT CASE WHEN access.digest = $2 THEN NULL ELSE access.record END, access.digest, registry.number
     FROM access JOIN registry ON registry.key = access.key WHERE access.key = $1",
);

const REGISTRATION: Statement =
    Statement::reading("registration", "SELECT record, number FROM registry WHERE key = $1");

// Whoever removes the resource changes the row that is locked here.
const SET_ACCESS: Statement = Statement::writing(
    "set_access",
    "INSERT INTO access (key, record, digest) SELECT key, $2, sha256($2) FROM registry WHERE key = $1 AND number = $3 FOR SHARE
     ON CONFLICT (key) DO UPDATE SET record = excluded.record, digest = excluded.digest",
);

/// What this node read, by resource.
#[derive(Default)]
pub struct Declared(RwLock<HashMap<ResourceId, Known>>);

#[derive(Clone)]
struct Known {
    digest: Vec<u8>,
    kept: Arc<KeptAccess>,
}

impl Declared {
    fn of(&self, resource: &ResourceId) -> Option<Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(resource).cloned()
    }

    fn remember(&self, resource: &ResourceId, known: Known) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(resource.clone(), known);
    }

    fn forget(&self, resource: &ResourceId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(resource);
    }
}

impl PostgresStore {
    /// What a protected resource declares, good as long as its registration has the number that it had.
    pub(super) async fn declared(&self, resource: &ResourceId) -> Result<Option<Arc<Access>>> {
        let known = self.declared.of(resource);
        let digest = Maybe(known.as_ref().map(|known| known.digest.as_slice()));
        let row = self.connections.row(&ACCESS, &[Bytes(resource.as_str().as_bytes()), digest]).await?;
        let Some(row) = row else {
            if known.is_some() {
                self.declared.forget(resource);
            }
            return Ok(None);
        };
        let kept = match value::<KeptAccess>(&row, 0, "access")? {
            None => known.ok_or(DAMAGED)?.kept,
            Some(kept) => {
                let kept = Arc::new(kept);
                let digest = bytes(&row, 1)?.ok_or(DAMAGED)?.to_vec();
                self.declared.remember(resource, Known { digest, kept: Arc::clone(&kept) });
                kept
            }
        };
        let is_good = bytes(&row, 2)? == Some(kept.number.to_be_bytes().as_slice());
        Ok(is_good.then(|| Arc::clone(&kept.access)))
    }

    /// Keeps what a protected resource declares; `false` if there is no such resource.
    pub(super) async fn declare(&self, resource: &ResourceId, access: &Arc<Access>) -> Result<bool> {
        let key = Bytes(resource.as_str().as_bytes());
        loop {
            let Some(row) = self.connections.row(&REGISTRATION, &[key]).await? else { return Ok(false) };
            let registration: Registration = value(&row, 0, "registry")?.ok_or(DAMAGED)?;
            let (number, column) = (registration.number, bytes(&row, 1)?);
            if registration.resource().is_none() {
                return Ok(false);
            }
            let record = encode(&KeptAccess { number, access: Arc::clone(access) })?;
            if self.connections.execute(&SET_ACCESS, &[key, Bytes(&record), Maybe(column)]).await? > 0 {
                return Ok(true);
            }
        }
    }
}

const DAMAGED: StoreError = StoreError::Corrupt { place: "access" };
