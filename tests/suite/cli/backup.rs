//! `backup` and `backup verify`: one file, whole or not there, that tells what is wrong with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::operator::{Operator, operator};

const PASSPHRASE: &str = "correct horse battery staple";

/// An operator with an API and a person, and no server that runs.
pub fn installed() -> Operator {
    let operator = operator();
    assert_eq!(operator.run("resource add --id assets --identifier https://assets.example --scope read:a:b").exit, 0);
    assert_eq!(operator.run_with("user add p@example.com --password-stdin", "correct horse").exit, 0);
    operator
}

/// Brings the key-encryption key, which no backup holds, to another folder of the operator.
pub fn bring_key(operator: &Operator, folder: &str) {
    let folder = operator.home().join(folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::copy(operator.data().join("kek"), folder.join("kek")).expect("a key");
}

fn with_byte_flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    damaged[at] ^= 0x20;
    damaged
}

#[test]
fn a_backup_is_the_same_whether_the_server_runs_or_not() {
    let operator = installed();
    let alone = operator.run("backup --out alone.hallmark --json").json();
    let serving = operator.serve();
    let told = operator.run("backup --out told.hallmark --json").json();
    drop(serving);

    let verified = operator.run("backup verify told.hallmark --json").json();
    assert_eq!(verified["tables"], told["tables"]);
    assert_eq!((&told["tables"]["users"], &told["tables"]["registry"]), (&1.into(), &1.into()));
    assert_eq!((&told["site"], &told["tables"]["users"]), (&alone["site"], &alone["tables"]["users"]));
    assert_eq!(operator.run("backup verify alone.hallmark").exit, 0);
}

#[test]
fn a_backup_is_its_callers_file_and_closed_to_others() {
    let operator = installed();
    let _serving = operator.serve();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let file = operator.home().join("it.hallmark");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(!operator.home().join("it.hallmark.partial").exists());

    let again = operator.run("backup --out it.hallmark");
    assert_eq!(again.exit, 1);
    assert!(again.err.contains("--overwrite"), "{}", again.err);
    assert_eq!(operator.run("backup --out it.hallmark --overwrite").exit, 0);
}

#[test]
fn a_backup_that_cannot_be_written_leaves_nothing_and_the_server_goes_on() {
    let operator = installed();
    let _serving = operator.serve();
    assert_eq!(operator.run("backup --out nowhere/it.hallmark").exit, 1);
    assert_eq!(operator.run_with("backup --out short.hallmark --passphrase-stdin", "short").exit, 1);
    assert!(
        !operator.home().join("short.hallmark").exists() && !operator.home().join("short.hallmark.partial").exists()
    );
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
}

#[test]
fn a_folder_without_a_store_is_not_backed_up_as_an_empty_one() {
    let operator = operator();
    let said = operator.run("backup --out it.hallmark");
    assert_eq!(said.exit, 1);
    assert!(said.err.contains("no store"), "{}", said.err);
    assert!(!operator.home().join("it.hallmark").exists() && !operator.data().exists());
}

#[test]
fn a_flipped_byte_anywhere_and_a_cut_tail_of_any_length_are_found() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let whole = fs::read(operator.home().join("it.hallmark")).expect("a backup");
    let verify = |bytes: &[u8], damage: &str| {
        fs::write(operator.home().join("damaged.hallmark"), bytes).expect("a file");
        let said = operator.run("backup verify damaged.hallmark");
        // What says that the backup is sealed is no damage by itself; the chain finds it where a passphrase is given.
        assert!(said.exit == 5 || said.err.contains("is sealed"), "{damage}: {} {}", said.exit, said.err);
    };
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        verify(&with_byte_flipped(&whole, at), &format!("byte {at} flipped"));
    }
    for at in 16..24 {
        verify(&with_byte_flipped(&whole, at), &format!("byte {at} flipped"));
    }
    for cut in [1, 31, 32, 33, 40, 41, 42, 100, whole.len() / 2, whole.len() - 10, whole.len()] {
        verify(&whole[..whole.len() - cut], &format!("{cut} bytes cut off"));
    }
    verify(&[&whole[..], b"x"].concat(), "one byte more");
}

