//! What is kept, in whatever store: the shapes of the records, their bytes, and where each is found.
//!
//! Every store keeps the same bytes under the same keys, so that a record can be carried from one to another as it is. A value
//! is a version byte and then its postcard encoding.

pub mod api_tokens;
pub mod apps;
pub mod copying;
pub mod keys;
pub mod lines;
pub mod registry;
pub mod roles;
pub mod tables;
pub mod tokens;

pub use copying::Copying;
pub use tables::{Holds, Reading, TableKind, named};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Result, StoreError};

/// What every value begins with, so that a later shape of a noun can be told from this one.
pub const VERSION: u8 = 1;

/// The key of the one record of a table that has one.
pub const ONLY: &str = "only";

/// A key of several parts, of which every one but the last has a fixed length.
pub fn key(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The bytes of a value.
///
/// # Errors
/// [`StoreError::Unavailable`] if it has none, which no value of ours does.
pub fn encode<V: Serialize + ?Sized>(value: &V) -> Result<Vec<u8>> {
    postcard::to_extend(value, vec![VERSION]).map_err(|error| StoreError::Unavailable(Box::new(error)))
}

/// The value that has these bytes, in a table of that name.
///
/// # Errors
/// [`StoreError::Corrupt`] if no value of this program has them.
pub fn decode<V: DeserializeOwned>(place: &'static str, bytes: &[u8]) -> Result<V> {
    match postcard::take_from_bytes(body(place, bytes)?) {
        Ok((value, [])) => Ok(value),
        _ => Err(StoreError::Corrupt { place }),
    }
}

/// The first field of the value that has these bytes, without reading the rest.
///
/// # Errors
/// As [`decode`].
pub fn decode_beginning<F: DeserializeOwned>(place: &'static str, bytes: &[u8]) -> Result<F> {
    let body = body(place, bytes)?;
    postcard::take_from_bytes(body).map(|(field, _)| field).map_err(|_| StoreError::Corrupt { place })
}

fn body<'a>(place: &'static str, bytes: &'a [u8]) -> Result<&'a [u8]> {
    match bytes.split_first() {
        Some((&VERSION, body)) => Ok(body),
        _ => Err(StoreError::Corrupt { place }),
    }
}
