//! What a backup consists of: a preamble, then frames, each of which is chained to everything before it.
//!
//! ```text
//! preamble  "hallmark backup\n"  stream version (2)  sealed (1)  [memory (4) passes (4) lanes (4) salt (16)]
//! frame     length, its highest bit in the last frame (4)  body  link (32)
//! ```
//!
//! Numbers are big-endian. The body is a [`Frame`] in postcard, sealed where the backup is. The link is SHA-256 over the
//! link before (first: over the preamble), the length and the body, so that a byte that was changed, and a frame that was
//! dropped or moved, is found where it is. That finds damage; against malice there is the seal, whose context is the number
//! of the frame and whether it is the last.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::time::Timestamp;
use crate::secrets::passphrase::Stretching;
use crate::store::Record;

/// What every backup begins with.
pub const MAGIC: &[u8; 16] = b"hallmark backup\n";

/// The version of the stream that this program writes, and the newest that it reads.
pub const VERSION: u16 = 1;

/// The longest frame: one holds a bounded number of records, each of which is small.
pub const LONGEST: u32 = 64 << 20;

/// In the length of the last frame.
pub const LAST: u32 = 1 << 31;

/// One frame.
#[derive(Debug, Serialize, Deserialize)]
pub enum Frame {
    /// The first.
    Header(Header),
    /// Records of a table, in the order of their keys.
    Records {
        /// The table.
        table: String,
        /// The records.
        records: Vec<Record>,
    },
    /// The end of a table.
    Table(TableEnd),
    /// The last: how many of everything there were.
    Trailer {
        /// Tables that held something.
        tables: u64,
        /// Records of all tables.
        records: u64,
    },
}

/// What and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format of the store that the records are of.
    pub store_format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// The moment at which everything was as it is here.
    pub moment: Timestamp,
    /// The site that everything belongs to.
    pub site: String,
}

/// What was carried of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableEnd {
    /// Its name.
    pub name: String,
    /// How many records.
    pub records: u64,
    /// SHA-256 over all of them.
    pub digest: [u8; 32],
}

/// The chain that the frames form.
#[derive(Clone, Debug)]
pub struct Chain {
    link: [u8; 32],
    number: u64,
}

impl Chain {
    /// The beginning of a chain.
    pub fn of(preamble: &[u8]) -> Self {
        Self { link: Sha256::digest(preamble).into(), number: 0 }
    }

    /// The link of the next frame.
    pub fn next(&mut self, length: u32, body: &[u8]) -> [u8; 32] {
        let hash = Sha256::new().chain_update(self.link).chain_update(length.to_be_bytes()).chain_update(body);
        self.link = hash.finalize().into();
        self.number += 1;
        self.link
    }

    /// What the next frame is sealed for.
    pub fn context(&self, last: Place) -> Vec<u8> {
        [MAGIC.as_slice(), &self.number.to_be_bytes(), &[u8::from(last == Place::Last)]].concat()
    }

    /// Whether no frame was chained yet.
    pub fn is_at_start(&self) -> bool {
        self.number == 0
    }
}

/// Where a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Others follow.
    Inside,
    /// None does.
    Last,
}

/// A table as its records pass.
pub struct Tally {
    name: String,
    records: u64,
    hash: Sha256,
}

impl Tally {
    /// Of a table of which nothing has passed.
    pub fn of(name: &str) -> Self {
        Self { name: name.to_owned(), records: 0, hash: Sha256::new() }
    }

    /// The table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts records in.
    pub fn add(&mut self, records: &[Record]) {
        for part in records.iter().flat_map(|(key, value)| [key, value]) {
            self.hash.update((part.len() as u64).to_be_bytes());
            self.hash.update(part);
        }
        self.records += records.len() as u64;
    }

    /// What passed.
    pub fn end(self) -> TableEnd {
        TableEnd { name: self.name, records: self.records, digest: self.hash.finalize().into() }
    }
}

/// The preamble of a backup, sealed with a key that was made in this way, or not.
pub fn preamble(stretching: Option<&Stretching>) -> Vec<u8> {
    let mut preamble = [MAGIC.as_slice(), &VERSION.to_be_bytes(), &[u8::from(stretching.is_some())]].concat();
    if let Some(Stretching { memory_kib, iterations, parallelism, salt }) = stretching {
        for number in [memory_kib, iterations, parallelism] {
            preamble.extend(number.to_be_bytes());
        }
        preamble.extend(salt);
    }
    preamble
}
