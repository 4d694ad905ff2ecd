//! The last refusals of each client, for who wrote it. They are kept in memory alone and bounded, since strangers cause them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::error_code::ErrorCode;
use crate::domain::id::ClientId;
use crate::domain::time::Timestamp;

/// How many refusals of one client are remembered.
pub const PER_CLIENT: usize = 20;

/// Of how many clients refusals are remembered.
const MOST_CLIENTS: usize = 10_000;

/// A request of a client that was refused. It holds no secret: what the client was told, and no parameter but a
/// redirection URI that is not one of the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// Where, as a path.
    pub endpoint: &'static str,
    /// The code that the client was told.
    pub code: ErrorCode,
    /// What was wrong.
    pub description: String,
    /// What its developer can do about it.
    pub remedy: &'static str,
    /// The name of the request, by which it is found in the log.
    pub request_id: String,
}

/// What is remembered.
#[derive(Debug)]
pub struct Refusals {
    kept: Mutex<Kept>,
    most_clients: usize,
}

#[derive(Debug, Default)]
struct Kept {
    of_client: HashMap<ClientId, OfClient>,
    /// The clients by when they were refused last, counted in refusals.
    order: BTreeMap<u64, ClientId>,
    count: u64,
}

#[derive(Debug, Default)]
struct OfClient {
    place: u64,
    last: VecDeque<Refusal>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { kept: Mutex::default(), most_clients: MOST_CLIENTS }
    }
}

impl Refusals {
    /// Remembers a refusal of `client`. What is oldest gives way: of the client, and among the clients.
    pub fn remember(&self, client: &ClientId, refusal: Refusal) {
        let mut kept = self.kept();
        kept.count += 1;
        let place = kept.count;
        let of_client = kept.of_client.entry(client.clone()).or_default();
        let before = std::mem::replace(&mut of_client.place, place);
        of_client.last.truncate(PER_CLIENT - 1);
        of_client.last.push_front(refusal);
        kept.order.remove(&before);
        kept.order.insert(place, client.clone());
        if kept.order.len() > self.most_clients
            && let Some((_, forgotten)) = kept.order.pop_first()
        {
            kept.of_client.remove(&forgotten);
        }
    }

    /// The last refusals of `client`, newest first.
    pub fn of(&self, client: &ClientId) -> Vec<Refusal> {
        self.kept().of_client.get(client).map(|of_client| of_client.last.iter().cloned().collect()).unwrap_or_default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientId {
        name.parse().expect("a client id")
    }

    fn refusal(at: u64) -> Refusal {
        let (code, remedy) = (ErrorCode::InvalidGrant, "Begin again.");
        let (description, request_id) = ("it has expired".to_owned(), "r1".to_owned());
        Refusal { at: Timestamp(at), endpoint: "/oauth/token", code, description, remedy, request_id }
    }

    #[test]
    fn the_newest_of_a_client_are_kept_and_come_first() {
        let refusals = Refusals::default();
        (0..=20).for_each(|at| refusals.remember(&client("a"), refusal(at)));

        let moments: Vec<u64> = refusals.of(&client("a")).iter().map(|refusal| refusal.at.0).collect();
        assert_eq!(moments, (1..=20).rev().collect::<Vec<_>>());
        assert_eq!(refusals.of(&client("b")), []);
    }

    #[test]
    fn the_client_that_was_refused_least_recently_is_forgotten() {
        let refusals = Refusals { most_clients: 2, ..Refusals::default() };
        for name in ["a", "b", "a", "c"] {
            refusals.remember(&client(name), refusal(1));
        }

        let known = ["a", "b", "c"].map(|name| refusals.of(&client(name)).len());
        assert_eq!(known, [2, 0, 1]);
    }
}
