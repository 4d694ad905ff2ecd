//! Heads: the tables whose records are the embedded store's, and the columns beside them, which follow from key and record.

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::domain::api_token::ApiToken;
use crate::domain::container::{Container, ContainerToken};
use crate::domain::grant::Grant;
use crate::domain::group::Group;
use crate::domain::guess::Guesses;
use crate::domain::installation::Installation;
use crate::domain::protected_object::ProtectedObject;
use crate::domain::session::Session;
use crate::domain::site::{Member, Site};
use crate::domain::time::Hour;
use crate::domain::user::{Standing, User};
use crate::store::kept::keys::{client_prefix, deployment_key, end_of_realm, place};
use crate::store::kept::registry::{KeptIdentifier, KeptScope, Registration};
use crate::store::kept::tokens::{KeptFamily, KeptToken};
use crate::store::kept::{decode, encode, key};
use crate::store::postgres::partitions::{
    ASSERTIONS, CODES, EVENTS, FAMILIES, PUSHED, Parted, ROTATIONS, TOKENS, TRANSACTIONS,
};
use crate::store::postgres::registry::deployment_of;
use crate::store::postgres::statement::Param;
use crate::store::postgres::tokens::columns;
use crate::store::{Record, Result, StoreError};

/// A table whose records are carried.
pub struct Head {
    /// Its name.
    pub table: &'static str,
    /// Its partitions, if it has any.
    pub parted: Option<Parted>,
    /// The columns beside key and record that follow from them.
    pub columns: &'static [Column],
    /// Which of the records `n` come in, as SQL; nothing where all do.
    pub only: &'static str,
    /// What is written for a record.
    pub write: fn(&Record) -> Result<Written>,
}

/// A column.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether a record that comes in again says it again; otherwise another table says it.
    pub again: bool,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Bytes.
    Bytes,
    /// A number.
    Number,
    /// Yes or no.
    Truth,
}

/// What is written for a record.
pub struct Written {
    /// The record, as it is kept here.
    pub record: Vec<u8>,
    /// What is in the columns, in their order.
    pub cells: Vec<Cell>,
}

/// What is in a column.
pub enum Cell {
    /// Bytes, or nothing.
    Bytes(Option<Vec<u8>>),
    /// A number.
    Number(i64),
    /// Yes or no.
    Truth(bool),
}

/// All of them.
pub const HEADS: &[Head] = &[
    head("registry", &[bytes("number"), bytes("deployment")], registration),
    head("identifiers", &[bytes("resource")], identifier),
    head("scopes", &[bytes("resource")], scope),
    head("users", &[bytes("email"), Column { holds: Holds::Truth, ..bytes("is_admin") }], user),
    head("sessions", &[bytes("user_id")], |record| {
        Ok(beside(record, [read::<Session>("sessions", record)?.user_id.as_bytes()]))
    }),
    head("devices", &[], plain),
    head("guesses", &[Column { holds: Holds::Number, ..bytes("ends") }], guesses),
    head("links", &[], plain),
    in_parts(PUSHED, &[], plain),
    in_parts(TRANSACTIONS, &[], plain),
    in_parts(ASSERTIONS, &[], plain),
    in_parts(CODES, &[], plain),
    in_parts(
        TOKENS,
        &[
            bytes("client_number"),
            bytes("client"),
            bytes("site_id"),
            bytes("user_id"),
            bytes("grant_id"),
            bytes("family"),
            bytes("installation"),
        ],
        token,
    ),
    in_parts(FAMILIES, &[bytes("grant_id"), bytes("code")], family),
    in_parts(ROTATIONS, &[], plain),
    // Nobody finds it by person or client before `user_grants` says that it is the one.
    head(
        "grants",
        &[Column { again: false, ..bytes("user_id") }, Column { again: false, ..bytes("client") }],
        unnamed_grant,
    ),
    in_parts(EVENTS, &[], plain),
    head("sites", &[bytes("workspace")], |record| {
        Ok(beside(record, [read::<Site>("sites", record)?.workspace_id.as_bytes()]))
    }),
    head("members", &[bytes("site_id")], |record| {
        Ok(beside(record, [read::<Member>("members", record)?.site_id.as_bytes()]))
    }),
    head("apps", &[], plain),
    head("deployed", &[], plain),
    head("versions", &[], plain),
    head("installations", &[bytes("site_id"), bytes("deployment")], installation),
    head("installation_requests", &[], plain),
    // Of two places that one request took at once, the earlier is the token's.
    Head {
        only: "WHERE NOT EXISTS (SELECT FROM api_tokens o WHERE o.token = n.token AND o.key <> n.key)
               AND NOT EXISTS (SELECT FROM n earlier WHERE earlier.token = n.token AND earlier.key < n.key)",
        ..head("api_tokens", &[bytes("token"), bytes("user_id"), bytes("site_id")], api_token)
    },
    head("token_uses", &[], plain),
    head("containers", &[bytes("site_id")], |record| {
        Ok(beside(record, [read::<Container>("containers", record)?.site_id.as_bytes()]))
    }),
    Head {
        only: "WHERE EXISTS (SELECT FROM containers c WHERE c.key = n.key)",
        ..head("container_tokens", &[bytes("token")], |record| {
            Ok(beside(record, [&read::<ContainerToken>("container_tokens", record)?.key.to_bytes()]))
        })
    },
    // All facts about a person in one row, before those that get a number here.
    head("activity", &[], plain),
    head("groups", &[bytes("site_id"), bytes("name")], group),
    head("access", &[bytes("digest")], |record| Ok(beside(record, [&digest_of(&record.1)]))),
    head("objects", &[bytes("parent")], object),
];

