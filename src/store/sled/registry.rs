//! What every noun asks of the registry.

use crate::domain::id::ClientId;
use crate::store::kept::registry::Party;
use crate::store::sled::SledStore;

impl SledStore {
    /// The number of the registration of that name; 0 if there never was one.
    pub(super) fn registration_number(&self, id: &ClientId) -> u32 {
        self.registry.with(id.as_str(), |registration| registration.number).unwrap_or(0)
    }

    /// Whether nobody has the name.
    pub(super) fn is_free(&self, id: &ClientId) -> bool {
        self.registry.with(id.as_str(), |registration| registration.party == Party::Nobody).unwrap_or(true)
    }
}
