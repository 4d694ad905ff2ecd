//! The registry: clients and protected resources in one table, since they share one name space.
//!
//! A registration has a number that changes whenever its name is given or taken back. Whatever hangs from a registration
//! (a token, a scope, a resource identifier) carries the number it had, so that removing it ends all that in one write,
//! and a new registration of the same name revives none of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::client::Client;
use crate::domain::id::ResourceId;
use crate::domain::resource::ProtectedResource;
use crate::domain::scope::ScopeEntry;

/// What is kept under the name of a client or a protected resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// Changes whenever the name is given or taken back.
    pub number: u32,
    /// Who has the name.
    pub party: Party,
}

/// Who has a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Party {
    /// A client.
    Client(Arc<Client>),
    /// A protected resource.
    Resource(Arc<ProtectedResource>),
    /// Nobody any more.
    Nobody,
}

/// A resource identifier, good as long as the registration has this number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptIdentifier {
    /// The number that the registration had.
    pub number: u32,
    /// Whose identifier it is.
    pub resource: ResourceId,
}

/// A catalogue entry, good as long as the registration of its resource has this number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptScope {
    /// The number that the registration had.
    pub number: u32,
    /// The entry.
    pub entry: ScopeEntry,
}

impl Registration {
    /// The registration that follows `old` under the same name; `None` if somebody has the name.
    pub fn following(old: Option<&Registration>, party: Party) -> Option<Self> {
        match old {
            None => Some(Self { number: 1, party }),
            Some(Registration { number, party: Party::Nobody }) => Some(Self { number: number.wrapping_add(1), party }),
            Some(_) => None,
        }
    }

    /// The registration when its name was taken back.
    pub fn ended(&self) -> Self {
        Self { number: self.number.wrapping_add(1), party: Party::Nobody }
    }

    /// The client that has the name.
    pub fn client(self) -> Option<Arc<Client>> {
        match self.party {
            Party::Client(client) => Some(client),
            Party::Resource(_) | Party::Nobody => None,
        }
    }

    /// The protected resource that has the name.
    pub fn resource(self) -> Option<Arc<ProtectedResource>> {
        match self.party {
            Party::Resource(resource) => Some(resource),
            Party::Client(_) | Party::Nobody => None,
        }
    }
}
