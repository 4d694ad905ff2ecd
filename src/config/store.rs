//! `[store]`: where things are kept, in a folder of this machine or in a database that several nodes share.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::secret::Secret;
use crate::domain::time::Lifetime;

/// The settings.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// The data folder; `--data` on the command line wins. Default: `./data`.
    pub folder: PathBuf,
    /// Memory for the embedded store's page cache, in MiB. Default: 128.
    pub cache_mib: u64,
    /// While fewer MiB of the disk are free, the embedded store takes nothing in and only what ends something goes on; zero
    /// turns this off. Default: 256.
    pub free_space_mib: u64,
    /// The PostgreSQL database that keeps everything, for any number of nodes; without it the embedded store in the folder does.
    /// Default: none.
    #[serde(skip_serializing)]
    pub url: Option<DatabaseUrl>,
    /// A standby of that database which introspection is asked of, as long as each change waits until it was applied there.
    /// Default: none.
    #[serde(skip_serializing)]
    pub standby: Option<DatabaseUrl>,
    /// Who vouches for the database, as a PEM file; without it whomever the machine trusts. Default: none.
    pub certificate_authority: Option<PathBuf>,
    /// So many connections to the database at most, and up to four more for introspection. Default: 16.
    pub connections: usize,
    /// How long is waited for a connection, and for a new one to be made. Default: 2 seconds.
    pub connect_timeout: Lifetime,
    /// How long a statement may take. Default: 5 seconds.
    pub statement_timeout: Lifetime,
    /// What stands between this node and the database. Default: nothing.
    pub pooler: Pooler,
    /// Who brings the schema of the database up to date. Default: every server as it starts.
    pub migrate: Migrate,
}

/// What stands between a node and the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooler {
    /// Nothing that shows: a connection is this node's for as long as it lasts.
    None,
    /// A pooler that gives every transaction another connection.
    Transaction,
}

/// Who brings the schema up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Migrate {
    /// Every server, as it starts.
    AtStart,
    /// An operator, with `hallmark store migrate`.
    ByHand,
}

/// The URL of a database. It may hold a password, so that it is never printed.
#[derive(Clone)]
pub struct DatabaseUrl(pub Secret<String>);

impl DatabaseUrl {
    fn is_of_postgresql(&self) -> bool {
        ["postgres://", "postgresql://"].iter().any(|scheme| self.0.expose().starts_with(scheme))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl")
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|url| Self(Secret::new(url)))
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            folder: "data".into(),
            cache_mib: 128,
            free_space_mib: 256,
            url: None,
            standby: None,
            certificate_authority: None,
            connections: 16,
            connect_timeout: Lifetime::seconds(2),
            statement_timeout: Lifetime::seconds(5),
            pooler: Pooler::None,
            migrate: Migrate::AtStart,
        }
    }
}

impl StoreSettings {
    /// What can be told without a client of the database, which reads the rest of the URL.
    pub(super) fn check(&self) -> Result<(), String> {
        for (key, url) in [("url", &self.url), ("standby", &self.standby)] {
            if url.as_ref().is_some_and(|url| !url.is_of_postgresql()) {
                // What was written there instead may be a password.
                return Err(format!("store.{key} does not begin with postgres://"));
            }
        }
        if self.connections == 0 {
            return Err("store.connections must not be zero".into());
        }
        let waits = [("connect_timeout", self.connect_timeout), ("statement_timeout", self.statement_timeout)];
        if let Some((key, _)) = waits.iter().find(|(_, wait)| wait.is_zero()) {
            return Err(format!("store.{key} must be at least a second"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_database_is_not_printed() {
        let url = Some(DatabaseUrl(Secret::new("postgres://me:sesame@db/hallmark".into())));
        let settings = StoreSettings { url, ..StoreSettings::default() };
        assert!(!format!("{settings:?}").contains("sesame"));
        assert!(!serde_json::to_string(&settings).expect("JSON").contains("sesame"));
    }
}
