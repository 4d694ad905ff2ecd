//! What was decoded of records that come again and again, such as that of a protected resource that asks: kept beside the bytes it was
//! decoded of, and good for these bytes alone. What is true is in the bytes, which come from the database each time.

use std::sync::{PoisonError, RwLock};

use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use crate::store::Result;
use crate::store::kept::decode;
use crate::store::postgres::record::bytes;

/// For so many records there is room; two that would have the same place take it in turns.
const PLACES: usize = 1024;

/// Values of one kind, which are cheap to clone.
pub struct Decoded<V>(Vec<RwLock<Option<Entry<V>>>>);

struct Entry<V> {
    record: Box<[u8]>,
    value: V,
}

impl<V> Default for Decoded<V> {
    fn default() -> Self {
        Self(std::iter::repeat_with(RwLock::default).take(PLACES).collect())
    }
}

impl<V: Clone + DeserializeOwned> Decoded<V> {
    /// The value whose record is in a column; `None` where it is NULL. `table` is what it is of.
    pub fn value(&self, row: &Row, column: usize, table: &'static str) -> Result<Option<V>> {
        bytes(row, column)?.map(|record| self.of(record, table)).transpose()
    }

    fn of(&self, record: &[u8], table: &'static str) -> Result<V> {
        let place = &self.0[crc32fast::hash(record) as usize % PLACES];
        if let Some(entry) = &*place.read().unwrap_or_else(PoisonError::into_inner)
            && *entry.record == *record
        {
            return Ok(entry.value.clone());
        }
        let value: V = decode(table, record)?;
        *place.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Entry { record: record.into(), value: value.clone() });
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kept::encode;

    #[test]
    fn a_value_is_that_of_its_bytes_whatever_was_decoded_before() {
        let decoded = Decoded::<String>::default();
        for round in 0..2 {
            for number in 0..3 * PLACES {
                let record = encode(&format!("{number}")).expect("a record");
                assert_eq!(decoded.of(&record, "strings").expect("a value"), number.to_string(), "round {round}");
            }
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_a_fault_each_time() {
        let decoded = Decoded::<String>::default();
        for _ in 0..2 {
            assert!(decoded.of(&[1, 255], "strings").is_err());
        }
    }
}
