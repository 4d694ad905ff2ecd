//! `key` and the key-encryption key: made once, and never again over what was sealed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::operator::{Operator, operator};

/// An operator whose store was sealed under the key in the data folder.
fn sealed() -> Operator {
    let operator = operator();
    assert_eq!(operator.run("key list").exit, 0);
    operator
}

fn write_key(path: &Path, digits: &str) {
    fs::write(path, format!("{digits}\n")).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[test]
fn the_key_of_a_new_store_is_made_for_its_owner_alone_and_stays() {
    let operator = sealed();
    let path = operator.data().join("kek");
    let key = fs::read_to_string(&path).expect("a key");
    assert_eq!(key.trim_end().len(), 64);
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);

    assert_eq!(operator.run("key list").exit, 0);

    assert_eq!(fs::read_to_string(&path).expect("a key"), key);
}

#[test]
fn a_store_without_its_key_is_refused_and_no_new_key_is_made() {
    let operator = sealed();
    let path = operator.data().join("kek");
    let key = fs::read_to_string(&path).expect("a key");
    fs::remove_file(&path).expect("a file");

    for command in ["serve", "user list", "key rotate"] {
        let said = operator.run(command);
        assert_eq!(said.exit, 5, "{command}: {}", said.err);
        assert!(said.err.contains("kek") && said.err.contains("backup"), "{}", said.err);
        assert!(!path.exists());
    }

    write_key(&path, key.trim_end());
    assert_eq!(operator.run("key list").exit, 0);
}

#[test]
fn a_store_with_another_key_is_refused() {
    let operator = sealed();
    write_key(&operator.data().join("kek"), &"ab".repeat(32));
    let said = operator.run("serve");
    assert_eq!(said.exit, 5);
    assert!(said.err.contains("sealed under another key"), "{}", said.err);
    assert_eq!(operator.run("doctor").exit, 1);
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    let operator = sealed();
    let path = operator.data().join("kek");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
    let said = operator.run("key list");
    assert_eq!(said.exit, 3);
    assert!(said.err.contains("chmod 600"), "{}", said.err);

    write_key(&path, "no key");
    let said = operator.run("key list");
    assert_eq!(said.exit, 3);
    assert!(said.err.contains("64 hexadecimal digits") && !said.err.contains("no key\n"), "{}", said.err);
}

#[test]
fn the_key_may_be_in_a_named_file_or_a_credential_of_systemd() {
    let named = operator();
    write_key(&named.home().join("elsewhere"), &"01".repeat(32));
    let variable = [("HALLMARK_KEYS__KEK_FILE", "elsewhere")];
    assert_eq!(named.run_in("key list", "", &variable).exit, 0);
    assert!(!named.data().join("kek").exists(), "a key that is elsewhere is not made here");
    assert_eq!(named.run("key list").exit, 5, "and is not done without");
    assert_eq!(named.run_in("key list", "", &[("HALLMARK_KEYS__KEK_FILE", "nowhere")]).exit, 3);

    let service = operator();
    let credentials = service.home().join("credentials");
    fs::create_dir(&credentials).expect("a folder");
    write_key(&credentials.join("kek"), &"02".repeat(32));
    let variable = [("CREDENTIALS_DIRECTORY", credentials.to_str().expect("text"))];
    assert_eq!(service.run_in("key list", "", &variable).exit, 0);
    assert!(!service.data().join("kek").exists());
    assert_eq!(service.run("key list").exit, 5);
}

