//! Statements: each has a name for whoever measures, says whether it may be sent again, and runs on a connection of the pool.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};

/// One statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'s> {
    /// The verb, for metrics and logs.
    pub name: &'static str,
    /// The text.
    pub sql: &'s str,
    /// What is done when it failed.
    pub kind: Kind,
}

/// Whether a statement may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing: it may.
    Reads,
    /// It must not: its outcome is unknown, and that is what the caller is told.
    Writes,
}

impl<'s> Statement<'s> {
    /// A statement that changes nothing.
    pub const fn reading(name: &'static str, sql: &'s str) -> Self {
        Self { name, sql, kind: Kind::Reads }
    }

    /// A statement that changes something.
    pub const fn writing(name: &'static str, sql: &'s str) -> Self {
        Self { name, sql, kind: Kind::Writes }
    }
}

/// What a statement is given, with the type that the database reads it as. It is told, so that no round trip asks for it.
#[derive(Clone, Copy)]
pub enum Param<'a> {
    /// Bytes.
    Bytes(&'a [u8]),
    /// Bytes, or NULL.
    Maybe(Option<&'a [u8]>),
    /// A number.
    Number(i64),
    /// A number, or NULL.
    MaybeNumber(Option<i64>),
    /// Yes or no.
    Truth(bool),
    /// Several.
    Many(&'a [&'a [u8]]),
    /// Several, each of which may be NULL.
    ManyMaybe(&'a [Option<&'a [u8]>]),
}

impl Param<'_> {
    /// How the database reads it.
    pub fn as_type(&self) -> Type {
        match self {
            Self::Bytes(_) | Self::Maybe(_) => Type::BYTEA,
            Self::Number(_) | Self::MaybeNumber(_) => Type::INT8,
            Self::Truth(_) => Type::BOOL,
            Self::Many(_) | Self::ManyMaybe(_) => Type::BYTEA_ARRAY,
        }
    }

    /// How the client writes it.
    pub fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Maybe(bytes) => bytes,
            Self::Number(number) => number,
            Self::MaybeNumber(number) => number,
            Self::Truth(truth) => truth,
            Self::Many(many) => many,
            Self::ManyMaybe(many) => many,
        }
    }
}

// What is kept is nobody's business who reads a log.
impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_type())
    }
}

/// How often what the database took back, to keep concurrent changes apart, is tried again.
pub const ATTEMPTS: u32 = 8;

/// How long to wait before the next attempt: longer each time, and for nobody as long as for another who also waits.
pub fn pause(attempt: u32) -> Duration {
    let longest = 1000 << attempt.min(6);
    Duration::from_micros(RandomState::new().build_hasher().finish() % longest)
}
