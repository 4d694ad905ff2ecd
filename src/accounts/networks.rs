//! Networks: how much may come from one, at all servers together.
//!
//! It is counted in the store, so that whoever asks several servers in turn has no more than who asks one, and a restart gives
//! nobody another burst. Before that, each server counts in memory, at the same rate: whoever sends more than that to it costs
//! the store nothing.

use std::net::IpAddr;

use crate::authorization_server::AuthorizationServer;
use crate::domain::secret::Digest;
use crate::secrets::digest::derive;
use crate::store::Counted;
use crate::throttle::network_of;

pub use crate::accounts::guesses::Uncounted;

/// What the digests are for that counts are kept under.
const PURPOSE: &str = "hallmark networks";

/// What comes from a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// A sign-in.
    SignIn,
    /// A report of a leaked token.
    Leak,
}

impl Attempt {
    fn label(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign_in",
            Self::Leak => b"leak",
        }
    }
}

/// Counts an attempt from the network of `address`.
///
/// # Errors
/// [`Uncounted`] says how long to wait, or that the store failed.
pub async fn take(server: &AuthorizationServer, attempt: Attempt, address: Option<IpAddr>) -> Result<(), Uncounted> {
    let (network, now, throttles) = (address.map(network_of), server.now(), &server.throttles);
    let (here, rate) = match attempt {
        Attempt::SignIn => (&throttles.sign_in_per_address, throttles.networks().sign_in),
        Attempt::Leak => (&throttles.leaks_per_address, throttles.networks().leak),
    };
    here.take(network, now).map_err(Uncounted::TooMany)?;
    let Some(rate) = rate else { return Ok(()) };
    match server.store.take_guess(count_of(attempt, network), rate, now).await? {
        Counted::Taken => Ok(()),
        Counted::TooMany(wait) => Err(Uncounted::TooMany(wait)),
    }
}

fn count_of(attempt: Attempt, network: Option<IpAddr>) -> Digest {
    Digest(match network {
        Some(IpAddr::V4(network)) => derive(PURPOSE, &[attempt.label(), &network.octets()]),
        Some(IpAddr::V6(network)) => derive(PURPOSE, &[attempt.label(), &network.octets()]),
        None => derive(PURPOSE, &[attempt.label()]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_attempt_has_a_count_for_each_network() {
        let networks = ["192.0.2.1", "192.0.2.2", "2001:db8::"].map(|text| text.parse().ok());
        let counts = [Attempt::SignIn, Attempt::Leak].map(|attempt| {
            let networks = networks.into_iter().chain([None]);
            networks.map(|network| count_of(attempt, network).0).collect::<Vec<_>>()
        });
        let mut counts = counts.concat();
        let all = counts.len();
        counts.sort_unstable();
        counts.dedup();
        assert_eq!((all, counts.len()), (8, 8));
    }
}
