//! From a passphrase to a key, by argon2id (RFC 9106): slow on purpose, since a passphrase can be guessed.

use argon2::{Algorithm, Argon2, Params, Version};

use crate::domain::secret::Secret;
use crate::secrets::random;
use crate::secrets::seal::SealingKey;

/// The shortest passphrase, in characters.
pub const MIN_CHARS: usize = 12;

/// The most that a file may ask for, so that a forged one cannot exhaust this machine: 1 GiB, 16 passes, 16 lanes.
const MOST: (u32, u32, u32) = (1 << 20, 16, 16);

/// How a key was made of a passphrase. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretching {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// What makes the same passphrase another key.
    pub salt: [u8; 16],
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unstretched {
    /// Fewer than 12 characters.
    #[error("a passphrase has at least {MIN_CHARS} characters")]
    TooShort,
    /// Costs that argon2 does not take, or that are out of proportion.
    #[error("the cost of the passphrase is out of range")]
    Cost,
}

impl Stretching {
    /// The second recommendation of RFC 9106 section 4, with a new salt.
    pub fn new() -> Self {
        Self { memory_kib: 64 << 10, iterations: 3, parallelism: 4, salt: random::salt() }
    }

    /// The key that this makes of `passphrase`.
    ///
    /// # Errors
    /// [`Unstretched`] if the passphrase is too short or the cost out of range.
    pub fn key(&self, passphrase: &Secret<String>) -> Result<SealingKey, Unstretched> {
        if passphrase.expose().chars().count() < MIN_CHARS {
            return Err(Unstretched::TooShort);
        }
        if self.memory_kib > MOST.0 || self.iterations > MOST.1 || self.parallelism > MOST.2 {
            return Err(Unstretched::Cost);
        }
        let params = Params::new(self.memory_kib, self.iterations, self.parallelism, Some(32));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| Unstretched::Cost)?);
        let mut key = [0; 32];
        argon2
            .hash_password_into(passphrase.expose().as_bytes(), &self.salt, &mut key)
            .map_err(|_| Unstretched::Cost)?;
        Ok(SealingKey::new(key))
    }
}

impl Default for Stretching {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn the_same_passphrase_and_salt_make_the_same_key_and_nothing_else_does() {
        let stretching = Stretching { memory_kib: 64, iterations: 1, parallelism: 1, salt: [1; 16] };
        let key =
            |stretching: Stretching, text: &str| stretching.key(&passphrase(text)).unwrap_or_else(|e| panic!("{e}"));
        let sealed = key(stretching, "correct horse").seal(b"", b"text");
        assert!(key(stretching, "correct horse").open(b"", &sealed).is_some());
        assert!(key(stretching, "correct house").open(b"", &sealed).is_none());
        assert!(key(Stretching { salt: [2; 16], ..stretching }, "correct horse").open(b"", &sealed).is_none());
    }

    #[test]
    fn a_short_passphrase_and_a_cost_out_of_proportion_are_refused() {
        let stretching = Stretching::new();
        assert_eq!(stretching.key(&passphrase("short")).err(), Some(Unstretched::TooShort));
        let greedy = Stretching { memory_kib: u32::MAX, ..stretching };
        assert_eq!(greedy.key(&passphrase("correct horse")).err(), Some(Unstretched::Cost));
    }
}
