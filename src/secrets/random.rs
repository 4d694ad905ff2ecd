//! Identifiers and secret bytes, from the operating system's generator by way of `rand`.

use crate::domain::id::{AppId, FamilyId, GrantId, InstallationId, SiteId, UserId};
use crate::domain::time::Timestamp;

/// 256 random bits: the secret part of every token.
pub fn secret_bytes() -> [u8; 32] {
    rand::random()
}

/// 128 random bits, for salts.
pub fn salt() -> [u8; 16] {
    rand::random()
}

/// A new person.
pub fn user_id() -> UserId {
    UserId::from_random(rand::random())
}

/// A new grant.
pub fn grant_id() -> GrantId {
    GrantId::from_random(rand::random())
}

/// A new site or workspace.
pub fn site_id() -> SiteId {
    SiteId::from_random(rand::random())
}

/// A new app.
pub fn app_id() -> AppId {
    AppId::from_random(rand::random())
}

/// A new installation.
pub fn installation_id() -> InstallationId {
    InstallationId::from_random(rand::random())
}

/// A new family, of which nothing outlives `ends`.
pub fn family_id(ends: Timestamp) -> FamilyId {
    FamilyId::new(ends, rand::random())
}

/// A name for a client that nobody named: 128 random bits in hexadecimal.
pub fn client_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A short name for one request, told to people who report an error.
pub fn request_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
