//! `Secret<T>`: never printed, wiped when dropped. Digest: what is kept in its place, compared in constant time.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::domain::time::Hour;

/// A value that must not reach a log, a page or a file: it has no `Display`, no `Debug` and no `Serialize`.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Keeps `value` from being printed.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, where it is really meant to leave: an answer to its owner, a hash function.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// SHA-256 of a secret with at least 256 random bits, or of a client secret an operator chose.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// What a token is known by: the first 144 bits of its SHA-256. Nobody finds another token for so many, and with its hour it
/// is so short that the embedded store keeps it in its place and not behind a pointer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TokenDigest(pub [u8; 18]);

impl From<Digest> for TokenDigest {
    fn from(whole: Digest) -> Self {
        Self(std::array::from_fn(|at| whole.0[at]))
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenDigest {}

impl Hash for TokenDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Where a store keeps what belongs to a token: the hour the token names, then its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TokenKey {
    /// The expiry hour, read from the token; tampering with it only misses.
    pub hour: u32,
    /// The digest of the whole token string.
    pub digest: TokenDigest,
}

impl TokenKey {
    /// How many bytes a key has.
    pub const LENGTH: usize = 22;

    /// The bytes of the key, which sort by expiry.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut key = [0; Self::LENGTH];
        key[..4].copy_from_slice(&Hour(self.hour).to_be_bytes());
        key[4..].copy_from_slice(&self.digest.0);
        key
    }

    /// The key that `to_bytes` gave these bytes for; `None` if they are not so many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hour, digest) = bytes.split_first_chunk::<4>()?;
        Some(Self { hour: u32::from_be_bytes(*hour), digest: TokenDigest(digest.try_into().ok()?) })
    }
}
