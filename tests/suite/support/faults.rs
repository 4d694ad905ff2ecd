//! `at_every_call`: a use case is tried again and again, each time with another call of the store made to fail.

use std::cell::Cell;

use hallmark::domain::client::Client;
use hallmark::domain::id::ClientId;
use hallmark::domain::user::User;

use crate::support::client::{Answer, App};
use crate::support::faulty_store::{Fault, Faults};
use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server_with_faults};
use crate::support::visitor::Shown;

/// One try of a use case, with one fault ahead of it.
pub struct Attempt<'a> {
    pub server: &'a TestServer,
    /// No other attempt has this number: names are made of it.
    pub number: usize,
    pub fault: Fault,
    /// The verb that failed.
    pub failed: Cell<Option<&'static str>>,
    healthy: usize,
    faults: Faults,
}

/// Tries `use_case` with its first call failing, then its second, and so on until none is left to fail; in every way in
/// which a call can fail.
pub async fn at_every_call(use_case: impl AsyncFn(&Attempt<'_>)) {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await.with_resources().await;
    let mut number = 0;
    for fault in Fault::ALL {
        for healthy in 0.. {
            number += 1;
            if !fails(&use_case, (&server, &faults), number, (healthy, fault)).await {
                assert!(healthy > 0, "no call was made to fail");
                break;
            }
        }
    }
}

/// As [`at_every_call`], on a new server each time.
pub async fn at_every_call_of_a_new_server(use_case: impl AsyncFn(&Attempt<'_>)) {
    for fault in Fault::ALL {
        for healthy in 0.. {
            let faults = Faults::default();
            let server = server_with_faults(faults.clone()).await;
            if !fails(&use_case, (&server, &faults), healthy, (healthy, fault)).await {
                assert!(healthy > 0, "no call was made to fail");
                break;
            }
        }
    }
}

/// Whether a call failed in this attempt, rather than that the fault was never reached.
async fn fails(
    use_case: &impl AsyncFn(&Attempt<'_>),
    (server, faults): (&TestServer, &Faults),
    number: usize,
    (healthy, fault): (usize, Fault),
) -> bool {
    let attempt = Attempt { server, number, fault, failed: Cell::default(), healthy, faults: faults.clone() };
    use_case(&attempt).await;
    attempt.failed.get().is_some()
}

impl Attempt<'_> {
    /// What comes of `action` while the fault is ahead of it; the store is healthy before and after.
    pub async fn under_fault<T>(&self, action: impl Future<Output = T>) -> T {
        self.faults.fail_after(self.healthy, self.fault);
        let outcome = action.await;
        self.failed.set(self.faults.heal());
        // Shown only where an assertion fails.
        println!("{:?} at call {}: {:?}", self.fault, self.healthy + 1, self.failed.get());
        outcome
    }

    /// Whether the fault was this one.
    pub fn was(&self, fault: Fault, verb: &str) -> bool {
        self.fault == fault && self.failed.get() == Some(verb)
    }

    /// Whether a program was told to try again later, in the form of an OAuth error. Anything else of 500 and above fails
    /// the test, and so does a refusal that no fault caused.
    pub fn unavailable(&self, answer: &Answer) -> bool {
        if answer.status.code < 500 {
            return false;
        }
        assert!(self.failed.get().is_some(), "{}", answer.text);
        assert_eq!(answer.refusal(), (503, "server_error".into()), "{}", answer.text);
        assert_eq!((answer.header("Retry-After"), answer.header("Cache-Control")), (Some("5"), Some("no-store")));
        true
    }

    /// Whether a person was told to try again later, on a page of ours that does not say what nobody knows.
    pub fn unavailable_page(&self, shown: &Shown) -> bool {
        if shown.status.code < 500 {
            return false;
        }
        assert!(self.failed.get().is_some(), "{}", shown.html);
        assert_eq!((shown.status.code, shown.header("Retry-After")), (503, Some("5")), "{}", shown.html);
        assert!(shown.html.contains("We cannot do this right now"), "{}", shown.html);
        assert!(!shown.html.contains("Nothing was changed"), "{}", shown.html);
        true
    }

    /// A confidential client of this attempt's own.
    pub async fn app(&self) -> App {
        self.server.register(Client { id: self.id(), ..confidential() }).await
    }

    /// The name of a client of this attempt's own.
    pub fn id(&self) -> ClientId {
        format!("app-{}", self.number).parse().expect("an identifier")
    }

    /// The address of somebody of this attempt's own.
    pub fn email(&self, name: &str) -> String {
        format!("{name}-{}@example.com", self.number)
    }

    /// Somebody of this attempt's own.
    pub async fn person(&self) -> User {
        self.server.user(&self.email("person"), PASSWORD).await
    }
}
