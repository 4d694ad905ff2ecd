//! Several servers, and commands beside them, on one database.

use std::path::Path;

use serde_json::Value;

use crate::support::kept::{Database, server};
use crate::support::operator::{Operator, operator};

/// A database in which nothing is, and an operator's environment that names it.
async fn blank() -> (Database, String) {
    let database = Database::blank(server().expect("HALLMARK_TEST_STORE")).await;
    let url = database.url();
    (database, url)
}

fn names(url: &str) -> [(&str, &str); 1] {
    [("HALLMARK_STORE__URL", url)]
}

fn bring_key(from: &Operator, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    std::fs::copy(from.data().join("kek"), to.join("kek")).expect("a key");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_server_migrates_as_it_starts_and_other_commands_ask_for_it() {
    let (_database, url) = blank().await;
    let operator = operator();

    let said = operator.run_in("user list", "", &names(&url));
    assert_eq!(said.exit, 5, "{}", said.err);
    assert!(said.err.contains("hallmark store migrate"), "{}", said.err);
    let by_hand = [("HALLMARK_STORE__URL", url.as_str()), ("HALLMARK_STORE__MIGRATE", "by_hand")];
    assert_eq!(operator.run_in("serve", "", &by_hand).exit, 5);

    let _serving = operator.serve_in(&names(&url));
    assert_eq!(operator.run_in("store migrate --json", "", &names(&url)).json()["ran"], Value::Array(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_migration_by_hand_says_what_ran() {
    let (_database, url) = blank().await;
    let operator = operator();

    let ran = operator.run_in("store migrate --json", "", &names(&url)).json();
    assert_eq!(ran["ran"][0], serde_json::json!({ "number": 1, "name": "tables" }));
    assert_eq!(operator.run_in("user list", "", &names(&url)).exit, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn what_one_node_was_told_every_other_knows_and_so_does_a_command_beside_them() {
    let (_database, url) = blank().await;
    let (one, other, beside) = (operator(), operator(), operator());
    let _first = one.serve_in(&names(&url));
    bring_key(&one, &other.data());
    bring_key(&one, &beside.data());
    let _second = other.serve_in(&names(&url));

    let invited = one.run_in("user invite ann@example.com --name Ann", "", &names(&url));
    assert_eq!(invited.exit, 0, "{}", invited.err);
    let site = beside.run_in("site add --name Elsewhere --json", "", &names(&url));
    assert_eq!(site.exit, 0, "{}", site.err);

    for operator in [&one, &other, &beside] {
        let users = operator.run_in("user list --json", "", &names(&url)).json();
        assert!(users.to_string().contains("ann@example.com"), "{users}");
        let sites = operator.run_in("site list --json", "", &names(&url)).json();
        assert!(sites.to_string().contains("Elsewhere"), "{sites}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_node_without_the_key_or_with_another_does_not_start() {
    let (_database, url) = blank().await;
    let (one, other) = (operator(), operator());
    drop(one.serve_in(&names(&url)));

    let without = other.run_in("serve", "", &names(&url));
    assert_eq!(without.exit, 5, "{}", without.err);
    assert!(without.err.contains("from a node that serves"), "{}", without.err);
    std::fs::write(other.data().join("kek"), "0f".repeat(32)).expect("a file");
    std::fs::set_permissions(other.data().join("kek"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("a mode");
    let with_another = other.run_in("serve", "", &names(&url));
    assert_eq!(with_another.exit, 5, "{}", with_another.err);
    assert!(with_another.err.contains("every node needs the same"), "{}", with_another.err);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_database_is_told_of_by_check_and_by_doctor_with_no_word_of_its_url() {
    let (_database, url) = blank().await;
    let operator = operator();
    let found = |command: &str, what: &str| {
        let said = operator.run_in(command, "", &names(&url));
        let told: Value = serde_json::from_str(&said.out).expect(&said.out);
        assert!(!said.out.contains(&url), "{}", said.out);
        let findings = told["findings"].as_array().expect("findings").clone();
        findings.into_iter().find(|finding| finding["what"] == what).map(|finding| finding["state"].clone())
    };
    for command in ["store check --json", "doctor --json"] {
        assert_eq!(found(command, "schema"), Some("wrong".into()), "{command}");
        assert_eq!(found(command, "partitions"), None, "{command}");
    }

    let _serving = operator.serve_in(&names(&url));

    for command in ["store check --json", "doctor --json"] {
        for (what, state) in [("schema", "good"), ("writes", "good"), ("clock of the database", "good")] {
            assert_eq!(found(command, what), Some(state.into()), "{command}: {what}");
        }
    }
    assert_eq!(found("doctor --json", "store"), Some("good".into()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_second_server_on_one_folder_leaves_the_socket_to_the_first() {
    let (_database, url) = blank().await;
    let operator = operator();
    let first = operator.serve_in(&names(&url));
    let second = operator.serve_in(&[("HALLMARK_STORE__URL", &url), ("ROCKET_PORT", "0")]);
    second.log_with("no control socket");

    let (exit, _) = second.stop();

    assert_eq!(exit, Some(0));
    assert_eq!(operator.run_in("ready", "", &names(&url)).exit, 0, "the first still listens");
    drop(first);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn the_story_is_the_same_on_a_database_and_is_told_on_an_empty_one_alone() {
    let (_database, url) = blank().await;
    let operator = operator();

    let walked = operator.run_in("demo --walk", "", &names(&url));
    assert_eq!(walked.exit, 0, "{}{}", walked.out, walked.err);
    let again = operator.run_in("demo --walk", "", &names(&url));
    assert_eq!(again.exit, 1, "{}", again.err);
    assert!(again.err.contains("in use"), "{}", again.err);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_backup_of_a_database_is_restored_into_a_folder() {
    let (_database, url) = blank().await;
    let (operator, elsewhere) = (operator(), operator());
    let serving = operator.serve_in(&names(&url));
    assert_eq!(operator.run_in("user invite ann@example.com --name Ann", "", &names(&url)).exit, 0);
    let served = operator.run_in("backup --out served.hallmark --json", "", &names(&url)).json();
    drop(serving);
    let beside = operator.run_in("backup --out beside.hallmark --json", "", &names(&url)).json();
    assert!(served["records"].as_u64().is_some_and(|records| beside["records"].as_u64() >= Some(records)), "{beside}");

    bring_key(&operator, &elsewhere.data());
    let restored = elsewhere.run(&format!("restore {}", operator.home().join("beside.hallmark").display()));
    assert_eq!(restored.exit, 0, "{}", restored.err);
    assert!(elsewhere.run("user list").out.contains("ann@example.com"));
}
