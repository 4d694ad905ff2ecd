//! What is counted while requests are answered. To count is to add to an atomic number that is found by its index: no lock,
//! no allocation, no name that is looked up. Nothing that a caller chose becomes a label.
//!
//! | file | what |
//! |---|---|
//! | `tally` | a number that rises, one that rises and falls, and a histogram |
//! | `requests` | requests by route, status class and time |
//! | `connections` | connections of the front |
//! | `exposition` | everything, in the text of OpenMetrics |
//! | `process` | what the operating system says of this process |
//! | `refusals` | the last refusals of each client, in words |

pub mod connections;
mod exposition;
mod process;
pub mod refusals;
pub mod requests;
pub mod tally;

pub use exposition::{CONTENT_TYPE, PoolMeasures, StoreMeasures};
pub use process::resident_bytes;

use std::sync::{Arc, OnceLock};

use crate::domain::error_code::ErrorCode;
use crate::telemetry::connections::Connections;
use crate::telemetry::refusals::Refusals;
use crate::telemetry::requests::{Requests, RouteLabel};
use crate::telemetry::tally::Counter;

/// What tokens are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuedToken {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

/// What a protected resource learnt about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntrospectionOutcome {
    /// It is live and meant for the asker.
    Active,
    /// Anything else.
    Inactive,
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// Connections of the front.
    pub connections: Arc<Connections>,
    /// Sign-ins that were refused.
    pub sign_ins_refused: Counter,
    /// What clients were refused last, for who wrote them.
    pub last_refusals: Refusals,
    requests: OnceLock<Requests>,
    issued: [Counter; 2],
    introspections: [Counter; 2],
    refusals: [Counter; ErrorCode::ALL.len()],
    dropped_lines: OnceLock<Arc<Counter>>,
}

impl Telemetry {
    /// Counts requests by these routes from now on; the first call counts.
    pub fn count_routes(&self, routes: Vec<RouteLabel>) {
        // A second Rocket on the same server, as in a test, has the same routes.
        let _ = self.requests.set(Requests::new(routes));
    }

    /// Tells how many lines of the log were dropped from this number.
    pub fn adopt_dropped_lines(&self, counter: Arc<Counter>) {
        // A process has one log.
        let _ = self.dropped_lines.set(counter);
    }

    /// Requests by route; `None` until [`Telemetry::count_routes`].
    pub fn requests(&self) -> Option<&Requests> {
        self.requests.get()
    }

    /// Counts a token that was handed out.
    pub fn issued(&self, kind: IssuedToken) {
        self.issued[kind as usize].increment();
    }

    /// Counts an introspection that was answered.
    pub fn introspected(&self, outcome: IntrospectionOutcome) {
        self.introspections[outcome as usize].increment();
    }

    /// Counts a request of a client that was refused, or failed.
    pub fn refused(&self, code: ErrorCode) {
        self.refusals[code as usize].increment();
    }
}
