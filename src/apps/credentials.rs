//! How a client or a protected resource proves who it is: a secret, a key set, or not at all. Secrets are kept as digests.

use crate::apps::RegistryError;
use crate::domain::client::Credentials;
use crate::domain::secret::{Digest, Secret};
use crate::domain::time::Timestamp;
use crate::secrets::assertion;
use crate::secrets::digest::digest;
use crate::secrets::token::{TokenKind, mint};

const MAX_BYTES: usize = 512;

/// 22 characters of base64 hold 128 bits; a shorter secret may be guessed from its digest.
const LONG_ENOUGH: usize = 22;

/// How something new will authenticate.
#[derive(Clone)]
pub enum NewAuthentication {
    /// Not at all.
    Public,
    /// With this secret, or one that this server makes.
    Secret(Option<String>),
    /// With the keys of this JSON Web Key Set.
    KeySet(String),
}

impl NewAuthentication {
    /// What is kept, and the secret if one was made.
    pub(super) fn establish(self, now: Timestamp) -> Result<(Credentials, Option<Secret<String>>), RegistryError> {
        match self {
            NewAuthentication::Public => Ok((Credentials::Public, None)),
            NewAuthentication::Secret(Some(given)) => Ok((none().with_secret(digest_of(&given)?, now), None)),
            NewAuthentication::Secret(None) => {
                let made = make();
                Ok((none().with_secret(digest(made.expose()), now), Some(made)))
            }
            NewAuthentication::KeySet(json) => {
                let keys = assertion::read_key_set(&json).map_err(RegistryError::KeySet)?;
                Ok((Credentials::PrivateKeyJwt(keys), None))
            }
        }
    }
}

/// Whether a chosen secret is too short to be random enough, which is its owner's risk and worth a word.
pub fn is_guessable(secret: &str) -> bool {
    secret.chars().count() < LONG_ENOUGH
}

/// A new random secret.
pub(super) fn make() -> Secret<String> {
    // It never ends by itself, so it names no hour.
    mint(TokenKind::ClientSecret, Timestamp(0)).token
}

/// The digest of a chosen secret.
pub(super) fn digest_of(secret: &str) -> Result<Digest, RegistryError> {
    let short = (1..=MAX_BYTES).contains(&secret.len());
    if short && !secret.chars().any(char::is_control) { Ok(digest(secret)) } else { Err(RegistryError::Secret) }
}

fn none() -> Credentials {
    Credentials::Secrets(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_secret_is_told_once_and_kept_as_a_digest() {
        let (credentials, made) = NewAuthentication::Secret(None).establish(Timestamp(1)).expect("credentials");
        let made = made.expect("a secret");
        assert!(made.expose().starts_with("hmk_") && !is_guessable(made.expose()));
        assert!(credentials.accepts(&digest(made.expose())));
    }

    #[test]
    fn a_chosen_secret_is_one_line_of_bounded_length() {
        for bad in ["", "a\nb", &"x".repeat(513)] {
            assert!(NewAuthentication::Secret(Some(bad.into())).establish(Timestamp(1)).is_err(), "{bad:?}");
        }
        let (credentials, made) =
            NewAuthentication::Secret(Some("hunter2 with spaces".into())).establish(Timestamp(1)).expect("credentials");
        assert!(made.is_none() && credentials.accepts(&digest("hunter2 with spaces")));
        assert!(is_guessable("hunter2 with spaces"));
    }
}
