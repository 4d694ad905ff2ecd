//! `key rewrap`: what is sealed in the store is sealed under another key-encryption key, in a new store that takes the place of
//! the old one in one step. Whatever interrupts it, the store is under one of both keys; asked again, it does what is left.

use std::path::Path;

use serde_json::json;

use crate::access::keys;
use crate::authorization_server::{StartError, is_sealed_under, seal_check};
use crate::cli::answer::{Answer, CommandError};
use crate::cli::settings::Settings;
use crate::cli::{kek, store};
use crate::config::Config;
use crate::secrets::seal::SealingKey;
use crate::store::Keys;
use crate::store::sled::SledStore;

/// Seals under the key in the file `to`.
///
/// # Errors
/// [`CommandError`] says what was refused or failed; the store is then under the key that it was under.
pub async fn rewrap(settings: &Settings, to: &Path) -> Result<Answer, CommandError> {
    let config = &settings.config;
    let new = kek::of_file(to)?;
    let store = store::open(settings)?;
    let Some(check) = store.seal_check().await? else {
        return Err(CommandError::failed("nothing was sealed here yet; name the file of the key with keys.kek_file"));
    };
    if is_sealed_under(&new, &check) {
        store.close().await?;
    } else {
        reseal(config, store, &check, &new).await?;
    }
    // Only now: until the step the former key was the one that opens the store.
    let left = kek::settle(config, to)?;
    let answer = Answer::new(
        format!("everything that is sealed is sealed under the key in {}", to.display()),
        json!({ "sealed_under": to }),
    )
    .warn("a backup that was made before needs the former key: keep it as long as that backup");
    Ok(match left {
        None => answer,
        Some(place) => {
            answer.warn(format!("before the server starts, put {} in the place of {}", to.display(), place.display()))
        }
    })
}

async fn reseal(config: &Config, store: SledStore, check: &[u8], new: &SealingKey) -> Result<(), CommandError> {
    let old = kek::sealing_key(config, &store).await?;
    if !is_sealed_under(&old, check) {
        return Err(StartError::OtherSealingKey.into());
    }
    let ring = store.key_ring().await?;
    let resealed = keys::rewrap(&ring, &old, new)?;
    let place = (config.store.folder.as_path(), config.store.cache_mib);
    store::write_anew(store, place, async |store| {
        let keys = ring.keys().is_empty() || store.replace_key_ring(&ring, &resealed).await?;
        if keys && store.replace_seal_check(check, &seal_check(new)).await? {
            return Ok(());
        }
        Err(CommandError::failed("the new store does not hold what was copied; nothing was changed"))
    })
    .await
    .map(drop)
}
