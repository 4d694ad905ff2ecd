//! Opening the store: its folder, then sled, then the question whether anything promised is missing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sled::Db;

use crate::store::sled::SledStore;
use crate::store::sled::committer::{Acknowledges, Committer, Health, last_cycle};
use crate::store::sled::folder::{Contents, Folder, unavailable};
use crate::store::sled::held::Held;
use crate::store::sled::table::{Table, failure};
use crate::store::sled::trail::Trail;
use crate::store::sled::upgrade;
use crate::store::sled::withdrawn::Pass;
use crate::store::{Result, StoreError};

/// What is damaged where sled does not say it.
pub const LOG: &str = "sled's log";

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Sled caches at most about so many MiB of pages.
    pub cache_mib: u64,
    /// While less than so many MiB of the disk are free, nothing is added; zero turns this off.
    pub free_space_mib: u64,
    /// When a verb answers.
    pub acknowledges: Acknowledges,
}

impl SledStore {
    /// Opens the store in `folder`, or makes one where nothing is, without an eye on the room on the disk. Sled caches at
    /// most about `cache_mib` MiB of pages.
    ///
    /// # Errors
    /// As [`SledStore::open_as`].
    pub fn open(folder: &Path, cache_mib: u64) -> Result<Self> {
        Self::open_as(folder, Opening { cache_mib, free_space_mib: 0, acknowledges: Acknowledges::WhenDurable })
    }

    /// Opens the store in `folder`, or makes one where nothing is.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if another process has the folder, [`StoreError::Format`] if it was not written by this
    /// version of this program, [`StoreError::Corrupt`] if it is damaged, [`StoreError::Unavailable`] otherwise.
    pub fn open_as(folder: &Path, opening: Opening) -> Result<Self> {
        let (folder, contents) = Folder::open(folder)?;
        match contents {
            Contents::Nothing => folder.begin().map_err(unavailable)?,
            Contents::Store | Contents::Earlier(_) => folder.require_whole()?,
        }
        without_panic(|| Self::open_sled(folder, contents, opening))
    }

    fn open_sled(folder: Folder, contents: Contents, opening: Opening) -> Result<Self> {
        let (witness, promised) = folder.witness()?;
        let db = open_database(&folder.sled(), opening.cache_mib)?;
        let meta = db.open_tree("meta").map_err(|error| failure("meta", error))?;
        if last_cycle(&meta).map_err(|error| failure("meta", error))? < promised {
            return Err(StoreError::Corrupt { place: "sled's log, the newest part of which is missing" });
        }
        if let Contents::Earlier(format) = contents {
            upgrade::renew(&db, format)?;
        }
        let health = Arc::<Health>::default();
        let events = Arc::new(Trail::open(Table::open(&db, "events", &health)?.of_endings())?);
        let how = (opening.free_space_mib, opening.acknowledges);
        let committer = Committer::start(meta, &folder.sled(), witness, Arc::clone(&events), Arc::clone(&health), how);
        let mut store = Self::with_trees(&db, &health, committer.map_err(unavailable)?, events, folder)?;
        match contents {
            Contents::Nothing => {
                db.flush().map_err(|error| failure(LOG, error))?;
                store.folder.complete().map_err(unavailable)?;
            }
            Contents::Earlier(_) => {
                db.flush().map_err(|error| failure(LOG, error))?;
                store.folder.renew().map_err(unavailable)?;
            }
            Contents::Store => {}
        }
        store.folder.is_open(&health);
        Ok(store)
    }

