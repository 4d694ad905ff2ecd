//! Identifiers and secret bytes, from the operating system's generator by way of `rand`.

use std::time::Duration;

use crate::domain::id::{AppId, ContainerId, FamilyId, GrantId, GroupId, InstallationId, SiteId, UserId};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::secrets::digest::base64url;

/// 256 random bits: the secret part of every token.
pub fn secret_bytes() -> [u8; 32] {
    rand::random()
}

/// Some part of a time, for what is not to happen everywhere at once.
pub fn part_of(whole: Duration) -> Duration {
    whole.mul_f64(rand::random())
}

/// 128 random bits, for salts.
pub fn salt() -> [u8; 16] {
    rand::random()
}

/// A new secret for an installed app to share with this server: 384 random bits, in letters that any header takes.
pub fn shared_secret() -> Secret<String> {
    let bytes = Secret::new(rand::random::<[u8; 48]>());
    Secret::new(base64url(bytes.expose()))
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

/// A new group.
pub fn group_id() -> GroupId {
    GroupId::from_random(rand::random())
}

/// A new app.
pub fn app_id() -> AppId {
    AppId::from_random(rand::random())
}

/// A new installation.
pub fn installation_id() -> InstallationId {
    InstallationId::from_random(rand::random())
}

/// A new import source.
pub fn container_id() -> ContainerId {
    ContainerId::from_random(rand::random())
}

/// A new family, of which nothing outlives `ends`.
pub fn family_id(ends: Timestamp) -> FamilyId {
    FamilyId::new(ends, rand::random())
}

/// A name for a client that nobody named: 128 random bits in hexadecimal.
pub fn client_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// What a form says of itself, so that it does its work once however often it is sent: 128 random bits in hexadecimal.
pub fn form_value() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// A short name for one request, told to people who report an error.
pub fn request_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_secret_is_64_letters_and_never_the_same() {
        let (one, other) = (shared_secret(), shared_secret());
        assert_eq!(one.expose().len(), 64);
        assert!(one.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        assert_ne!(one.expose(), other.expose());
    }
}
