//! Reading what a statement returned.

use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use crate::store::kept::decode;
use crate::store::postgres::connections::unavailable;
use crate::store::{Result, StoreError};

/// The bytes in a column; `None` where it is NULL.
pub fn bytes(row: &Row, column: usize) -> Result<Option<&[u8]>> {
    row.try_get(column).map_err(unavailable)
}

/// The value whose record is in a column; `None` where it is NULL. `place` is the table that it is of.
pub fn value<V: DeserializeOwned>(row: &Row, column: usize, place: &'static str) -> Result<Option<V>> {
    bytes(row, column)?.map(|bytes| decode(place, bytes)).transpose()
}

/// The value whose record is the one column of the row, if there is a row.
pub fn only<V: DeserializeOwned>(row: Option<Row>, place: &'static str) -> Result<Option<V>> {
    row.map_or(Ok(None), |row| value(&row, 0, place))
}

/// The values whose records are the one column of each row.
pub fn all<V: DeserializeOwned>(rows: &[Row], place: &'static str) -> Result<Vec<V>> {
    rows.iter().map(|row| value(row, 0, place)?.ok_or(StoreError::Corrupt { place })).collect()
}

/// Yes or no.
pub fn truth(row: &Row, column: usize) -> Result<bool> {
    row.try_get::<_, Option<bool>>(column).map(Option::unwrap_or_default).map_err(unavailable)
}

/// A number; `None` where it is NULL.
pub fn number(row: &Row, column: usize) -> Result<Option<i64>> {
    row.try_get(column).map_err(unavailable)
}
