//! Random stories of a person, their app and a thief, each step compared with a reference that has no store.
//!
//! An ordinary run tells the same stories each time. `PROPTEST_CASES=5000` tells so many others; one that fails is shrunk
//! to the shortest that does.

mod operation;
mod reference;
mod world;

use std::cell::Cell;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

use self::operation::{Operation, Weights, story};
use self::world::World;

/// How many stories an ordinary run tells for each test.
const CASES: u32 = 150;

fn tell(stories: impl Strategy<Value = Vec<Operation>>) {
    let mut runner = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => TestRunner::new(Config { failure_persistence: None, ..Config::default() }),
        None => {
            let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
            TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        }
    };
    let runtime = Runtime::new().expect("a runtime");
    // One server for all stories, since each has a person of its own; after one that failed the next begins anew.
    let kept: Cell<Option<World>> = Cell::new(None);
    let outcome = runner.run(&stories, |story| {
        let world = kept.take().unwrap_or_else(|| runtime.block_on(World::begin()));
        kept.set(Some(runtime.block_on(world.tell(&story))));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_code_does_what_its_reference_does() {
    tell(story(Weights { codes: 8, rotations: 1, revocations: 1, grants: 1, people: 1, time: 2 }));
}

#[test]
fn a_refresh_family_does_what_its_reference_does() {
    tell(story(Weights { codes: 1, rotations: 12, revocations: 1, grants: 1, people: 1, time: 6 }));
}

#[test]
fn a_grant_does_what_its_reference_does() {
    tell(story(Weights { codes: 4, rotations: 3, revocations: 1, grants: 4, people: 3, time: 1 }));
}
