//! The fuzz targets without a fuzzer: every seed in `fuzz/seeds` holds, and so do random changes to them. What a fuzzer
//! finds is kept there, as a file that fails until it is mended.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::select;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../fuzz/src/targets.rs"]
mod targets;

/// How many changes an ordinary run plays for each target; `PROPTEST_CASES` says otherwise.
const CASES: u32 = 1_000;

/// What the readers look for: a change that puts one of these somewhere goes further than one of random bytes.
const WORDS: [&str; 36] = [
    "%",
    "+",
    "&",
    "=",
    "\n",
    ":",
    "/",
    "//",
    "@",
    "#",
    "?",
    "\\",
    ";",
    "\"",
    ".",
    "..",
    "[::1]",
    "127.0.0.1",
    "code=",
    "%00",
    "\u{fffd}",
    "{",
    ",",
    " ",
    "- ",
    ": ",
    "\n  ",
    "&a ",
    "*a",
    "!!str ",
    "? ",
    "'",
    "\t",
    "[",
    "jwt=",
    "\"crit\":",
];

/// One change to a seed, at a place counted round and round.
#[derive(Clone, Debug)]
enum Edit {
    Set(usize, u8),
    Cut(usize, usize),
    Insert(usize, &'static str),
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files = fs::read_dir(folder).expect("a folder of seeds").map(|file| file.expect("a file").path());
    files.map(|file| fs::read(file).expect("a seed")).collect()
}

fn changed(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let edit = prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (any::<usize>(), 1..8usize).prop_map(|(at, count)| Edit::Cut(at, count)),
        (any::<usize>(), select(&WORDS[..])).prop_map(|(at, word)| Edit::Insert(at, word)),
    ];
    prop_oneof![4 => select(seeds), 1 => vec(any::<u8>(), 0..80), 1 => Just(Vec::new())]
        .prop_flat_map(move |seed| (Just(seed), vec(edit.clone(), 0..6)))
        .prop_map(|(seed, edits)| edits.into_iter().fold(seed, apply))
}

fn apply(mut text: Vec<u8>, edit: Edit) -> Vec<u8> {
    let place = |at: usize| at % (text.len() + 1);
    match edit {
        Edit::Set(at, byte) => {
            let at = place(at);
            text.splice(at..(at + 1).min(text.len()), [byte]);
        }
        Edit::Cut(at, count) => {
            let at = place(at);
            text.drain(at..(at + count).min(text.len()));
        }
        Edit::Insert(at, word) => {
            let at = place(at);
            text.splice(at..at, word.bytes());
        }
    }
    text
}

#[test]
fn every_seed_of_every_fuzz_target_holds() {
    for (name, target) in targets::ALL {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|seed| target(seed));
    }
}

#[test]
fn what_strangers_send_is_read_in_one_way_or_refused() {
    for (name, target) in targets::ALL {
        let mut runner = match std::env::var_os("PROPTEST_CASES") {
            Some(_) => TestRunner::new(Config { failure_persistence: None, ..Config::default() }),
            None => {
                let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
                TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
            }
        };
        let outcome = runner.run(&changed(seeds(name)), |data| {
            target(&data);
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}
