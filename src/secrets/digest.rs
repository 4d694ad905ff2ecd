//! What is kept in place of a secret: SHA-256, and HMAC-SHA-256 for what is derived from one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256};

use crate::domain::secret::Digest;

/// SHA-256 of `secret`. Fast on purpose: what is hashed has 256 random bits, so a slow hash would protect nothing.
pub fn digest(secret: &str) -> Digest {
    Digest(Sha256::digest(secret.as_bytes()).into())
}

/// What something is called that is found by a secret of at least 96 random bits: half of its SHA-256.
pub fn name(secret: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(secret).into();
    std::array::from_fn(|at| digest[at])
}

/// HMAC-SHA-256 under `key` of the parts, each preceded by its length so that no two lists of parts collide.
pub fn derive(key: &str, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes a key of any length, so this cannot fail; an empty mac would only fail to match.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// BASE64URL without padding, as JOSE and PKCE write bytes.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes that [`base64url`] wrote as `text`; none if it wrote no such text.
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