#[test]
fn a_sealed_backup_opens_with_its_passphrase_alone_and_shows_nothing() {
    let operator = installed();
    let _serving = operator.serve();
    let made = operator.run_with("backup --out it.hallmark --passphrase-stdin", PASSPHRASE);
    assert_eq!(made.exit, 0, "{}", made.err);
    let bytes = fs::read(operator.home().join("it.hallmark")).expect("a backup");
    let shows = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(!shows(b"p@example.com") && !shows(b"assets"));

    assert_eq!(operator.run_with("backup verify it.hallmark --passphrase-stdin", PASSPHRASE).exit, 0);
    let other = operator.run_with("backup verify it.hallmark --passphrase-stdin", "correct horse battery stable");
    assert_eq!(other.exit, 1);
    assert!(other.err.contains("passphrase"), "{}", other.err);
    let without = operator.run("backup verify it.hallmark");
    assert_eq!(without.exit, 1);
    assert!(without.err.contains("--passphrase-stdin"), "{}", without.err);

    let cut = &bytes[..bytes.len() - 60];
    fs::write(operator.home().join("cut.hallmark"), cut).expect("a file");
    assert_eq!(operator.run_with("backup verify cut.hallmark --passphrase-stdin", PASSPHRASE).exit, 5);
}

#[test]
fn a_backup_of_a_newer_stream_version_is_refused_in_plain_words() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let path = operator.home().join("it.hallmark");
    let mut bytes = fs::read(&path).expect("a backup");
    bytes[17] += 1;
    fs::write(&path, bytes).expect("a file");

    for command in ["backup verify it.hallmark", "--data fresh restore it.hallmark"] {
        let said = operator.run(command);
        assert_eq!(said.exit, 5, "{command}");
        assert!(said.err.contains("stream version 2") && said.err.contains("reads up to 1"), "{}", said.err);
    }
    assert!(!operator.home().join("fresh").exists());
}

#[test]
fn what_was_acknowledged_before_a_backup_under_load_is_in_it_and_what_came_meanwhile_is_there_wholly_or_not() {
    let operator = installed();
    for number in 0..10 {
        assert_eq!(add(&operator, &format!("before{number}@example.com")), 0);
    }
    let serving = operator.serve();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stopping = Stopping(&stop);
        for writer in 0..2 {
            let (operator, stop) = (&operator, &stop);
            scope.spawn(move || {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    assert_eq!(add(operator, &format!("during{writer}-{number}@example.com")), 0);
                }
            });
        }
        for number in 0..5 {
            let known = people(&operator, "data");
            assert_eq!(operator.run(&format!("backup --out {number}.hallmark")).exit, 0);
            let folder = format!("restored{number}");
            bring_key(&operator, &folder);
            assert_eq!(operator.run(&format!("--data {folder} restore {number}.hallmark")).exit, 0);
            let restored = people(&operator, &folder);
            let missing: Vec<_> = known.iter().filter(|email| !restored.contains(email)).collect();
            assert!(missing.is_empty(), "{missing:?}");
            // An address leads to its person or to nobody: each of those in the backup can still be added or is there.
            let tables = &operator.run(&format!("backup verify {number}.hallmark --json")).json()["tables"];
            assert_eq!(tables["users"], restored.len(), "nobody is there whose address does not lead to them");
        }
        drop(stopping);
    });
    assert_eq!(serving.stop().0, Some(0));
}

/// Stops the load, also when an assertion fails.
struct Stopping<'a>(&'a AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn add(operator: &Operator, email: &str) -> i32 {
    operator.run_with(&format!("user add {email} --password-stdin"), "correct horse").exit
}

fn people(operator: &Operator, folder: &str) -> Vec<String> {
    let listed = operator.run(&format!("--data {folder} user list --json")).json();
    let people = listed.as_array().expect("a list").iter();
    people.map(|person| person["email"].as_str().expect("an address").to_owned()).collect()
}
