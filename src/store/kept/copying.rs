//! How far a copy has come, as the store that is copied into keeps it.

use serde::{Deserialize, Serialize};

use crate::store::Records;
use crate::store::kept::tables::TABLES;

/// A copy that is not complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copying {
    /// What tells the source from every other store.
    pub source: [u8; 32],
    /// The table of the last record that came in; none yet if it is empty.
    pub table: String,
    /// The key of that record.
    pub key: Vec<u8>,
}

impl Copying {
    /// A copy that begins.
    pub fn of(source: [u8; 32]) -> Self {
        Self { source, table: String::new(), key: Vec::new() }
    }

    /// This copy, once those records came in.
    pub fn after(&self, records: &Records) -> Self {
        let key = records.records.last().map_or_else(Vec::new, |(key, _)| key.clone());
        Self { source: self.source, table: records.table.clone(), key }
    }

    /// What of these records has not come in.
    pub fn rest_of(&self, mut records: Records) -> Records {
        let place = |name: &str| TABLES.iter().position(|table| table.name == name);
        match place(&records.table).cmp(&place(&self.table)) {
            std::cmp::Ordering::Less => records.records.clear(),
            std::cmp::Ordering::Equal => records.records.retain(|(key, _)| *key > self.key),
            std::cmp::Ordering::Greater => {}
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(table: &str, keys: &[u8]) -> Records {
        Records { table: table.into(), records: keys.iter().map(|key| (vec![*key], Vec::new())).collect() }
    }

    #[test]
    fn a_copy_goes_on_after_the_last_record_that_came_in() {
        let copying = Copying::of([1; 32]);
        assert_eq!(copying.rest_of(records("registry", &[1, 2])), records("registry", &[1, 2]));

        let copying = copying.after(&records("users", &[1, 2, 3]));
        assert_eq!(copying.rest_of(records("registry", &[9])), records("registry", &[]));
        assert_eq!(copying.rest_of(records("users", &[2, 3, 4])), records("users", &[4]));
        assert_eq!(copying.rest_of(records("emails", &[1])), records("emails", &[1]));
    }
}
