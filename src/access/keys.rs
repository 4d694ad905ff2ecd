//! The signing keys: what is due, rotate, retire, and to sign with the one whose turn it is.

use serde_json::{Map, Value};

use crate::authorization_server::AuthorizationServer;
use crate::domain::event::{Actor, Event};
use crate::domain::secret::Secret;
use crate::domain::signing_key::{KeyChange, KeyRing, KeyState, SignatureAlgorithm, SigningKey};
use crate::domain::time::{Lifetime, Timestamp};
use crate::secrets::seal::SealingKey;
use crate::secrets::signing::{self, SigningFailure};
use crate::store::StoreError;

/// Why nothing was done with a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no key of that name.
    #[error("there is no signing key {0}; `hallmark key list` names them")]
    Unknown(String),
    /// No key signs.
    #[error("no key signs")]
    NoneSigns,
    /// The key that signs is not RSA, which Connect wants.
    #[error(
        "the key that signs is {0}, and Connect apps want RS256: set keys.algorithm and rotate with `hallmark key rotate`"
    )]
    NotRsa(&'static str),
    /// A key was published before and has yet to sign.
    #[error("the key {0} is published already and has yet to sign")]
    AlreadyPublished(String),
    /// What is kept under the name of a key is not what was sealed.
    #[error("the private part of the signing key {0} cannot be opened; restore the store and its key from a backup")]
    Unsealed(String),
    /// The library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Does what is due: makes the first key, publishes the next one, lets it sign, removes what was kept long enough. The ring
/// as it is then.
///
/// # Errors
/// [`KeyError`] if the store or the library fails.
pub async fn advance(server: &AuthorizationServer) -> Result<KeyRing, KeyError> {
    let schedule = server.config.keys.schedule();
    change(server, None, |ring, now| {
        let mut changes = ring.advance(now, &schedule);
        if ring.wants_key(now, &schedule) {
            changes.extend(ring.publish(new_key(server, now)?, now));
        }
        Ok(changes)
    })
    .await
}

/// Publishes the next key before its time; it signs once it was published long enough.
///
/// # Errors
/// [`KeyError::AlreadyPublished`] if one waits already.
pub async fn rotate(server: &AuthorizationServer, by: Actor) -> Result<KeyRing, KeyError> {
    change(server, Some(by), |ring, now| match ring.next() {
        Some(next) => Err(KeyError::AlreadyPublished(next.kid.clone())),
        None => Ok(ring.publish(new_key(server, now)?, now)),
    })
    .await
}

/// Ends a key before its time. The one that signs is followed at once, by a new one if none waits, and is kept for what it
/// signed; any other is gone, and what it signed can no longer be verified.
///
/// # Errors
/// [`KeyError::Unknown`] if there is no such key.
pub async fn retire(server: &AuthorizationServer, kid: &str, by: Actor) -> Result<KeyRing, KeyError> {
    let schedule = server.config.keys.schedule();
    change(server, Some(by), |ring, now| {
        let mut changes = Vec::new();
        if ring.signing().is_some_and(|key| key.kid == kid) && ring.next().is_none() {
            changes.extend(ring.publish(new_key(server, now)?, now));
        }
        changes.extend(ring.retire(kid, now, &schedule).ok_or_else(|| KeyError::Unknown(kid.to_owned()))?);
        Ok(changes)
    })
    .await
}

/// A JWT of these claims, to which the moment, the end and, unless it is there, the issuer are added. It lives at most as long as its key is
/// kept. `kind` is its `typ`, which keeps it from being taken for another kind of JWT.
///
/// # Errors
/// [`KeyError`] if the store or the library fails, or the key cannot be opened.
pub async fn sign(
    server: &AuthorizationServer,
    kind: &str,
    mut claims: Map<String, Value>,
    lifetime: Lifetime,
) -> Result<String, KeyError> {
    let (now, key) = (server.now(), signing(server).await?);
    let private = open(&server.sealing, &key)?;
    claims.entry("iss").or_insert_with(|| server.config.issuer.url.as_str().into());
    claims.insert("iat".into(), now.0.into());
    claims.insert("exp".into(), (now + lifetime.min(server.config.keys.overlap)).0.into());
    Ok(signing::sign(key.algorithm, &key.kid, private.expose(), kind, &claims)?)
}

/// As [`sign`], with RSA, which is all that Connect apps verify.
///
/// # Errors
/// [`KeyError::NotRsa`] if another key signs.
pub async fn sign_rs256(
    server: &AuthorizationServer,
    claims: Map<String, Value>,
    lifetime: Lifetime,
) -> Result<String, KeyError> {
    let algorithm = signing(server).await?.algorithm;
    match algorithm {
        SignatureAlgorithm::RS256 => sign(server, "JWT", claims, lifetime).await,
        other => Err(KeyError::NotRsa(other.as_str())),
    }
}

/// The public part of the key that signs, a JSON Web Key, if it is RSA.
///
/// # Errors
/// [`KeyError`] if the store or the library fails.
pub async fn public_rs256(server: &AuthorizationServer) -> Result<Option<String>, KeyError> {
    let key = signing(server).await?;
    Ok((key.algorithm == SignatureAlgorithm::RS256).then_some(key.public))
}

/// The key whose turn it is; the first one is made where there is none.
async fn signing(server: &AuthorizationServer) -> Result<SigningKey, KeyError> {
    let mut ring = server.store.key_ring().await?;
    if ring.signing().is_none() {
        ring = advance(server).await?;
    }
    ring.signing().cloned().ok_or(KeyError::NoneSigns)
}

/// `ring`, whose private parts were sealed under `old` and are then under `new`.
///
/// # Errors
/// [`KeyError::Unsealed`] if one was not.
pub fn rewrap(ring: &KeyRing, old: &SealingKey, new: &SealingKey) -> Result<KeyRing, KeyError> {
    ring.resealed(|key| Ok(new.seal(context(&key.kid).as_bytes(), open(old, key)?.expose())))
}

fn open(sealing: &SealingKey, key: &SigningKey) -> Result<Secret<Vec<u8>>, KeyError> {
    let private = sealing.open(context(&key.kid).as_bytes(), &key.private).map(Secret::new);
    private.ok_or_else(|| KeyError::Unsealed(key.kid.clone()))
}

fn new_key(server: &AuthorizationServer, now: Timestamp) -> Result<SigningKey, KeyError> {
    let algorithm = server.config.keys.algorithm;
    let pair = signing::generate(algorithm)?;
    let private = server.sealing.seal(context(&pair.kid).as_bytes(), pair.private.expose());
    let state = KeyState::Published { since: now };
    Ok(SigningKey { kid: pair.kid, algorithm, public: pair.public, private, state })
}

/// What the private part of a key is sealed for.
fn context(kid: &str) -> String {
    format!("signing key {kid}")
}

/// Changes the ring until nobody came between, then tells what became of each key.
async fn change(
    server: &AuthorizationServer,
    by: Option<Actor>,
    decide: impl Fn(&mut KeyRing, Timestamp) -> Result<Vec<KeyChange>, KeyError>,
) -> Result<KeyRing, KeyError> {
    loop {
        let old = server.store.key_ring().await?;
        let mut new = old.clone();
        let changes = decide(&mut new, server.now())?;
        if changes.is_empty() {
            return Ok(old);
        }
        if server.store.replace_key_ring(&old, &new).await? {
            for change in changes {
                server.record(event(change, by)).await;
            }
            return Ok(new);
        }
    }
}

fn event(change: KeyChange, by: Option<Actor>) -> Event {
    match change {
        KeyChange::Published(kid) => Event::SigningKeyPublished { kid, by },
        KeyChange::Began(kid) => Event::SigningKeyBegan { kid, by },
        KeyChange::Retired(kid) => Event::SigningKeyRetired { kid, by },
        KeyChange::Removed(kid) => Event::SigningKeyRemoved { kid, by },
    }
}
