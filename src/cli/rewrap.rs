//! `key rewrap`: what is sealed in the store is sealed under another key-encryption key, in a new store that takes the place of
//! the old one in one step. Whatever interrupts it, the store is under one of both keys; asked again, it does what is left.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::access::connect::shared_secret;
use crate::access::keys;
use crate::authorization_server::{StartError, is_sealed_under, seal_check};
use crate::cli::answer::{Answer, CommandError};
use crate::cli::settings::Settings;
use crate::cli::{database, kek, store};
use crate::config::Config;
use crate::domain::installation::Installation;
use crate::secrets::seal::SealingKey;
use crate::store::sled::SledStore;
use crate::store::{Apps, Keys, Sites};

/// Seals under the key in the file `to`.
///
/// # Errors
/// [`CommandError`] says what was refused or failed; the store is then under the key that it was under.
pub async fn rewrap(settings: &Settings, to: &Path) -> Result<Answer, CommandError> {
    let config = &settings.config;
    let instead = "stop the servers, `hallmark store copy` it into a data folder, rewrap that, and copy it into an \
                   empty database";
    database::refuse(&config.store, "`hallmark key rewrap`", instead)?;
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

/// The installations that share a secret, as they are and as they are sealed under `new`.
async fn resealed_installations(
    store: &SledStore,
    old: &SealingKey,
    new: &SealingKey,
) -> Result<Vec<(Arc<Installation>, Installation)>, CommandError> {
    let mut resealed = Vec::new();
    for site in store.sites().await? {
        for installation in store.installations_on(site.id).await? {
            let Some(tenancy) = &installation.tenancy else { continue };
            let tenancy = shared_secret::rewrap(tenancy, installation.id, old, new)
                .map_err(|error| CommandError::integrity(error.to_string()))?;
            let changed = Installation { tenancy: Some(tenancy), ..Installation::clone(&installation) };
            resealed.push((installation, changed));
        }
    }
    Ok(resealed)
}

async fn reseal(config: &Config, store: SledStore, check: &[u8], new: &SealingKey) -> Result<(), CommandError> {
    let old = kek::sealing_key(config, &store).await?;
    if !is_sealed_under(&old, check) {
        return Err(StartError::OtherSealingKey.into());
    }
    let ring = store.key_ring().await?;
    let resealed = keys::rewrap(&ring, &old, new)?;
    let installations = resealed_installations(&store, &old, new).await?;
    let place = (config.store.folder.as_path(), config.store.cache_mib);
    store::write_anew(store, place, async |store| {
        let keys = ring.keys().is_empty() || store.replace_key_ring(&ring, &resealed).await?;
        let mut secrets = true;
        for (old, new) in &installations {
            secrets = store.change_installation(old, new).await? && secrets;
        }
        if keys && secrets && store.replace_seal_check(check, &seal_check(new)).await? {
            return Ok(());
        }
        Err(CommandError::failed("the new store does not hold what was copied; nothing was changed"))
    })
    .await
    .map(drop)
}
