//! A server that acknowledges before anything is durable, so that `scripts/crash` can be shown to find such a one out. It
//! is no part of the product: the command line cannot be told to do this.
//!
//! ```sh
//! scripts/crash --forgetful
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hallmark::authorization_server::{AuthorizationServer, Clock};
use hallmark::config::Config;
use hallmark::front::{Front, Settings};
use hallmark::launch;
use hallmark::secrets::seal::SealingKey;
use hallmark::store::sled::{Acknowledges, Opening, SledStore};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[rocket::main]
async fn main() -> Result<(), Fault> {
    let folder: PathBuf = std::env::args_os().nth(2).ok_or("usage: forgetful --data FOLDER")?.into();
    let figment = rocket::Config::figment();
    let mut config = Config::read(&figment)?;
    config.store.folder.clone_from(&folder);

    let opening = Opening { cache_mib: 128, free_space_mib: 0, acknowledges: Acknowledges::AtOnce };
    let store = Arc::new(SledStore::open_as(&folder, opening)?);
    let server = AuthorizationServer::new(config, store, sealing_key(&folder)?, Clock::System).await?;
    let server = Arc::new(server);
    let port: u16 = figment.extract_inner("port")?;
    let settings = Settings::of(&server.config);
    let front = Front::bind(launch::rocket(server, figment), ("127.0.0.1", port), settings).await?;
    front.serve(std::future::pending()).await;
    Ok(())
}

/// The key that the command line made when it filled the folder.
fn sealing_key(folder: &Path) -> Result<SealingKey, Fault> {
    let text = std::fs::read_to_string(folder.join("kek"))?;
    let mut key = [0; 32];
    for (place, digits) in key.iter_mut().zip(text.trim().as_bytes().chunks(2)) {
        *place = u8::from_str_radix(std::str::from_utf8(digits)?, 16)?;
    }
    Ok(SealingKey::new(key))
}