/// What is kept here besides heads.
pub const OTHERS: [&str; 3] = ["singles", "group_members", "role_holders"];

/// The head of that name.
pub fn head_named(table: &str) -> Option<&'static Head> {
    HEADS.iter().find(|head| head.table == table)
}

const fn head(table: &'static str, columns: &'static [Column], write: fn(&Record) -> Result<Written>) -> Head {
    Head { table, parted: None, columns, only: "", write }
}

const fn in_parts(parted: Parted, columns: &'static [Column], write: fn(&Record) -> Result<Written>) -> Head {
    Head { parted: Some(parted), ..head(parted.table, columns, write) }
}

const fn bytes(name: &'static str) -> Column {
    Column { name, holds: Holds::Bytes, again: true }
}

/// What tells a declaration from every other.
pub fn digest_of(record: &[u8]) -> [u8; 32] {
    Sha256::digest(record).into()
}

/// The realm with which the key of an object begins, and the object in it.
pub fn split_realm(key: &[u8]) -> Result<(&[u8], &[u8])> {
    end_of_realm(key).map(|end| key.split_at(end)).ok_or(StoreError::Corrupt { place: "objects" })
}

fn read<V: DeserializeOwned>(place: &'static str, (_, record): &Record) -> Result<V> {
    decode(place, record)
}

fn plain(record: &Record) -> Result<Written> {
    Ok(beside::<0, 0>(record, []))
}

fn beside<const N: usize, const L: usize>(record: &Record, cells: [&[u8; L]; N]) -> Written {
    let cells = cells.into_iter().map(|cell| Cell::Bytes(Some(cell.to_vec()))).collect();
    Written { record: record.1.clone(), cells }
}

fn some(bytes: &[u8]) -> Cell {
    Cell::Bytes(Some(bytes.to_vec()))
}

fn registration(record: &Record) -> Result<Written> {
    let registration: Registration = read("registry", record)?;
    let cells = vec![some(&registration.number.to_be_bytes()), Cell::Bytes(deployment_of(&registration))];
    Ok(Written { record: record.1.clone(), cells })
}

fn identifier(record: &Record) -> Result<Written> {
    let kept: KeptIdentifier = read("identifiers", record)?;
    Ok(Written { record: record.1.clone(), cells: vec![some(kept.resource.as_str().as_bytes())] })
}

fn scope(record: &Record) -> Result<Written> {
    let kept: KeptScope = read("scopes", record)?;
    Ok(Written { record: record.1.clone(), cells: vec![some(kept.entry.resource.as_str().as_bytes())] })
}

fn user(record: &Record) -> Result<Written> {
    let user: User = read("users", record)?;
    let cells = vec![some(user.email.as_str().as_bytes()), Cell::Truth(user.standing == Standing::Admin)];
    Ok(Written { record: record.1.clone(), cells })
}

fn guesses(record: &Record) -> Result<Written> {
    let guesses: Guesses = read("guesses", record)?;
    let ends = Cell::Number(i64::from(Hour::after(guesses.over()).0));
    Ok(Written { record: record.1.clone(), cells: vec![ends] })
}

/// The number of the registration is a column here, so that the record is the token alone.
fn token(record: &Record) -> Result<Written> {
    let KeptToken { client, token } = read("tokens", record)?;
    let mut cells = vec![some(&client.to_be_bytes())];
    for param in columns(&token) {
        cells.push(match param {
            Param::Bytes(bytes) => some(bytes),
            Param::Maybe(bytes) => Cell::Bytes(bytes.map(<[u8]>::to_vec)),
            _ => return Err(StoreError::Corrupt { place: "tokens" }),
        });
    }
    Ok(Written { record: encode(&token)?, cells })
}

fn family(record: &Record) -> Result<Written> {
    let kept: KeptFamily = read("families", record)?;
    let begun = kept.begun();
    let grant = begun.map(|family| family.grant_id.as_bytes().to_vec());
    let code = begun.map(|family| family.code.digest.0.to_vec());
    Ok(Written { record: record.1.clone(), cells: vec![Cell::Bytes(grant), Cell::Bytes(code)] })
}

fn unnamed_grant(record: &Record) -> Result<Written> {
    let grant: Grant = read("grants", record)?;
    let name = key(&[&client_prefix(&grant.client_id), grant.id.as_bytes()]);
    Ok(Written { record: record.1.clone(), cells: vec![some(&[]), Cell::Bytes(Some(name))] })
}

fn installation(record: &Record) -> Result<Written> {
    let installation: Installation = read("installations", record)?;
    let deployment = Cell::Bytes(Some(deployment_key(installation.deployment)));
    Ok(Written { record: record.1.clone(), cells: vec![some(installation.site_id.as_bytes()), deployment] })
}

fn api_token(record: &Record) -> Result<Written> {
    let token: ApiToken = read("api_tokens", record)?;
    let site = token.site_id.map(|site| site.as_bytes().to_vec());
    let cells = vec![some(&token.key.to_bytes()), some(token.user_id.as_bytes()), Cell::Bytes(site)];
    Ok(Written { record: record.1.clone(), cells })
}

fn group(record: &Record) -> Result<Written> {
    let group: Group = read("groups", record)?;
    let name = group.name.as_str().to_lowercase();
    Ok(Written { record: record.1.clone(), cells: vec![some(group.site_id.as_bytes()), some(name.as_bytes())] })
}

fn object(record: &Record) -> Result<Written> {
    let object: ProtectedObject = read("objects", record)?;
    let (realm, _) = split_realm(&record.0)?;
    let parent = object.parent.as_ref().map(|parent| key(&[realm, &place(parent)]));
    Ok(Written { record: record.1.clone(), cells: vec![Cell::Bytes(parent)] })
}
