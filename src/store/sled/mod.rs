//! The embedded store: every noun on sled, for one process.
//!
//! Five rules hold everywhere here. Nothing calls `flush_async`. One thread makes writes durable (`committer`), and a
//! verb answers after its next full cycle. Nothing on a serving path uses a transaction or a batch, which would stop
//! every reader: a verb decides by compare-and-swap on one head key and orders its other writes around that, so that a
//! crash between any two leaves nothing half-live (what survives a crash is a prefix of what was written). Trees are
//! named, and the folder says which format they have. Whatever sled does while it opens becomes an error.

mod activity;
mod api_tokens;
mod apps;
mod checksum;
mod clients;
mod committer;
mod condensed;
mod containers;
mod copying;
mod events;
mod folder;
mod grants;
mod groups;
mod guesses;
mod held;
mod keys;
mod links;
mod log;
mod measured;
mod open;
mod registry;
mod replacement;
mod requests;
mod resources;
mod roles;
mod sessions;
mod sites;
mod snapshot;
mod space;
mod sweep;
mod table;
mod tokens;
mod trail;
mod upgrade;
mod users;
mod withdrawn;

pub use committer::Acknowledges;
pub use folder::FORMAT;
pub use open::Opening;
pub use replacement::{Former, Occupant, Replacement, disk_usage, holds_store};
pub use upgrade::{CREDENTIALS_SINCE, renewed};

use std::sync::{Arc, Mutex};

use sled::Db;

use crate::domain::api_token::{ApiToken, TokenUse};
use crate::domain::app::{App, AppVersion, Deployed};
use crate::domain::authorization_code::CodeState;
use crate::domain::authorization_request::{PushedRequest, Transaction};
use crate::domain::container::{Container, ContainerToken};
use crate::domain::grant::Grant;
use crate::domain::group::Group;
use crate::domain::guess::Guesses;
use crate::domain::id::{ContainerId, GrantId, GroupId, InstallationId, SiteId, UserId};
use crate::domain::installation::{Installation, InstallationRequest};
use crate::domain::link::OneTimeLink;
use crate::domain::protected_object::ProtectedObject;
use crate::domain::secret::TokenKey;
use crate::domain::session::Session;
use crate::domain::signing_key::KeyRing;
use crate::domain::site::{Member, Site};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::store::Result;
use crate::store::kept::api_tokens::Place;
use crate::store::kept::registry::{KeptIdentifier, KeptScope, Registration};
use crate::store::kept::roles::{GivenBy, KeptAccess};
use crate::store::kept::tokens::{KeptFamily, KeptToken, SpentCode};
use crate::store::sled::committer::Committer;
use crate::store::sled::folder::Folder;
use crate::store::sled::held::Held;
use crate::store::sled::snapshot::Preserving;
use crate::store::sled::table::Table;
use crate::store::sled::trail::Trail;
use crate::store::sled::withdrawn::Pass;

/// The embedded store. Fields are dropped from first to last: the thread, the trees, then the lock on the folder.
pub struct SledStore {
    committer: Committer,

    /// `ClientId`: clients and protected resources, which share one name space.
    registry: Held<Registration>,
    /// Resource identifier: whose it is.
    identifiers: Held<KeptIdentifier>,
    /// Scope token: what the catalogue knows of it.
    scopes: Held<KeptScope>,

    /// `UserId`.
    users: Table<User>,
    /// E-mail address: whose it is.
    emails: Table<UserId>,
    /// `UserId` of everybody who is an admin.
    admins: Table<()>,

    /// `TokenKey` of the cookie.
    sessions: Table<Session>,
    /// `UserId`, `TokenKey` of the cookie.
    user_sessions: Table<()>,
    /// `TokenKey` of the cookie, `UserId`.
    devices: Table<()>,

    /// Digest of whose guesses they are and where from.
    guesses: Table<Guesses>,
    /// Hour by which a count is over, its digest.
    guess_ends: Table<()>,

    /// `TokenKey`.
    links: Table<OneTimeLink>,
    /// One key: the one link for set-up that is good.
    setup_link: Table<TokenKey>,

    /// `TokenKey`.
    pushed: Table<PushedRequest>,
    /// `TokenKey`.
    transactions: Table<Transaction>,
    /// Hour, digest of the assertion.
    assertions: Table<()>,
    /// One key: the last hour of which used assertions were forgotten.
    forgotten: Table<u32>,

    /// `GrantId`: the head that codes, families and tokens hang from.
    grants: Table<Grant>,
    /// `UserId`, `ClientId`: the one grant there is between them.
    user_grants: Table<GrantId>,
    /// `ClientId`, a zero byte, `GrantId`.
    client_grants: Table<()>,
    /// `GrantId`: when it was last used.
    grant_uses: Table<Timestamp>,