#[test]
fn keys_are_listed_rotated_and_retired_with_and_without_a_server() {
    let operator = operator();
    assert_eq!(operator.run("key list --json").json(), serde_json::json!([]), "to look at the keys makes none");
    let listed = operator.run("key rotate --json").json();
    let first = listed[0]["kid"].as_str().expect("a name").to_owned();
    assert_eq!((&listed[0]["state"], &listed[0]["algorithm"]), (&"signing".into(), &"RS256".into()));

    let rotated = operator.run("key rotate --json").json();
    assert_eq!((&rotated[0]["state"], &rotated[1]["state"]), (&"signing".into(), &"published".into()));
    let again = operator.run("key rotate");
    assert_eq!(again.exit, 1);
    assert!(again.err.contains("published already"), "{}", again.err);

    let serving = operator.serve();
    let retired = operator.run(&format!("key retire {first} --json")).json();
    assert_eq!((&retired[0]["state"], &retired[1]["state"]), (&"retiring".into(), &"signing".into()));
    let removed = operator.run(&format!("key retire {first} --json")).json();
    assert_eq!(removed.as_array().map(Vec::len), Some(1));
    assert_eq!(operator.run("key retire nothing").exit, 1);
    drop(serving);
    assert_eq!(operator.run("key list --json").json(), removed);
}

#[test]
fn no_private_part_and_no_key_is_told_stored_in_the_open_or_logged() {
    let operator = operator();
    let serving = operator.serve();
    let kid = operator.run("key list --json").json()[0]["kid"].as_str().expect("a name").to_owned();
    let said = ["key list", "key list --json", "key rotate --json", "audit list --json"]
        .map(|command| operator.run(command).out);
    let (_, log) = serving.stop();
    assert!(log.contains(&kid), "the log tells which key began");
    let key = fs::read_to_string(operator.data().join("kek")).expect("a key");
    for text in said.iter().chain([&log]) {
        assert!(!text.contains(key.trim_end()) && !text.contains("private") && !text.contains("\"d\""), "{text}");
    }
    // Every PKCS#8 of a P-256 key holds the identifier of its curve, and so would a private part that is not sealed.
    const CURVE: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let log = fs::read(operator.data().join("sled/db")).expect("sled's log");
    assert!(log.windows(kid.len()).any(|part| part == kid.as_bytes()), "the key is in the store");
    assert!(!log.windows(CURVE.len()).any(|part| part == CURVE));
}

#[test]
fn what_is_sealed_is_sealed_under_another_key_and_the_former_opens_nothing() {
    let operator = sealed();
    let ring = operator.run("key rotate --json").json();
    let path = operator.data().join("kek");
    let former = fs::read_to_string(&path).expect("a key");
    let next = "5a".repeat(32);
    write_key(&operator.home().join("next"), &next);

    let said = operator.run("key rewrap --to next");

    assert_eq!(said.exit, 0, "{}", said.err);
    assert!(said.err.contains("backup"), "{}", said.err);
    assert_eq!(fs::read_to_string(&path).expect("a key").trim_end(), next);
    assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(operator.run("key list --json").json(), ring);
    assert_eq!(operator.serve().stop().0, Some(0));

    // As a crash between the store and the file leaves it.
    write_key(&path, former.trim_end());
    assert_eq!(operator.run("key list").exit, 5);
    assert_eq!(operator.run("key rewrap --to next").exit, 0);
    assert_eq!(operator.run("key list --json").json(), ring);
}

/// A moment at which a rewrap may be killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// The new store is being written.
    Building,
    /// It is declared, and so many of its parts are in their places.
    Declared(usize),
    /// It is in its place, and the file of the key is half written.
    KeyHalfWritten,
}

impl Cut {
    /// Makes `data` what a rewrap leaves that was killed then, out of the folder as it was `before` it and is `after` it.
    fn leave(self, data: &Path, before: &Path, after: &Path) {
        const PARTS: [&str; 4] = ["checksum", "witness", "sled", "FORMAT"];
        fs::remove_dir_all(data).expect("removed");
        copy(before, data);
        let (elsewhere, parts_moved) = match self {
            Self::Building => ("building", 0),
            Self::Declared(parts_moved) => ("next", parts_moved),
            Self::KeyHalfWritten => ("next", PARTS.len()),
        };
        fs::create_dir(data.join(elsewhere)).expect("a folder");
        for (number, part) in PARTS.iter().enumerate() {
            if number < parts_moved {
                copy(&after.join(part), &data.join(part));
            } else if self != Self::Building || *part != "checksum" {
                copy(&after.join(part), &data.join(elsewhere).join(part));
            }
        }
        if self == Self::KeyHalfWritten {
            fs::remove_dir(data.join(elsewhere)).expect("removed");
            fs::write(data.join("kek.new"), "5a5a").expect("a file");
        }
    }
}

