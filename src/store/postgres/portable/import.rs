//! Import: records of the embedded store become what is kept here, thousands of them with each statement. What comes in twice is
//! there once.

use std::collections::BTreeMap;

use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use crate::domain::event::Actor;
use crate::domain::id::{GroupId, SiteId};
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::Site;
use crate::domain::time::Timestamp;
use crate::store::kept::keys::holder_key;
use crate::store::kept::lines::Lines;
use crate::store::kept::roles::GivenBy;
use crate::store::kept::{Copying, decode, encode, named};
use crate::store::postgres::PostgresStore;
use crate::store::postgres::connections::unavailable;
use crate::store::postgres::portable::copying::note;
use crate::store::postgres::portable::heads::{Cell, Head, Holds, head_named};
use crate::store::{Record, Records, Result, StoreError};

/// What is brought in may take long, is as durable as the end of the copy, and is planned for what is there by now.
pub const AT_LENGTH: &str = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
     SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; \
     SET LOCAL synchronous_commit = off";

/// A column of many rows.
enum Column {
    Bytes(Vec<Option<Vec<u8>>>),
    Numbers(Vec<i64>),
    Truths(Vec<bool>),
}

impl Column {
    fn as_type(&self) -> Type {
        match self {
            Self::Bytes(_) => Type::BYTEA_ARRAY,
            Self::Numbers(_) => Type::INT8_ARRAY,
            Self::Truths(_) => Type::BOOL_ARRAY,
        }
    }

    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Bytes(cells) => cells,
            Self::Numbers(cells) => cells,
            Self::Truths(cells) => cells,
        }
    }

    fn name_of_type(holds: Holds) -> &'static str {
        match holds {
            Holds::Bytes => "bytea[]",
            Holds::Number => "bigint[]",
            Holds::Truth => "boolean[]",
        }
    }

    fn of(holds: Holds) -> Self {
        match holds {
            Holds::Bytes => Self::Bytes(Vec::new()),
            Holds::Number => Self::Numbers(Vec::new()),
            Holds::Truth => Self::Truths(Vec::new()),
        }
    }

    fn push(&mut self, cell: Cell) -> Result<()> {
        match (self, cell) {
            (Self::Bytes(cells), Cell::Bytes(bytes)) => cells.push(bytes),
            (Self::Numbers(cells), Cell::Number(number)) => cells.push(number),
            (Self::Truths(cells), Cell::Truth(truth)) => cells.push(truth),
            _ => return Err(StoreError::Corrupt { place: "columns" }),
        }
        Ok(())
    }
}

/// A column of bytes.
fn all<'b>(cells: impl Iterator<Item = &'b [u8]>) -> Column {
    Column::Bytes(cells.map(|cell| Some(cell.to_vec())).collect())
}

fn keys(records: &[Record]) -> Column {
    all(records.iter().map(|(key, _)| key.as_slice()))
}

fn values(records: &[Record]) -> Column {
    all(records.iter().map(|(_, value)| value.as_slice()))
}

impl PostgresStore {
    /// Brings records in, together with the note how far a copy has come by them.
    pub(super) async fn bring_in(&self, records: Records, copying: Option<(&Copying, &Copying)>) -> Result<()> {
        let table = named(&records.table).ok_or(StoreError::Corrupt { place: "a table that no store has" })?.name;
        let head = head_named(table);
        if let Some(head) = head {
            self.cover_all(head, &records.records).await?;
        }
        let mut object = self.connections.connection().await?;
        let tx = object.transaction().await.map_err(unavailable)?;
        tx.batch_execute(AT_LENGTH).await.map_err(unavailable)?;
        match head {
            Some(head) => write_heads(&tx, head, &records.records).await?,
            None => write_others(&tx, table, &records.records).await?,
        }
        if table == "events" {
            number_after(&tx, &records.records).await?;
        }
        if let Some((before, after)) = copying {
            note(&tx, before, after).await?;
        }
        tx.commit().await.map_err(unavailable)
    }

    /// Makes the partitions that records belong to.
    async fn cover_all(&self, head: &Head, records: &[Record]) -> Result<()> {
        let Some(parted) = head.parted else { return Ok(()) };
        for (key, _) in records {
            let damaged = StoreError::Corrupt { place: head.table };
            if parted.is_by_second() {
                let second = key.first_chunk().ok_or(damaged)?;
                self.cover_second(parted, Timestamp(u64::from_be_bytes(*second))).await?;
            } else {
                let hour = key.first_chunk().ok_or(damaged)?;
                self.cover_hour(parted, u32::from_be_bytes(*hour)).await?;
            }
        }
        Ok(())
    }
}

async fn execute(tx: &Transaction<'_>, sql: &str, columns: &[Column]) -> Result<u64> {
    let params: Vec<_> = columns.iter().map(|column| (column.as_sql(), column.as_type())).collect();
    tx.execute_typed(sql, &params).await.map_err(unavailable)
}