    fn with_trees(
        db: &Db,
        health: &Arc<Health>,
        committer: Committer,
        events: Arc<Trail>,
        folder: Folder,
    ) -> Result<Self> {
        Ok(Self {
            committer,
            registry: Held::open(db, "registry", health)?,
            identifiers: Held::open(db, "identifiers", health)?,
            scopes: Held::open(db, "scopes", health)?,
            users: Table::open(db, "users", health)?,
            emails: Table::open(db, "emails", health)?,
            admins: Table::open(db, "admins", health)?,
            sessions: Table::open(db, "sessions", health)?,
            user_sessions: Table::open(db, "user_sessions", health)?,
            devices: Table::open(db, "devices", health)?,
            guesses: Table::open(db, "guesses", health)?,
            guess_ends: Table::open(db, "guess_ends", health)?,
            links: Table::open(db, "links", health)?,
            setup_link: Table::open(db, "setup_link", health)?,
            pushed: Table::open(db, "pushed", health)?,
            transactions: Table::open(db, "transactions", health)?,
            assertions: Table::open(db, "assertions", health)?,
            forgotten: Table::open(db, "forgotten", health)?.of_endings(),
            grants: Table::open(db, "grants", health)?,
            user_grants: Table::open(db, "user_grants", health)?,
            client_grants: Table::open(db, "client_grants", health)?,
            grant_uses: Table::open(db, "grant_uses", health)?,
            codes: Table::open(db, "codes", health)?,
            spent_codes: Table::open(db, "spent_codes", health)?.of_endings(),
            tokens: Table::open(db, "tokens", health)?,
            families: Table::open(db, "families", health)?.of_endings(),
            withdrawn: Table::open(db, "withdrawn", health)?.of_endings(),
            pass: Pass::default(),
            forgetting: Table::open(db, "forgetting", health)?.of_endings(),
            rotations: Table::open(db, "rotations", health)?,
            events,
            sites: Held::open(db, "sites", health)?,
            default_site: Table::open(db, "default_site", health)?,
            site_urls: Held::open(db, "site_urls", health)?,
            members: Held::open(db, "members", health)?,
            site_members: Table::open(db, "site_members", health)?,
            apps: Held::open(db, "apps", health)?,
            deployed: Held::open(db, "deployed", health)?,
            versions: Table::open(db, "versions", health)?,
            installations: Held::open(db, "installations", health)?,
            installed: Held::open(db, "installed", health)?,
            installation_requests: Table::open(db, "installation_requests", health)?,
            api_tokens: Table::open(db, "api_tokens", health)?,
            api_token_places: Table::open(db, "api_token_places", health)?,
            token_uses: Table::open(db, "token_uses", health)?,
            containers: Held::open(db, "containers", health)?,
            container_tokens: Table::open(db, "container_tokens", health)?,
            container_keys: Table::open(db, "container_keys", health)?,
            groups: Held::open(db, "groups", health)?,
            group_names: Table::open(db, "group_names", health)?,
            group_members: Table::open(db, "group_members", health)?,
            user_groups: Table::open(db, "user_groups", health)?.of_endings(),
            access: Held::open(db, "access", health)?,
            objects: Table::open(db, "objects", health)?,
            objects_beneath: Table::open(db, "objects_beneath", health)?,
            roles: Table::open(db, "roles", health)?,
            role_holders: Table::open(db, "role_holders", health)?,
            roles_set: Held::open(db, "roles_set", health)?,
            activity: Table::open(db, "activity", health)?,
            key_ring: Table::open(db, "key_ring", health)?,
            seal_check: Table::open(db, "seal_check", health)?,
            naming: Mutex::new(()),
            binding: Mutex::new(()),
            db: db.clone(),
            preserving: Arc::clone(&health.preserving),
            folder,
        })
    }
}

/// Sled panics over some damaged files. A panic while it opens is an answer like any other: restore the backup.
pub fn without_panic<T>(open: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err(StoreError::Corrupt { place: LOG }))
}

/// Opens sled's files. Sled lets go of its lock a little after its database was dropped, and we hold the folder, so that
/// whoever has it still is about to go.
pub fn open_database(path: &Path, cache_mib: u64) -> Result<Db> {
    let mut patience = 100;
    loop {
        // By default sled flushes twice a second, which is soon enough for what may be lost, and that thread is also
        // the one that reclaims space.
        match sled::Config::new().path(path).cache_capacity(cache_mib.max(1).saturating_mul(1 << 20)).open() {
            Ok(db) => return Ok(db),
            Err(error) if !is_locked(&error) => return Err(failure(LOG, error)),
            Err(_) if patience == 0 => return Err(StoreError::Locked { owner: "a process that uses sled".into() }),
            Err(_) => patience -= 1,
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Sled tells of a lock only in words.
fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(io) if io.to_string().starts_with("could not acquire lock"))
}
