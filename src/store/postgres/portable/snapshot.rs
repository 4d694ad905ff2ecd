//! A snapshot: one transaction that reads everything as it was at one moment, each table through a cursor.

use std::collections::VecDeque;

use async_trait::async_trait;
use deadpool_postgres::{Object, Pool};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::access_token::AccessToken;
use crate::domain::id::{FamilyId, UserId};
use crate::domain::time::Timestamp;
use crate::store::kept::api_tokens::Place;
use crate::store::kept::keys::END;
use crate::store::kept::tables::TABLES;
use crate::store::kept::tokens::{KeptFamily, KeptToken, SpentCode};
use crate::store::kept::{ONLY, VERSION, decode, encode, key};
use crate::store::postgres::connections::unavailable;
use crate::store::postgres::portable::heads::{head_named, split_realm};
use crate::store::postgres::portable::import::AT_LENGTH;
use crate::store::postgres::swept;
use crate::store::{KEPT_FACTS, Record, Records, Result, Snapshot, StoreError};

/// How many records are read at once.
const CHUNK: usize = 1000;

/// The value of a table whose keys say everything.
const NOTHING: [u8; 1] = [VERSION];

/// A snapshot that is being read.
pub struct PostgresSnapshot {
    pool: Pool,
    state: State,
    /// The tables that are still to be read.
    tables: VecDeque<&'static str>,
}

enum State {
    /// Nothing was read: the moment is still to come.
    Before,
    /// On this connection, from the cursor of the first of the tables if it is open.
    Reading(Box<Object>, Cursor),
    /// There is nothing more, or nothing more that can be read.
    Over,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Open,
    Closed,
}

/// How a table of the embedded store is read.
struct Reading {
    sql: String,
    record: ReadRow,
}