async fn write_heads(tx: &Transaction<'_>, head: &Head, records: &[Record]) -> Result<()> {
    let mut columns = vec![keys(records), Column::Bytes(Vec::new())];
    columns.extend(head.columns.iter().map(|column| Column::of(column.holds)));
    for record in records {
        let written = (head.write)(record)?;
        let cells = std::iter::once(Cell::Bytes(Some(written.record))).chain(written.cells);
        for (column, cell) in columns[1..].iter_mut().zip(cells) {
            column.push(cell)?;
        }
    }
    let (mut names, mut types) = ("key, record".to_owned(), "$1::bytea[], $2::bytea[]".to_owned());
    let mut again = "record = excluded.record".to_owned();
    for (at, column) in head.columns.iter().enumerate() {
        names.push_str(&format!(", {}", column.name));
        types.push_str(&format!(", ${}::{}", at + 3, Column::name_of_type(column.holds)));
        if column.again {
            again.push_str(&format!(", {0} = excluded.{0}", column.name));
        }
    }
    let sql = format!(
        "WITH n ({names}) AS (SELECT * FROM unnest({types}))
         INSERT INTO {} ({names}) SELECT {names} FROM n {} ON CONFLICT (key) DO UPDATE SET {again}",
        head.table, head.only
    );
    execute(tx, &sql, &columns).await.map(drop)
}

/// What is no head here: the other tables of the embedded store say something about heads, or nothing that these do not say.
async fn write_others(tx: &Transaction<'_>, table: &'static str, records: &[Record]) -> Result<()> {
    match table {
        "setup_link" | "forgotten" | "key_ring" | "seal_check" | "default_site" => {
            let names = all(records.iter().map(|_| table.as_bytes()));
            execute(
                tx,
                "INSERT INTO singles (key, record) SELECT * FROM unnest($1::bytea[], $2::bytea[])
                 ON CONFLICT (key) DO UPDATE SET record = excluded.record",
                &[names, values(records)],
            )
            .await
            .map(drop)
        }
        "user_grants" => name_grants(tx, records).await,
        "grant_uses" => {
            let used = records.iter().map(|(_, used)| decode::<Timestamp>("grant_uses", used));
            let used = used.map(|used| Ok(i64::try_from(used?.0).unwrap_or(i64::MAX))).collect::<Result<_>>()?;
            execute(
                tx,
                "UPDATE grants SET used = n.used FROM unnest($1::bytea[], $2::bigint[]) AS n (key, used)
                 WHERE grants.key = n.key",
                &[keys(records), Column::Numbers(used)],
            )
            .await
            .map(drop)
        }
        "forgetting" => forget_families(tx, records).await,
        "site_urls" => name_sites(tx, records).await,
        "user_groups" => fill_groups(tx, records).await,
        "roles" => give_roles(tx, records).await,
        "role_holders" => {
            // By whom and when, of roles that are held.
            execute(
                tx,
                "UPDATE role_holders SET record = n.record FROM unnest($1::bytea[], $2::bytea[]) AS n (key, record)
                 WHERE role_holders.key = n.key",
                &[keys(records), values(records)],
            )
            .await
            .map(drop)
        }
        _ => Ok(()),
    }
}

/// The one grant between a person and a client is the one that leads there.
async fn name_grants(tx: &Transaction<'_>, records: &[Record]) -> Result<()> {
    let [mut users, mut clients, mut ids] = [const { Vec::new() }; 3];
    for (place, id) in records {
        let (user, client) = place.split_at_checked(16).ok_or(StoreError::Corrupt { place: "user_grants" })?;
        users.push(Some(user.to_vec()));
        clients.push(Some(client.to_vec()));
        ids.push(Some(decode::<SiteId>("user_grants", id)?.as_bytes().to_vec()));
    }
    let columns = [ids, users, clients].map(Column::Bytes);
    execute(
        tx,
        "UPDATE grants SET user_id = n.user_id, client = n.client
         FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS n (key, user_id, client) WHERE grants.key = n.key",
        &columns,
    )
    .await
    .map(drop)
}

/// An order to forget a family that was not ended after all is what a crash left.
async fn forget_families(tx: &Transaction<'_>, records: &[Record]) -> Result<()> {
    // Of two orders for one family, the later.
    let mut orders = BTreeMap::new();
    for (order, _) in records {
        let (hour, family) = order.split_first_chunk().ok_or(StoreError::Corrupt { place: "forgetting" })?;
        let hour = i64::from(u32::from_be_bytes(*hour));
        orders.entry(family.to_vec()).and_modify(|known: &mut i64| *known = hour.max(*known)).or_insert(hour);
    }
    let families = all(orders.keys().map(Vec::as_slice));
    let hours = Column::Numbers(orders.into_values().collect());
    execute(
        tx,
        "UPDATE families SET forget = GREATEST(n.forget, families.forget)
         FROM unnest($1::bytea[], $2::bigint[]) AS n (key, forget)
         WHERE families.key = n.key AND get_byte(families.record, 1) <> 0",
        &[families, hours],
    )
    .await
    .map(drop)
}

