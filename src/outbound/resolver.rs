//! Names become addresses once, and what is refused is dropped then: what was checked is what is connected to, so that a name
//! cannot mean another address a moment later.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

use crate::outbound::PrivateAddresses;

/// Asks the system.
pub(super) struct Resolver {
    /// What is kept of its answer.
    pub private: PrivateAddresses,
}

/// All that a name means are private addresses.
#[derive(Debug, thiserror::Error)]
#[error("it has private addresses alone")]
pub(super) struct OnlyPrivate;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let admitted: Vec<_> = found.filter(|address| private.admits(address.ip())).collect();
            if admitted.is_empty() {
                return Err(OnlyPrivate.into());
            }
            Ok(Box::new(admitted.into_iter()) as Addrs)
        })
    }
}
