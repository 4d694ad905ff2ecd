//! Where things are kept: one trait per noun, whose methods are the protocol's verbs.
//!
//! Not found is `None`; [`StoreError`] means that the store failed. A method that changes something returns once the
//! change survives a power cut, unless its documentation says that it may be lost. Each is atomic by itself and each
//! fits one statement of a relational database, so that use cases need to know nothing of the store beneath.

mod error;
pub mod kept;
pub mod postgres;
pub mod sled;

mod activity;
mod api_tokens;
mod apps;
mod clients;
mod containers;
mod events;
mod grants;
mod groups;
mod guesses;
mod keys;
mod links;
mod measured;
mod pending_uses;
mod portable;
mod readiness;
mod requests;
mod resources;
mod roles;
mod sessions;
mod sites;
mod tokens;
mod users;

pub use activity::{Activity, KEPT_FACTS};
pub use api_tokens::{ApiCredential, ApiTokens, Kept};
pub use apps::Apps;
pub use clients::Clients;
pub use containers::{ContainerCredential, Containers};
pub use error::StoreError;
pub use events::{EventPlace, Events};
pub use grants::Grants;
pub use groups::Groups;
pub use guesses::{Counted, Guesses};
pub use keys::Keys;
pub use links::Links;
pub use measured::{Belongs, Measured};
pub use pending_uses::PendingUses;
pub use portable::{Portable, Record, Records, Snapshot};
pub use readiness::{Readiness, Unready};
pub use requests::Requests;
pub use resources::Resources;
pub use roles::{Given, Roles, RolesThere, Told};
pub use sessions::Sessions;
pub use sites::Sites;
pub use tokens::{Asked, Credential, Issued, Owner, Redeemed, Tokens};
pub use users::{Added, Users};

use async_trait::async_trait;

use crate::domain::time::Timestamp;

/// What a verb of the store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// All the nouns.
#[async_trait]
pub trait Store:
    Activity
    + ApiTokens
    + Apps
    + Clients
    + Containers
    + Events
    + Grants
    + Groups
    + Guesses
    + Keys
    + Links
    + Measured
    + Portable
    + Requests
    + Resources
    + Roles
    + Sessions
    + Sites
    + Tokens
    + Users
    + Send
    + Sync
    + 'static
{
    /// Drops a bounded number of records that are over by `horizon`, and says whether more are left. Needs no durability:
    /// what is dropped was already over.
    async fn sweep(&self, horizon: Horizon) -> Result<Swept>;

    /// Makes something durable that means nothing, to know whether anything can be.
    async fn takes_writes(&self) -> Result<()> {
        self.settled().await
    }

    /// Which changes are taken now, as far as is known without trying: a store that watches nothing takes all. Costs
    /// nothing to ask.
    fn writes(&self) -> Writes {
        Writes::Possible
    }
}

/// Which changes a store takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// All.
    Possible,
    /// All, for as long as there is room, of which there is little.
    LittleRoom,
    /// What ends something, such as a revocation: the rest of the disk is kept for that.
    EndingsOnly,
    /// None until a restart.
    Stopped,
}

/// Up to which moments a sweep drops what is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// Whatever expired by then goes.
    pub now: Timestamp,
    /// Of a rotation that happened by then nobody can ask for the answer once more: what it was derived with is erased,
    /// and the family stays.
    pub rotations: Timestamp,
    /// Entries of the audit trail from before then go.
    pub events: Timestamp,
}

/// How far a sweep came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Nothing that expired is left.
    Clean,
    /// It stopped at its bound.
    MoreLeft,
}