/// Copies a file or a folder, in the place of what is there.
fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).expect("copied");
        return;
    }
    if to.exists() {
        fs::remove_dir_all(to).expect("removed");
    }
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

#[test]
fn a_rewrap_that_was_killed_at_any_step_is_under_one_of_both_keys_and_is_finished_when_asked_again() {
    let operator = sealed();
    let ring = operator.run("key rotate --json").json();
    let (data, before, after) = (operator.data(), operator.home().join("before"), operator.home().join("after"));
    let next = "5a".repeat(32);
    write_key(&operator.home().join("next"), &next);
    copy(&data, &before);
    assert_eq!(operator.run("key rewrap --to next").exit, 0);
    copy(&data, &after);

    let moves = (0..=4).map(Cut::Declared);
    for cut in [Cut::Building, Cut::KeyHalfWritten].into_iter().chain(moves) {
        cut.leave(&data, &before, &after);
        // Under the former key, which is still in the folder, or under the next one, which is not there yet.
        let listed = operator.run("key list").exit;
        assert_eq!(listed, if cut == Cut::Building { 0 } else { 5 }, "{cut:?}");

        let said = operator.run("key rewrap --to next");

        assert_eq!(said.exit, 0, "{cut:?}: {}", said.err);
        assert_eq!(fs::read_to_string(data.join("kek")).expect("a key").trim_end(), next, "{cut:?}");
        assert_eq!(operator.run("key list --json").json(), ring, "{cut:?}");
        for left in ["building", "next", "kek.new"] {
            assert!(!data.join(left).exists(), "{cut:?} left {left}");
        }
    }
}

#[test]
fn a_key_that_is_elsewhere_is_left_to_whoever_put_it_there() {
    let operator = operator();
    let (elsewhere, next) = (operator.home().join("elsewhere"), operator.home().join("next"));
    write_key(&elsewhere, &"01".repeat(32));
    write_key(&next, &"02".repeat(32));
    let variable = [("HALLMARK_KEYS__KEK_FILE", "elsewhere")];
    assert_eq!(operator.run_in("key rotate", "", &variable).exit, 0);

    let said = operator.run_in("key rewrap --to next", "", &variable);

    assert_eq!(said.exit, 0, "{}", said.err);
    assert!(said.err.contains("put next in the place of elsewhere"), "{}", said.err);
    assert!(!operator.data().join("kek").exists());
    assert_eq!(operator.run_in("key list", "", &variable).exit, 5);
    fs::rename(&next, &elsewhere).expect("a file");
    assert_eq!(operator.run_in("key list", "", &variable).exit, 0);
}

#[test]
fn a_rewrap_that_is_refused_changes_nothing() {
    let operator = operator();
    let next = operator.home().join("next");
    write_key(&next, &"02".repeat(32));
    assert_eq!(operator.run("key rewrap --to next").exit, 1, "there is no store");
    assert_eq!(operator.run("key rotate").exit, 0);
    assert_eq!(operator.run("key rewrap --to nowhere").exit, 3);
    fs::set_permissions(&next, fs::Permissions::from_mode(0o644)).expect("a mode");
    assert_eq!(operator.run("key rewrap --to next").exit, 3);
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).expect("a mode");
    let serving = operator.serve();
    assert_eq!(operator.run("key rewrap --to next").exit, 4);
    drop(serving);
    let path = operator.data().join("kek");
    let key = fs::read_to_string(&path).expect("a key");
    write_key(&path, &"03".repeat(32));
    assert_eq!(operator.run("key rewrap --to next").exit, 5, "the key that is there is not that of the store");
    write_key(&path, key.trim_end());
    assert_eq!(operator.run("key list").exit, 0);
}
