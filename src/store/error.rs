//! StoreError: the store failed. Whether what was asked happened is unknown, so that the caller must not promise anything.

use thiserror::Error;

/// A failure of the store, with its cause.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be reached or written now.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another process has it.
    #[error("another process has the data folder open: {owner}")]
    Locked {
        /// What is known of the other process.
        owner: String,
    },
    /// A record is not what was written.
    #[error("the store holds a damaged record in {place}; bring a backup back with `hallmark restore --force FILE`")]
    Corrupt {
        /// The table it was found in.
        place: &'static str,
    },
    /// What is kept was written by another version of this program.
    #[error("the store has format {found}, and this program writes format {expected}")]
    Format {
        /// What the store says.
        found: String,
        /// What this program writes.
        expected: u32,
    },
}
