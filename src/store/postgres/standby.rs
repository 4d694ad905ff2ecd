//! Reads of a standby, for introspection alone, and only where the standby has applied a change before the change is answered.
//!
//! That is so where `synchronous_commit` is `remote_apply` for everybody who writes (the setting of the server, the database or the
//! role) and `synchronous_standby_names` waits for every standby that it names, this one among them: of a quorum, another
//! standby may have been the one that answered, and this one forgets revocations. It is asked of the primary once a
//! second; an operator who changes these settings while nodes read from a standby has that second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::store::Result;
use crate::store::postgres::connections::Connections;
use crate::store::postgres::record::bytes;
use crate::store::postgres::statement::{Param, Statement};

/// For so long it is believed that the standby is waited for.
const BELIEVED: Duration = Duration::from_secs(1);

const SETTINGS: Statement = Statement::reading(
    "replication_settings",
    "SELECT convert_to(current_setting('synchronous_commit'), 'UTF8'),
            convert_to(current_setting('synchronous_standby_names'), 'UTF8')",
);

const NAME: Statement =
    Statement::reading("standby_name", "SELECT convert_to(current_setting('cluster_name'), 'UTF8')");

/// Where questions about credentials are asked.
pub struct Nearest {
    primary: Arc<Connections>,
    standby: Option<Arc<Standby>>,
}

impl Nearest {
    /// A standby where there is one that is up to date, or else the primary.
    pub fn new(primary: Arc<Connections>, standby: Option<Arc<Standby>>) -> Self {
        Self { primary, standby }
    }

    /// The connections to the primary.
    pub fn primary(&self) -> &Connections {
        &self.primary
    }

    /// What a statement that reads returns.
    ///
    /// # Errors
    /// As [`Connections::rows`].
    pub async fn rows(&self, statement: &Statement<'_>, params: &[Param<'_>]) -> Result<Vec<Row>> {
        if let Some(standby) = &self.standby
            && let Some(rows) = standby.rows(&self.primary, statement, params).await
        {
            return Ok(rows);
        }
        self.primary.rows(statement, params).await
    }

    /// The first row that a statement that reads returns, if it returns any.
    ///
    /// # Errors
    /// As [`Connections::rows`].
    pub async fn row(&self, statement: &Statement<'_>, params: &[Param<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    /// Forgets how a text was prepared that is not asked any more.
    pub fn forget(&self, sql: &str, types: &[Type]) {
        self.primary.forget(sql, types);
        if let Some(standby) = &self.standby {
            standby.connections.forget(sql, types);
        }
    }
}

/// A standby that may be read from.
pub struct Standby {
    connections: Connections,
    began: Instant,
    /// Until when it is believed, in milliseconds since `began`.
    believed: AtomicU64,
    /// What was found when it was last asked. Held while it is asked.
    found: Mutex<bool>,
}

impl Standby {
    /// A standby that nothing is known of yet.
    pub fn new(connections: Connections) -> Self {
        Self { connections, began: Instant::now(), believed: AtomicU64::new(0), found: Mutex::new(false) }
    }

    /// What a statement returns here; `None` if this standby must not be asked now, or failed.
    async fn rows(&self, primary: &Connections, statement: &Statement<'_>, params: &[Param<'_>]) -> Option<Vec<Row>> {
        if !self.is_waited_for(primary).await {
            return None;
        }
        self.connections.rows(statement, params).await.ok()
    }

    async fn is_waited_for(&self, primary: &Connections) -> bool {
        if self.now() < self.believed.load(Ordering::Acquire) {
            return true;
        }
        let mut found = self.found.lock().await;
        if self.now() < self.believed.load(Ordering::Acquire) {
            return *found;
        }
        // From before it is asked: what changes while it is asked may be in the answer or not.
        let asked = self.now();
        let waited_for = self.ask(primary).await.unwrap_or(false);
        if waited_for != *found {
            tracing::info!(waited_for, "whether changes wait until the standby has applied them has changed");
        }
        *found = waited_for;
        if waited_for {
            let patience = u64::try_from(BELIEVED.as_millis()).unwrap_or(u64::MAX);
            self.believed.store(asked + patience, Ordering::Release);
        }
        waited_for
    }

    async fn ask(&self, primary: &Connections) -> Result<bool> {
        let name = self.connections.row(&NAME, &[]).await?;
        let settings = primary.row(&SETTINGS, &[]).await?;
        let (Some(name), Some(settings)) = (name, settings) else { return Ok(false) };
        let name = bytes(&name, 0)?.unwrap_or_default();
        let (commit, names) = (bytes(&settings, 0)?.unwrap_or_default(), bytes(&settings, 1)?.unwrap_or_default());
        let (name, names) = (String::from_utf8_lossy(name), String::from_utf8_lossy(names));
        Ok(commit == b"remote_apply" && waits_for_all(&names).is_some_and(|all| all.iter().any(|one| *one == name)))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The names in a value of `synchronous_standby_names`, if each change waits for all of them.
fn waits_for_all(value: &str) -> Option<Vec<String>> {
    let value = value.trim();
    let (count, list) = match value.split_once('(') {
        Some((before, rest)) => {
            let count = before.trim().split_ascii_whitespace().next_back()?;
            (count.parse().ok()?, rest.trim_end().strip_suffix(')')?)
        }
        // A list alone waits for the first of it that is there.
        None => (1, value),
    };
    let names: Vec<String> = list.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
    let all = names.len() == count && names.iter().all(|name| !name.is_empty() && name != "*");
    all.then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quorum_or_a_priority_does_not_wait_for_all() {
        for value in
            ["", "*", "a, b", "FIRST 1 (a, b)", "ANY 1 (a, b)", "1 (a, b)", "ANY 2 (a, b, c)", "ANY 1 (*)", "2 (a"]
        {
            assert_eq!(waits_for_all(value), None, "{value}");
        }
    }

    #[test]
    fn as_many_as_are_named_are_all() {
        for value in ["ANY 2 (a, \"b\")", "FIRST 2 (a,b)", "2 (a, b)", " any 2 ( a , b ) "] {
            assert_eq!(waits_for_all(value), Some(vec!["a".into(), "b".into()]), "{value}");
        }
        assert_eq!(waits_for_all("a"), Some(vec!["a".into()]));
    }
}
