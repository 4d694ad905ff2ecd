//! The key set: the public parts of every signing key (RFC 7517 section 5).

use serde::Serialize;
use serde_json::Value;

use crate::authorization_server::AuthorizationServer;
use crate::store::StoreError;

/// A JSON Web Key Set.
#[derive(Serialize)]
pub struct KeySet {
    keys: Vec<Value>,
}

/// The keys that signed what may still be alive, the one that signs, and the one that will.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn key_set(server: &AuthorizationServer) -> Result<KeySet, StoreError> {
    let ring = server.store.key_ring().await?;
    let public = |text: &String| serde_json::from_str(text).map_err(|_| StoreError::Corrupt { place: "key_ring" });
    Ok(KeySet { keys: ring.keys().iter().map(|key| public(&key.public)).collect::<Result<_, _>>()? })
}
