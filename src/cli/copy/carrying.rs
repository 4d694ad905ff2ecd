//! Carrying: from one store to the other, and both read and compared.

use crate::cli::answer::{CommandError, Exit};
use crate::cli::backup::stream::TableEnd;
use crate::cli::copy::canonical::{Canonical, Indexes};
use crate::cli::copy::shown::Shown;
use crate::cli::copy::source::Source;
use crate::cli::copy::target::Target;
use crate::cli::store::require_good;
use crate::store::kept::tables::TABLES;
use crate::store::{Records, Snapshot};

/// So many records, or so many bytes of them, come in at once.
const MANY: usize = 4096;
const LONG: usize = 4 << 20;

/// What was carried, and what both sides hold by now.
pub struct Carried {
    /// How many records were read of the source.
    pub records: u64,
    /// Whether an earlier attempt had brought some of them in.
    pub went_on: bool,
    source: Vec<TableEnd>,
    target: Vec<TableEnd>,
}

impl Carried {
    /// The tables that hold something on either side, with what each side holds.
    pub fn compared(&self) -> Vec<(&'static str, Option<TableEnd>, Option<TableEnd>)> {
        let of = |ends: &[TableEnd], name: &str| ends.iter().find(|end| end.name == name).cloned();
        let compared =
            TABLES.iter().map(|table| (table.name, of(&self.source, table.name), of(&self.target, table.name)));
        compared.filter(|(_, source, target)| source.is_some() || target.is_some()).collect()
    }

    /// The tables in which they differ.
    pub fn differences(&self) -> Vec<&'static str> {
        let different = self.compared().into_iter().filter(|(_, source, target)| source != target);
        different.map(|(name, ..)| name).collect()
    }
}

/// Carries what the target does not hold yet, and compares.
///
/// # Errors
/// [`CommandError`] if either store fails, or the source is damaged.
pub async fn carry(source: &Source, target: &mut Target) -> Result<Carried, CommandError> {
    let indexes = if source.indexes_follow() { Indexes::Compared } else { Indexes::Left };
    let mut canonical = Canonical::new(indexes);
    let mut snapshot = source.snapshot()?;
    let mut shown = Shown::of("copied");
    let mut waiting = Waiting::default();
    let mut count = 0;
    let far = target.copying().clone();
    while let Some(records) = snapshot.next().await? {
        require_good(&records)?;
        canonical.add(&records)?;
        count += records.records.len() as u64;
        shown.advance(&records.table, records.records.len());
        if let Some(full) = waiting.add(far.rest_of(records)) {
            target.take(full).await?;
        }
    }
    if let Some(last) = waiting.records.take() {
        target.take(last).await?;
    }
    drop((snapshot, shown));
    let of_source = canonical.end();
    let of_target = read(target.snapshot().await?, indexes).await?;
    Ok(Carried { records: count, went_on: target.went_on(), source: of_source, target: of_target })
}

async fn read(mut snapshot: Box<dyn Snapshot>, indexes: Indexes) -> Result<Vec<TableEnd>, CommandError> {
    let mut canonical = Canonical::new(indexes);
    let mut shown = Shown::of("compared");
    while let Some(records) = snapshot.next().await? {
        shown.advance(&records.table, records.records.len());
        canonical.add(&records).map_err(|error| match CommandError::from(error) {
            error if error.exit == Exit::Integrity => CommandError::integrity(format!("in the target: {error}")),
            error => error,
        })?;
    }
    Ok(canonical.end())
}

/// Records of one table that come in together.
#[derive(Default)]
struct Waiting {
    records: Option<Records>,
    bytes: usize,
}

impl Waiting {
    /// Adds records; what is to come in now, if anything is.
    fn add(&mut self, records: Records) -> Option<Records> {
        if records.records.is_empty() {
            return None;
        }
        let bytes = records.records.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        match &mut self.records {
            Some(waiting) if waiting.table == records.table && waiting.records.len() < MANY && self.bytes < LONG => {
                waiting.records.extend(records.records);
                self.bytes += bytes;
                None
            }
            waiting => {
                self.bytes = bytes;
                waiting.replace(records)
            }
        }
    }
}
