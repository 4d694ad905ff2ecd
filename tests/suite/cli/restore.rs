//! `restore`: wholly or not at all, and never over what is there unless told so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::cli::backup::{bring_key, installed};
use crate::support::operator::Operator;

#[test]
fn a_restore_brings_people_and_resources_back_into_an_empty_folder() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);

    bring_key(&operator, "fresh");
    let said = operator.run("--data fresh restore it.hallmark");

    assert_eq!(said.exit, 0, "{}", said.err);
    for list in ["user list --json", "resource list --json"] {
        assert_eq!(operator.run(&format!("--data fresh {list}")).json(), operator.run(list).json(), "{list}");
    }
    let (was, is) = (operator.run("audit export").out, operator.run("--data fresh audit export").out);
    let added = is.strip_prefix(&was).unwrap_or_else(|| panic!("{was}\n{is}"));
    assert!(was.contains("\"backup_read\""), "{was}");
    assert!(added.lines().count() == 1 && added.contains("\"backup_restored\""), "{added}");
}

#[test]
fn a_folder_that_is_not_empty_is_refused_and_with_force_kept_aside() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    assert_eq!(operator.run_with("user add later@example.com --password-stdin", "correct horse").exit, 0);

    let refused = operator.run("restore it.hallmark");
    assert_eq!(refused.exit, 1);
    assert!(refused.err.contains("--force"), "{}", refused.err);
    assert!(operator.run("user list").out.contains("later@"));

    let restored = operator.run("restore it.hallmark --force --json").json();
    assert!(!operator.run("user list").out.contains("later@"));
    let aside = restored["aside"].as_str().expect("a folder");
    bring_key(&operator, aside);
    assert!(operator.run(&format!("--data {aside} user list")).out.contains("later@"));
}

#[test]
fn a_folder_of_something_else_is_refused_even_with_force() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let mine = operator.home().join("mine");
    fs::create_dir(&mine).expect("a folder");
    fs::write(mine.join("letter"), "dear").expect("a file");

    assert_eq!(operator.run("--data mine restore it.hallmark --force").exit, 1);

    let left: Vec<_> =
        fs::read_dir(&mine).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(left, ["letter"]);
}

#[test]
fn a_folder_that_a_server_has_is_refused_with_exit_4() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let serving = operator.serve();
    let said = operator.run("restore it.hallmark --force");
    assert_eq!(said.exit, 4);
    assert!(said.err.contains(&serving.pid().to_string()), "{}", said.err);
    assert_eq!(serving.stop().0, Some(0));
    assert!(operator.run("user list").out.contains("p@example.com"));
}

#[test]
fn a_damaged_backup_restores_nothing_and_leaves_no_store() {
    let operator = installed();
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let mut bytes = fs::read(operator.home().join("it.hallmark")).expect("a backup");
    // In the last frame, after every record was read.
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(operator.home().join("damaged.hallmark"), bytes).expect("a file");

    let said = operator.run("--data fresh restore damaged.hallmark");
    assert_eq!(said.exit, 5, "{}", said.err);
    assert!(!operator.home().join("fresh/FORMAT").exists() && !operator.home().join("fresh/building").exists());
    assert_eq!(operator.run("restore damaged.hallmark --force").exit, 5);
    assert!(operator.run("user list").out.contains("p@example.com"), "the store that was there is untouched");

    assert_eq!(operator.run("--data fresh restore it.hallmark").exit, 0, "the folder is as good as empty");
}

#[test]
fn one_time_links_are_over_after_a_restore_unless_they_are_kept_with_a_warning() {
    let operator = installed();
    assert_eq!(operator.run("setup-link").exit, 0);
    assert_eq!(operator.run("backup --out it.hallmark").exit, 0);
    let links = |folder: &str| {
        assert_eq!(operator.run(&format!("--data {folder} backup --out {folder}.hallmark")).exit, 0);
        operator.run(&format!("backup verify {folder}.hallmark --json")).json()["tables"]["links"].clone()
    };

    bring_key(&operator, "plain");
    bring_key(&operator, "kept");
    let plain = operator.run("--data plain restore it.hallmark");
    assert_eq!((plain.exit, plain.err.as_str()), (0, ""));
    assert!(links("plain").is_null());

    let kept = operator.run("--data kept restore it.hallmark --keep-credentials");
    assert_eq!(kept.exit, 0);
    assert!(kept.err.contains("forgotten"), "{}", kept.err);
    assert_eq!(links("kept"), 1);
}

