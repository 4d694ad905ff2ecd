//! trait Portable: everything that is kept, as a stream of records, for backups, restores and compaction.
//!
//! A record is a table's name, a key and a value, as bytes. The value begins with the version of its shape, so that
//! whoever reads it later knows which one it is.

use async_trait::async_trait;

use crate::store::Result;

/// A key and its value.
pub type Record = (Vec<u8>, Vec<u8>);

/// Some records of one table, in the order of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The table.
    pub table: String,
    /// A bounded number of them.
    pub records: Vec<Record>,
}

/// A store whose records can be carried to another.
#[async_trait]
pub trait Portable {
    /// Everything as it is at this moment, whatever becomes of it while it is read. There is one at a time.
    ///
    /// It holds what a crash at this moment would leave, had the disk kept every write: each change that was
    /// acknowledged, and of one that is under way no more than its verb allows to be seen by itself.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>>;

    /// Puts records of a snapshot into a store that is being filled. They are durable once the store was closed, and
    /// seen once it was opened again.
    async fn import(&self, records: Records) -> Result<()>;
}

/// A snapshot, read from its start to its end. To drop it is to let go of it.
#[async_trait]
pub trait Snapshot: Send {
    /// The next records; `None` at the end.
    async fn next(&mut self) -> Result<Option<Records>>;
}
