//! Everything that is kept here as the records of the embedded store, and those records as what is kept here.
//!
//! | file | what |
//! |---|---|
//! | `heads` | the tables whose records are carried as they are, and the columns beside them |
//! | `import` | how records come in: heads with their columns, and what the other tables say about them |
//! | `snapshot` | how they go out: heads, and the other tables as they follow from columns |
//! | `copying` | how far a copy into this database has come |
//!
//! What is an index in the embedded store follows here from its head. Some of its indexes decide, though, and they are believed:
//! `user_grants` says which grant is the one between a person and a client, `site_urls` which site has a URL, `user_groups` who is in
//! which group and `roles` who holds which role. An entry of another index that a crash left without its head comes to nothing.

mod copying;
mod heads;
mod import;
mod snapshot;

use async_trait::async_trait;

use crate::store::postgres::PostgresStore;
use crate::store::postgres::portable::snapshot::PostgresSnapshot;
use crate::store::{Portable, Records, Result, Snapshot};

#[async_trait]
impl Portable for PostgresStore {
    /// The moment is that of the first records.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        Ok(Box::new(PostgresSnapshot::of(self.connections.pool())))
    }

    async fn import(&self, records: Records) -> Result<()> {
        self.bring_in(records, None).await
    }
}