/// What earlier versions wrote: resources, apps, people; the first also tokens of a form that is no more.
const FORMAT_2: (&[u8], &str) =
    (include_bytes!("format_2.hallmark"), "cfaf977086a9e45685b711f15eb6b85dd19a9fe17b3cb02d5138ebac165c8be1\n");
const FORMAT_3: (&[u8], &str) =
    (include_bytes!("format_3.hallmark"), "d4addff46c9360e1e99c6b2c58b852ff156fb6d40d3619f19c3dd795318ed6da\n");

const FORMAT_4: (&[u8], &str) =
    (include_bytes!("format_4.hallmark"), "611e439c3c8e9dfa094fbab671cd3164389234015ad1dbaa2cffeddce69e2327\n");

const FORMAT_5: (&[u8], &str) =
    (include_bytes!("format_5.hallmark"), "58970a0004f1bfa1b66c71266ed498aa0136087c324fa72f0fc1592cad1b31ee\n");

/// An operator with `old.hallmark` and an empty folder `fresh` that has its key.
fn with_backup((backup, key): (&[u8], &str)) -> Operator {
    let operator = installed();
    fs::write(operator.home().join("old.hallmark"), backup).expect("a file");
    fs::create_dir(operator.home().join("fresh")).expect("a folder");
    fs::write(operator.home().join("fresh/kek"), key).expect("a key");
    fs::set_permissions(operator.home().join("fresh/kek"), fs::Permissions::from_mode(0o600)).expect("a mode");
    operator
}

#[test]
fn a_backup_of_an_earlier_format_comes_back_without_its_tokens() {
    let operator = with_backup(FORMAT_2);

    assert_eq!(operator.run("backup verify old.hallmark").exit, 0);
    let refused = operator.run("--data fresh restore old.hallmark --keep-credentials");
    assert_eq!(refused.exit, 1);
    assert!(refused.err.contains("leave --keep-credentials out"), "{}", refused.err);

    let restored = operator.run("--data fresh restore old.hallmark --json").json();
    assert_eq!((&restored["restored"], &restored["ended"]), (&23.into(), &10.into()));
    assert!(operator.run("--data fresh user list").out.contains("person@example.com"));
    assert!(operator.run("--data fresh app list").out.contains("app"));
}

#[test]
fn a_backup_of_a_store_without_members_comes_back_whole() {
    let operator = with_backup(FORMAT_3);

    assert_eq!(operator.run("backup verify old.hallmark").exit, 0);
    assert_eq!(operator.run("--data fresh restore old.hallmark --keep-credentials --json").json()["restored"], 16);

    assert!(operator.run("--data fresh user list").out.contains("boss@example.com"));
    let app = &operator.run("--data fresh app list --json").json()[0];
    assert_eq!((&app["client_id"], &app["scope"]), (&"app".into(), &"read:cmdb-object:jira".into()));
}

#[test]
fn an_app_that_was_installed_before_there_were_connect_apps_still_is() {
    let operator = with_backup(FORMAT_4);

    assert_eq!(operator.run("backup verify old.hallmark").exit, 0);
    assert_eq!(operator.run("--data fresh restore old.hallmark --keep-credentials --json").json()["restored"], 25);

    let installed = &operator.run("--data fresh installation list --json").json();
    assert!(installed.to_string().contains("a1f638de-2147-4ac6-aed7-8965bb71a5e0"), "{installed}");
    assert!(operator.run("--data fresh resource list").out.contains("write:cmdb-object:jira"));
}

#[test]
fn a_store_that_was_kept_before_there_were_roles_comes_back_whole_and_takes_them() {
    let operator = with_backup(FORMAT_5);

    assert_eq!(operator.run("backup verify old.hallmark").exit, 0);
    assert_eq!(operator.run("--data fresh restore old.hallmark --keep-credentials --json").json()["restored"], 40);

    let members = operator.run("--data fresh site members https://acme.example --json").json();
    assert_eq!((&members[0]["email"], &members[0]["standing"]), (&"ann@example.com".into(), &"admin".into()));
    assert!(operator.run("--data fresh installation list").out.contains("Object mirror"));
    assert!(operator.run("--data fresh container list").out.contains("Nightly import"));
    let resource = &operator.run("--data fresh resource list --json").json()[0];
    assert_eq!((&resource["connect"]["mode"], &resource["api_tokens"]), (&"compatible".into(), &"everything".into()));
    assert_eq!(operator.run("--data fresh group add Field").exit, 0);
}