/// A site has the URL that leads to it, as long as it says so itself.
async fn name_sites(tx: &Transaction<'_>, records: &[Record]) -> Result<()> {
    for (url, id) in records {
        let id: SiteId = decode("site_urls", id)?;
        let params = [(&id.as_bytes().as_slice() as &(dyn ToSql + Sync), Type::BYTEA)];
        let rows = tx.query_typed("SELECT record FROM sites WHERE key = $1", &params).await.map_err(unavailable)?;
        let Some(row) = rows.first() else { continue };
        let site: Site = decode("sites", row.try_get(0).map_err(unavailable)?)?;
        if site.url.as_deref().map(str::as_bytes) == Some(url) {
            let columns = [all([url.as_slice()].into_iter()), all([id.as_bytes().as_slice()].into_iter())];
            execute(tx, "UPDATE sites SET url = ($1::bytea[])[1] WHERE key = ($2::bytea[])[1]", &columns).await?;
        }
    }
    Ok(())
}

/// Whoever is in a group is in one that there is.
async fn fill_groups(tx: &Transaction<'_>, records: &[Record]) -> Result<()> {
    let [mut groups, mut users, mut sites] = [const { Vec::new() }; 3];
    for (place, ids) in records {
        let (user, site) = place.split_at_checked(16).ok_or(StoreError::Corrupt { place: "user_groups" })?;
        for id in decode::<Vec<GroupId>>("user_groups", ids)? {
            groups.push(Some(id.as_bytes().to_vec()));
            users.push(Some(user.to_vec()));
            sites.push(Some(site.to_vec()));
        }
    }
    execute(
        tx,
        "INSERT INTO group_members (group_id, user_id, site_id)
         SELECT n.group_id, n.user_id, n.site_id
         FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS n (group_id, user_id, site_id)
         JOIN groups ON groups.key = n.group_id AND groups.site_id = n.site_id
         ON CONFLICT DO NOTHING",
        &[groups, users, sites].map(Column::Bytes),
    )
    .await
    .map(drop)
}

/// Who holds which role is what `roles` says. By whom and when it was given comes later, and is never what decides.
async fn give_roles(tx: &Transaction<'_>, records: &[Record]) -> Result<()> {
    let unknown = encode(&GivenBy { by: Actor::Operator, at: Timestamp(0) })?;
    let [mut indexes, mut subjects, mut theres, mut names] = [const { Vec::new() }; 4];
    for (head, roles) in records {
        let (subject, there) =
            head.split_at_checked(RoleSubject::LENGTH).ok_or(StoreError::Corrupt { place: "roles" })?;
        let holder = RoleSubject::from_bytes(subject).ok_or(StoreError::Corrupt { place: "roles" })?;
        for role in decode::<Vec<String>>("roles", roles)? {
            indexes.push(Some(holder_key(there, &role, holder)));
            subjects.push(Some(subject.to_vec()));
            theres.push(Some(there.to_vec()));
            names.push(Some(role.into_bytes()));
        }
    }
    let mut columns = [indexes, subjects, theres, names].map(Column::Bytes).into_iter().collect::<Vec<_>>();
    columns.push(all([unknown.as_slice()].into_iter()));
    execute(
        tx,
        "INSERT INTO role_holders (key, record, subject, there, role)
         SELECT n.key, ($5::bytea[])[1], n.subject, n.there, n.role
         FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[]) AS n (key, subject, there, role)
         ON CONFLICT (key) DO NOTHING",
        &columns,
    )
    .await
    .map(drop)
}

/// Later events have later numbers than those that came in.
async fn number_after(tx: &Transaction<'_>, records: &[Record]) -> Result<()> {
    let mut next = 0;
    for (place, lines) in records {
        let number = place.last_chunk().ok_or(StoreError::Corrupt { place: "events" })?;
        let Lines(lines) = decode("events", lines)?;
        next = next.max(u64::from_be_bytes(*number).saturating_add(lines.lines().count() as u64));
    }
    go_on_from(tx, "event_numbers", i64::try_from(next).unwrap_or(i64::MAX)).await
}

/// Has a sequence give no number below `next` any more.
async fn go_on_from(tx: &Transaction<'_>, sequence: &str, next: i64) -> Result<()> {
    let sql = format!(
        "SELECT setval('{sequence}', $1, false) FROM {sequence} WHERE last_value < $1 OR (last_value = $1 AND is_called)"
    );
    let params = [(&next as &(dyn ToSql + Sync), Type::INT8)];
    tx.query_typed(&sql, &params).await.map(drop).map_err(unavailable)
}