/// The record of a table that a row is, if it is one.
type ReadRow = fn(&'static str, &Row) -> Result<Option<Record>>;

impl PostgresSnapshot {
    /// One that is still to be taken.
    pub fn of(pool: Pool) -> Self {
        Self { pool, state: State::Before, tables: TABLES.iter().map(|table| table.name).collect() }
    }

    async fn begin(&self) -> Result<Object> {
        let object = self.pool.get().await.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; {AT_LENGTH}");
        match object.batch_execute(&begin).await {
            Ok(()) => Ok(object),
            Err(error) => {
                let_go(object);
                Err(unavailable(error))
            }
        }
    }

    /// The next records of a table; none at its end, with which its cursor goes.
    async fn part(object: &Object, table: &'static str, cursor: Cursor) -> Result<Vec<Record>> {
        let reading = reading_of(table);
        if cursor == Cursor::Closed {
            let declare = format!("DECLARE carried NO SCROLL CURSOR FOR {}", reading.sql);
            object.batch_execute(&declare).await.map_err(unavailable)?;
        }
        loop {
            let fetch = format!("FETCH FORWARD {CHUNK} FROM carried");
            let rows = object.query_typed(&fetch, &[]).await.map_err(unavailable)?;
            let records = rows.iter().map(|row| (reading.record)(table, row)).filter_map(Result::transpose);
            let records = records.collect::<Result<Vec<_>>>()?;
            if rows.is_empty() {
                object.batch_execute("CLOSE carried").await.map_err(unavailable)?;
            }
            if rows.is_empty() || !records.is_empty() {
                return Ok(records);
            }
        }
    }
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    async fn next(&mut self) -> Result<Option<Records>> {
        if let State::Before = self.state {
            self.state = State::Reading(Box::new(self.begin().await?), Cursor::Closed);
        }
        while let Some(table) = self.tables.front().copied() {
            let State::Reading(object, cursor) = &mut self.state else { return Ok(None) };
            let records = Self::part(object, table, *cursor).await?;
            *cursor = if records.is_empty() { Cursor::Closed } else { Cursor::Open };
            if !records.is_empty() {
                return Ok(Some(Records { table: table.to_owned(), records }));
            }
            self.tables.pop_front();
        }
        if let State::Reading(object, _) = std::mem::replace(&mut self.state, State::Over) {
            match object.batch_execute("COMMIT").await {
                Ok(()) => drop(object),
                Err(_) => let_go(*object),
            }
        }
        Ok(None)
    }
}

// A transaction that was not read to its end ends with its connection.
impl Drop for PostgresSnapshot {
    fn drop(&mut self) {
        if let State::Reading(object, _) = std::mem::replace(&mut self.state, State::Over) {
            let_go(*object);
        }
    }
}

fn let_go(object: Object) {
    drop(Object::take(object));
}

/// How each table is read. Those that are no heads here follow from columns, in the order of the keys that they have there.
fn reading_of(table: &'static str) -> Reading {
    let (sql, record): (&str, ReadRow) = match table {
        "tokens" => ("SELECT key, record, client_number FROM tokens ORDER BY key", token),
        // What a sweep has passed is gone, whatever of it is still there.
        "families" => (concat!("SELECT key, record FROM families WHERE key >= ", swept!(), " ORDER BY key"), as_it_is),
        "events" => (
            "SELECT key, record FROM events
             WHERE key >= COALESCE((SELECT record FROM singles WHERE key = 'events_from'), '') ORDER BY key",
            as_it_is,
        ),
        "devices" | "assertions" | "rotations" => {
            return Reading { sql: format!("SELECT key FROM {table} ORDER BY key"), record: only_key };
        }
        "setup_link" | "forgotten" | "key_ring" | "seal_check" | "default_site" => {
            return Reading { sql: format!("SELECT record FROM singles WHERE key = '{table}'"), record: single };
        }
        "emails" => ("SELECT email, key FROM users ORDER BY email", to_id),
        "admins" => ("SELECT key FROM users WHERE is_admin ORDER BY key", only_key),
        "user_sessions" => ("SELECT user_id || key FROM sessions ORDER BY user_id, key", only_key),
        "guess_ends" => ("SELECT ends, key FROM guesses ORDER BY ends, key", by_hour),
        "user_grants" => {
            ("SELECT user_id || client, key FROM grants WHERE user_id <> '' ORDER BY user_id, client", to_id)
        }
        "client_grants" => {
            ("SELECT client || '\\x00'::bytea || key FROM grants WHERE user_id <> '' ORDER BY 1", only_key)
        }
        "grant_uses" => ("SELECT key, used FROM grants WHERE used IS NOT NULL ORDER BY key", grant_use),
        // A code that is still there says itself that it was spent.
        "spent_codes" => (
            concat!(
                "SELECT code, key, record FROM families WHERE code IS NOT NULL AND key >= ",
                swept!(),
                " AND NOT EXISTS (SELECT FROM codes WHERE substr(codes.key, 5) = families.code) ORDER BY code"
            ),
            spent_code,
        ),
        "withdrawn" => (
            concat!(
                "SELECT DISTINCT grant_id FROM families WHERE grant_id IS NOT NULL
                 AND NOT EXISTS (SELECT FROM grants WHERE grants.key = families.grant_id) AND key >= ",
                swept!(),
                " ORDER BY 1"
            ),
            only_key,
        ),
        "forgetting" => (
            concat!(
                "SELECT forget, key FROM families WHERE forget IS NOT NULL AND key >= ",
                swept!(),
                " ORDER BY forget, key"
            ),
            by_hour,
        ),
        "site_urls" => ("SELECT url, key FROM sites WHERE url IS NOT NULL ORDER BY url", to_id),
        "site_members" => ("SELECT site_id || substr(key, 1, 16) FROM members ORDER BY 1", only_key),
        "installed" => ("SELECT site_id || deployment, key FROM installations ORDER BY 1", to_id),
        "api_token_places" => ("SELECT token, key FROM api_tokens ORDER BY token", to_place),
        "container_keys" => ("SELECT token, key FROM container_tokens ORDER BY token", to_id),
        "activity" => {
            ("SELECT substr(key, 1, 16), array_agg(record ORDER BY key) FROM activity GROUP BY 1 ORDER BY 1", facts)
        }
        "group_names" => ("SELECT site_id || name, key FROM groups ORDER BY 1", to_id),
        "group_members" => ("SELECT group_id || user_id FROM group_members ORDER BY group_id, user_id", only_key),
        "user_groups" => (
            "SELECT user_id || site_id, array_agg(group_id ORDER BY group_id)
             FROM group_members GROUP BY user_id, site_id ORDER BY user_id, site_id",
            to_ids,
        ),
        "objects_beneath" => ("SELECT parent, key FROM objects WHERE parent IS NOT NULL ORDER BY parent, key", beneath),
        "roles" => (
            "SELECT subject || there, array_agg(role ORDER BY role)
             FROM role_holders GROUP BY subject, there ORDER BY subject, there",
            to_names,
        ),
        "roles_set" => (
            "SELECT there, array_agg(DISTINCT role ORDER BY role) FROM role_holders GROUP BY there ORDER BY there",
            to_names,
        ),
        "role_holders" => ("SELECT key, record FROM role_holders ORDER BY key", as_it_is),
        _ => {
            debug_assert!(head_named(table).is_some(), "{table} is read somehow");
            return Reading { sql: format!("SELECT key, record FROM {table} ORDER BY key"), record: as_it_is };
        }
    };
    Reading { sql: sql.to_owned(), record }
}

fn bytes(row: &Row, column: usize) -> Result<Vec<u8>> {
    row.try_get(column).map_err(unavailable)
}

fn many(row: &Row, column: usize) -> Result<Vec<Vec<u8>>> {
    row.try_get(column).map_err(unavailable)
}

fn number(row: &Row, column: usize) -> Result<i64> {
    row.try_get(column).map_err(unavailable)
}

fn as_it_is(_: &'static str, row: &Row) -> Result<Option<Record>> {
    Ok(Some((bytes(row, 0)?, bytes(row, 1)?)))
}

fn only_key(_: &'static str, row: &Row) -> Result<Option<Record>> {
    Ok(Some((bytes(row, 0)?, NOTHING.to_vec())))
}

fn single(_: &'static str, row: &Row) -> Result<Option<Record>> {
    Ok(Some((ONLY.as_bytes().to_vec(), bytes(row, 0)?)))
}

fn id(table: &'static str, bytes: &[u8]) -> Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|_| StoreError::Corrupt { place: table })
}

/// Every identifier of ours is kept as the UUID that it is.
fn to_id(table: &'static str, row: &Row) -> Result<Option<Record>> {
    Ok(Some((bytes(row, 0)?, encode(&id(table, &bytes(row, 1)?)?)?)))
}

fn to_ids(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let ids = many(row, 1)?.iter().map(|bytes| id(table, bytes)).collect::<Result<Vec<_>>>()?;
    Ok(Some((bytes(row, 0)?, encode(&ids)?)))
}

fn to_names(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let names = many(row, 1)?.into_iter().map(String::from_utf8).collect::<std::result::Result<Vec<_>, _>>();
    Ok(Some((bytes(row, 0)?, encode(&names.map_err(|_| StoreError::Corrupt { place: table })?)?)))
}

fn by_hour(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let hour = u32::try_from(number(row, 0)?).map_err(|_| StoreError::Corrupt { place: table })?;
    Ok(Some((key(&[&hour.to_be_bytes(), &bytes(row, 1)?]), NOTHING.to_vec())))
}

fn grant_use(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let used = u64::try_from(number(row, 1)?).map_err(|_| StoreError::Corrupt { place: table })?;
    Ok(Some((bytes(row, 0)?, encode(&Timestamp(used))?)))
}

fn token(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let client = bytes(row, 2)?.try_into().map(u32::from_be_bytes).map_err(|_| StoreError::Corrupt { place: table })?;
    let token: AccessToken = decode(table, &bytes(row, 1)?)?;
    Ok(Some((bytes(row, 0)?, encode(&KeptToken { client, token })?)))
}

fn spent_code(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let kept: KeptFamily = decode(table, &bytes(row, 2)?)?;
    let family = bytes(row, 1)?.try_into().map_err(|_| StoreError::Corrupt { place: table })?;
    let family = FamilyId::from_bytes(family);
    let Some(begun) = kept.into_begun() else { return Ok(None) };
    Ok(Some((bytes(row, 0)?, encode(&SpentCode { client_id: begun.client_id, family })?)))
}

fn to_place(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let place = bytes(row, 1)?;
    let (Some(user), Some(number)) = (place.first_chunk(), place.last_chunk()) else {
        return Err(StoreError::Corrupt { place: table });
    };
    let place = Place { user_id: UserId::from_bytes(*user), number: u16::from_be_bytes(*number) };
    Ok(Some((bytes(row, 0)?, encode(&place)?)))
}

/// What is kept of a person here in several rows, there in one record.
fn facts(table: &'static str, row: &Row) -> Result<Option<Record>> {
    let parts = many(row, 1)?.iter().map(|part| decode::<Vec<String>>(table, part)).collect::<Result<Vec<_>>>()?;
    let facts = parts.concat();
    let surplus = facts.len().saturating_sub(KEPT_FACTS);
    Ok(Some((bytes(row, 0)?, encode(&facts[surplus..])?)))
}

fn beneath(_: &'static str, row: &Row) -> Result<Option<Record>> {
    let (parent, object) = (bytes(row, 0)?, bytes(row, 1)?);
    let (_, place) = split_realm(&object)?;
    Ok(Some((key(&[&parent, END, place]), NOTHING.to_vec())))
}
