//! Guesses: where an attempt at a password is counted.
//!
//! A browser in which the person signed in before has a count of its own, and so has each network: guessing elsewhere locks
//! nobody out. What guesses from everywhere share is bounded by a looser rate. The counts are in the store, so that a
//! restart gives nobody another burst, and a store that fails lets nobody guess: what cannot be counted is not tried.

use std::net::IpAddr;

use crate::authorization_server::AuthorizationServer;
use crate::domain::guess::GuessRate;
use crate::domain::secret::{Digest, TokenKey};
use crate::domain::time::Lifetime;
use crate::domain::user::Email;
use crate::secrets::digest::derive;
use crate::store::{Counted, StoreError};

/// What the digests are for that counts are kept under.
const PURPOSE: &str = "hallmark guesses";

/// Where a guess comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whence {
    /// A browser in which the person once signed in, or the session in which they are.
    Browser(TokenKey),
    /// Any other browser in this network.
    Network(Option<IpAddr>),
}

/// Why a guess may not be made.
#[derive(Debug)]
pub enum Uncounted {
    /// Too many were; the next may be made after that time.
    TooMany(Lifetime),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Uncounted {
    fn from(error: StoreError) -> Self {
        Uncounted::Store(error)
    }
}

/// A guess at an account that is to be counted, or was.
pub(super) struct Guess {
    counts: Vec<(Digest, GuessRate)>,
}

impl Guess {
    /// A guess at the account of that address, which somebody may have or not.
    pub(super) fn at(server: &AuthorizationServer, email: &Email, whence: Whence) -> Self {
        let rates = server.throttles.accounts();
        let own = rates.each.map(|rate| (count_of(email, whence), rate));
        let shared = match whence {
            Whence::Browser(_) => None,
            Whence::Network(_) => rates.anywhere.map(|rate| (count_anywhere(email), rate)),
        };
        Self { counts: own.into_iter().chain(shared).collect() }
    }

    /// A guess at what is no address: nobody can have it, and it is counted nowhere.
    pub(super) fn at_nobody() -> Self {
        Self { counts: Vec::new() }
    }

    /// Counts it, in every place or in none.
    pub(super) async fn take(&self, server: &AuthorizationServer) -> Result<(), Uncounted> {
        let now = server.now();
        for (at, (count, rate)) in self.counts.iter().enumerate() {
            if let Counted::TooMany(wait) = server.store.take_guess(*count, *rate, now).await? {
                give_back(server, &self.counts[..at]).await;
                return Err(Uncounted::TooMany(wait));
            }
        }
        Ok(())
    }

    /// Gives it back, since the password was right or never looked at.
    pub(super) async fn give_back(&self, server: &AuthorizationServer) {
        give_back(server, &self.counts).await;
    }
}

/// What cannot be given back stays counted, which is no reason to refuse a password that was right.
async fn give_back(server: &AuthorizationServer, counts: &[(Digest, GuessRate)]) {
    for (count, rate) in counts {
        if let Err(error) = server.store.give_back_guess(*count, *rate, server.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a right password counts as a guess");
        }
    }
}

fn count_of(email: &Email, whence: Whence) -> Digest {
    let email = email.as_str().as_bytes();
    Digest(match whence {
        Whence::Browser(key) => derive(PURPOSE, &[b"browser", email, &key.to_bytes()]),
        Whence::Network(Some(IpAddr::V4(network))) => derive(PURPOSE, &[b"network", email, &network.octets()]),
        Whence::Network(Some(IpAddr::V6(network))) => derive(PURPOSE, &[b"network", email, &network.octets()]),
        Whence::Network(None) => derive(PURPOSE, &[b"network", email]),
    })
}

fn count_anywhere(email: &Email) -> Digest {
    Digest(derive(PURPOSE, &[b"anywhere", email.as_str().as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_browser_and_network_has_a_count_of_its_own() {
        let email = |text: &str| text.parse::<Email>().expect("an address");
        let network = |text: &str| Whence::Network(Some(text.parse().expect("a network")));
        let browser = |byte| Whence::Browser(TokenKey { hour: 1, digest: Digest([byte; 32]).into() });
        let mut counts = Vec::new();
        for email in [email("one@example.com"), email("two@example.com")] {
            counts.push(count_anywhere(&email).0);
            let places = [browser(1), browser(2), network("192.0.2.1"), network("192.0.2.2"), network("2001:db8::")];
            counts.extend(places.map(|whence| count_of(&email, whence).0));
            counts.push(count_of(&email, Whence::Network(None)).0);
        }
        let all = counts.len();
        counts.sort_unstable();
        counts.dedup();
        assert_eq!(counts.len(), all);
    }
}