    /// `TokenKey`.
    codes: Table<CodeState>,
    /// Digest of a spent code whose own hour was swept, until its family is.
    spent_codes: Table<SpentCode>,

    /// `TokenKey`.
    tokens: Table<KeptToken>,
    /// `FamilyId`: the head of everything that came from one code.
    families: Table<KeptFamily>,
    /// `GrantId` of a withdrawn grant, some families of which may be left.
    withdrawn: Table<()>,
    pass: Pass,
    /// Hour, `FamilyId` of an ended family.
    forgetting: Table<()>,
    /// Seconds, big-endian, at which a family was rotated, `FamilyId`.
    rotations: Table<()>,

    /// Seconds and a number, big-endian: events.
    events: Arc<Trail>,

    /// `SiteId`.
    sites: Held<Arc<Site>>,
    /// One key: the site that everything belongs to.
    default_site: Table<SiteId>,
    /// URL: whose it is.
    site_urls: Held<SiteId>,
    /// `UserId`, `SiteId`.
    members: Held<Member>,
    /// `SiteId`, `UserId`.
    site_members: Table<()>,

    /// `AppId`.
    apps: Held<Arc<App>>,
    /// `AppId`, environment: what runs there.
    deployed: Held<Arc<Deployed>>,
    /// `AppId`, environment, major and minor number, big-endian.
    versions: Table<AppVersion>,
    /// `InstallationId`: the head that an app's tokens on a site hang from.
    installations: Held<Arc<Installation>>,
    /// `SiteId`, `AppId`, environment: the one installation there is of an app on a site.
    installed: Held<InstallationId>,
    /// `SiteId`, `AppId`, environment, `UserId`.
    installation_requests: Table<InstallationRequest>,

    /// `UserId`, number of the place: the head that is the token.
    api_tokens: Table<ApiToken>,
    /// `TokenKey`: where the token is.
    api_token_places: Table<Place>,
    /// `TokenKey` of an API token or a container's: when it was last used.
    token_uses: Table<TokenUse>,

    /// `ContainerId`.
    containers: Held<Arc<Container>>,
    /// `ContainerId`: the head that is the token.
    container_tokens: Table<ContainerToken>,
    /// `TokenKey`: of which container the token is.
    container_keys: Table<ContainerId>,

    /// `UserId`: the latest events about them, the newest last, in JSON.
    activity: Table<Vec<String>>,

    /// `GroupId`.
    groups: Held<Arc<Group>>,
    /// `SiteId`, name in lower case: whose it is.
    group_names: Table<GroupId>,
    /// `GroupId`, `UserId`.
    group_members: Table<()>,
    /// `UserId`, `SiteId`: the head that says in which groups they are.
    user_groups: Table<Vec<GroupId>>,

    /// `ResourceId`: what it declares.
    access: Held<KeptAccess>,
    /// Realm, object.
    objects: Table<ProtectedObject>,
    /// Realm, object, a zero byte, an object beneath it.
    objects_beneath: Table<()>,
    /// Subject, realm, object: the head that is the roles that it holds there.
    roles: Table<Vec<String>>,
    /// Realm, object, a zero byte, role, a zero byte, subject.
    role_holders: Table<GivenBy>,
    /// Realm, object: the roles that anybody holds there.
    roles_set: Held<Arc<Vec<String>>>,

    /// One key: every signing key.
    key_ring: Table<KeyRing>,
    /// One key: what only the right key-encryption key opens.
    seal_check: Table<Vec<u8>>,

    /// Held, never across an await, while a new name is compared with those taken. Operators add names, a few at a time.
    naming: Mutex<()>,
    /// Held, never across an await, while a role or a group is changed, whose records must agree. Admins change them, a few at a time.
    binding: Mutex<()>,
    /// All trees, for whoever carries them elsewhere.
    db: Db,
    preserving: Arc<Preserving>,
    folder: Folder,
}

impl SledStore {
    /// Makes everything durable and refuses whatever is written later. The folder is free when the store is dropped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::store::StoreError::Unavailable) if the disk refused it.
    pub async fn close(&self) -> Result<()> {
        self.committer.close().await
    }

    /// Refuses what cannot be completed for want of room on the disk, before the first of its writes.
    fn require_room(&self) -> Result<()> {
        self.committer.require_room()
    }

    /// `outcome`, once everything written so far survives a power cut.
    async fn durable<T>(&self, outcome: T) -> Result<T> {
        self.committer.settled().await?;
        Ok(outcome)
    }
}
