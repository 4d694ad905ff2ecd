//! The form of a refresh token: that of every token, but that its hour is its family's and that its secret begins with
//! twelve bytes that all refresh tokens of the family share. Their digest names the family, so that a token leads to its
//! family without an index, a used one as well, and whoever reads the store can make none that leads anywhere.
//!
//! The twenty bytes that follow are each token's own: who held an earlier one has 160 bits to guess.

use crate::domain::id::FamilyId;
use crate::domain::secret::TokenDigest;
use crate::domain::time::{Hour, Timestamp};
use crate::secrets::digest::{derive, name};
use crate::secrets::random;
use crate::secrets::token::{Minted, TokenKind, body, spell};

/// How many bytes of the secret are the family's.
const SHARED: usize = 12;

/// A refresh token as its client presented it, whether it was ever issued or not: its family tells.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// What the family knows it by.
    pub digest: TokenDigest,
    /// The family that it leads to.
    pub family: FamilyId,
    token: &'a str,
    hour: Hour,
    shared: [u8; SHARED],
}

/// The first refresh token of a new family, of which nothing outlives `ends`.
pub fn begin(ends: Timestamp) -> (FamilyId, Minted) {
    let (hour, secret) = (Hour::after(ends), random::secret_bytes());
    (FamilyId::of_hour(hour, name(&shared(&secret))), spell(TokenKind::Refresh, hour, secret))
}

/// Reads a refresh token; `None` if `token` is none.
pub fn read(token: &str) -> Option<Presented<'_>> {
    let body = body(TokenKind::Refresh, token)?;
    let shared = shared(&body.secret());
    let (hour, digest) = (body.hour(), body.digest());
    Some(Presented { digest, family: FamilyId::of_hour(hour, name(&shared)), token, hour, shared })
}

impl Presented<'_> {
    /// What is derived from this token, a salt and a label.
    pub fn derive(&self, salt: &[u8], label: &[u8]) -> [u8; 32] {
        derive(self.token, &[salt, label])
    }

    /// The refresh token of the same family whose own part is of that secret.
    pub fn successor(&self, mut secret: [u8; 32]) -> Minted {
        secret[..SHARED].copy_from_slice(&self.shared);
        spell(TokenKind::Refresh, self.hour, secret)
    }
}

fn shared(secret: &[u8; 32]) -> [u8; SHARED] {
    std::array::from_fn(|at| secret[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refresh_token_of_a_family_leads_to_it_and_no_other() {
        let (family, first) = begin(Timestamp(1_764_000_000));
        let presented = read(first.token.expose()).expect("a refresh token");
        assert_eq!((presented.family, presented.digest), (family, first.key.digest));

        let second = presented.successor([7; 32]);
        let again = read(second.token.expose()).expect("a refresh token");
        assert_eq!(again.family, family);
        assert_ne!(again.digest, first.key.digest);
        assert_ne!(begin(Timestamp(1_764_000_000)).0, family);
    }

    #[test]
    fn what_the_store_keeps_of_a_family_makes_no_token_that_leads_to_it() {
        let (family, first) = begin(Timestamp(1_764_000_000));
        let (_, name) = family.as_bytes().split_at(4);
        let mut secret = [7; 32];
        secret[..SHARED].copy_from_slice(&name[..SHARED]);
        let forged = spell(TokenKind::Refresh, Hour(first.key.hour), secret);
        assert_ne!(read(forged.token.expose()).map(|forged| forged.family), Some(family));
    }

    #[test]
    fn a_token_of_another_kind_or_mistyped_leads_nowhere() {
        let (_, first) = begin(Timestamp(1_764_000_000));
        assert!(read(&first.token.expose().replace("hmr_", "hma_")).is_none());
        assert!(read(&first.token.expose()[1..]).is_none());
        assert!(read("").is_none());
    }
}
