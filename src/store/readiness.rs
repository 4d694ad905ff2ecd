//! Readiness: whether this server should be sent requests. The store is asked by a durable write, at most once a second
//! however many ask, so that nobody who asks can burden it. A store that several servers share is told apart from one that fails
//! with its server: nobody should restart servers for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::domain::time::{Lifetime, Timestamp};
use crate::store::{Belongs, Store};

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why no request should be sent here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unready {
    /// The server was told to end, and answers what is under way.
    Draining,
    /// The store refuses writes, mostly until a restart.
    StoreRefusesWrites,
    /// The store took longer than a second to make a write durable.
    StoreIsSlow,
    /// The database that servers share does not answer or takes no writes; a restart of this server mends nothing.
    SharedStoreUnavailable,
    /// The database that servers share took longer than a second to answer.
    SharedStoreIsSlow,
}

impl Unready {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draining => "the server is ending",
            Self::StoreRefusesWrites => "the store refuses writes; look at the disk and at the log, then restart",
            Self::StoreIsSlow => "the store took longer than a second to make a write durable",
            Self::SharedStoreUnavailable => {
                "the database does not answer or takes no writes; look at it with `hallmark store check`, a restart of this \
                 server mends nothing"
            }
            Self::SharedStoreIsSlow => "the database took longer than a second to make a write durable",
        }
    }
}

/// Whether this server should be sent requests.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
    /// The last answer of the store, and when it was asked. Held while it is asked, so that others wait for that answer.
    last: Mutex<Option<(Timestamp, Result<(), Unready>)>>,
}

impl Readiness {
    /// Says from now on that the server is ending.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Asks `store`, unless it was asked this second.
    ///
    /// # Errors
    /// [`Unready`] says why no request should be sent here.
    pub async fn ask(&self, store: &dyn Store, now: Timestamp) -> Result<(), Unready> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(Unready::Draining);
        }
        let mut last = self.last.lock().await;
        // Whoever waited for the lock asked before the answer that is there now.
        if let Some((_, answer)) = last.filter(|(asked, _)| is_fresh(*asked, now)) {
            return answer;
        }
        let answer = match (timeout(PATIENCE, store.takes_writes()).await, store.belongs_to()) {
            (Ok(Ok(())), _) => Ok(()),
            (Ok(Err(_)), Belongs::ToThisProcess) => Err(Unready::StoreRefusesWrites),
            (Ok(Err(_)), Belongs::ToSeveral) => Err(Unready::SharedStoreUnavailable),
            (Err(_), Belongs::ToThisProcess) => Err(Unready::StoreIsSlow),
            (Err(_), Belongs::ToSeveral) => Err(Unready::SharedStoreIsSlow),
        };
        *last = Some((now, answer));
        answer
    }
}

/// Whether an answer of `asked` is one for somebody who asked at `now`: of the same second, or of one that came while they
/// waited. A clock that was set back makes no answer last.
fn is_fresh(asked: Timestamp, now: Timestamp) -> bool {
    asked == now || asked > now && asked.remaining(now) <= Lifetime::seconds(2)
}
