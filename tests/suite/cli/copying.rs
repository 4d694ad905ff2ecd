//! `store copy`: from a data folder into a database and back, cut anywhere, and never half. Without a PostgreSQL server there is
//! nothing to try.

use std::fs;

use hallmark::store::kept::Copying;
use hallmark::store::postgres::PostgresStore;
use hallmark::store::sled::SledStore;
use hallmark::store::{Keys, Portable};
use sha2::{Digest, Sha256};

use super::backup::{bring_key, installed};
use crate::support::kept::{Database, server};
use crate::support::operator::{Operator, Said};

const COPY: &str = "store copy --from data --to-url-file url --json";

/// An operator with a store in the folder and a database beside it.
async fn moving() -> (Operator, Database) {
    let database = Database::blank(server().expect("HALLMARK_TEST_STORE")).await;
    let operator = installed();
    fs::write(operator.home().join("url"), format!("{}\n", database.url())).expect("a file");
    (operator, database)
}

/// Runs a command on the database.
fn there(operator: &Operator, database: &Database, command: &str) -> Said {
    operator.run_in(command, "", &[("HALLMARK_STORE__URL", &database.url())])
}

/// Brings so many parts of the store in, as a copy that was killed then.
async fn bring_in(operator: &Operator, database: &Database, parts: usize) {
    let source = SledStore::open(&operator.data(), 8).expect("a store");
    let check = source.seal_check().await.expect("read").expect("a check");
    let target = PostgresStore::new(&database.opening()).expect("settings");
    target.migrate().await.expect("a schema");
    let mut copying = Copying::of(Sha256::digest(check).into());
    target.begin_copy(&copying).await.expect("begun");
    let mut snapshot = source.snapshot().expect("a snapshot");
    for _ in 0..parts {
        let Some(records) = snapshot.next().await.expect("read") else { break };
        copying = target.carry(records, &copying).await.expect("carried");
    }
    drop(snapshot);
    source.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn everything_moves_into_a_database_and_back_into_a_folder() {
    let (operator, database) = moving().await;
    let copied = operator.run(COPY);
    assert_eq!(copied.json()["different"], serde_json::json!([]), "{}", copied.out);

    let people = operator.run("user list").out;
    assert!(people.contains("p@example.com"));
    assert_eq!(there(&operator, &database, "user list").out, people);

    assert_eq!(operator.run("store copy --from-url-file url --to other").exit, 0);
    bring_key(&operator, "other");
    assert_eq!(operator.run("--data other user list").out, people);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_copy_that_was_cut_goes_on_and_until_then_nobody_opens_what_is_there() {
    let (operator, database) = moving().await;
    bring_in(&operator, &database, 3).await;
    let refused = there(&operator, &database, "user list");
    assert_eq!(refused.exit, 5, "{}", refused.err);
    assert!(refused.err.contains("`hallmark store copy` again"), "{}", refused.err);
    let as_source = operator.run("store copy --from-url-file url --to other");
    assert!(as_source.exit == 5 && as_source.err.contains("not everything is there"), "{}", as_source.err);

    let copied = operator.run(COPY).json();

    assert_eq!(copied["went_on"], true);
    assert_eq!(there(&operator, &database, "user list").out, operator.run("user list").out);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_target_that_is_not_what_the_source_is_does_not_open() {
    let (operator, database) = moving().await;
    bring_in(&operator, &database, usize::MAX).await;
    database.run("UPDATE users SET record = record || '\\x00'; DELETE FROM members").await;

    let damaged = operator.run(COPY);
    assert_eq!(damaged.exit, 5, "{}{}", damaged.out, damaged.err);
    assert!(damaged.out.contains("users") && damaged.out.contains("members"), "{}", damaged.out);
    assert_eq!(there(&operator, &database, "user list").exit, 5);

    let anew = operator.run(&format!("{COPY} --anew")).json();

    assert_eq!((&anew["went_on"], &anew["different"]), (&false.into(), &serde_json::json!([])));
    assert_eq!(there(&operator, &database, "user list").exit, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn what_is_there_is_never_copied_over() {
    let (operator, _database) = moving().await;
    assert_eq!(operator.run(COPY).exit, 0);

    let again = operator.run(COPY);
    assert!(again.exit == 1 && again.err.contains("is in use"), "{}", again.err);
    let back = operator.run("store copy --from-url-file url --to data");
    assert!(back.exit == 1 && back.err.contains("not empty"), "{}", back.err);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_copy_of_one_store_does_not_go_on_with_another() {
    let (operator, database) = moving().await;
    bring_in(&operator, &database, 2).await;
    let other = installed();
    fs::write(other.home().join("url"), database.url()).expect("a file");

    let refused = other.run(COPY);

    assert!(refused.exit == 1 && refused.err.contains("a part of another store"), "{}", refused.err);
    assert_eq!(operator.run(COPY).exit, 0);
}

#[test]
fn no_password_is_given_on_the_command_line_and_no_folder_is_copied_to_a_folder() {
    let operator = installed();
    let seen = operator.run("store copy --from data --to postgres://hallmark:sesame@localhost/hallmark");
    assert!(seen.exit == 2 && seen.err.contains("--to-url-file") && !seen.err.contains("sesame"), "{}", seen.err);
    let folders = operator.run("store copy --from data --to other");
    assert!(folders.exit == 2 && folders.err.contains("hallmark restore"), "{}", folders.err);
    let nothing = operator.run("store copy --from data --to configured");
    assert!(nothing.exit == 3 && nothing.err.contains("store.url"), "{}", nothing.err);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn a_store_that_is_served_is_not_copied() {
    let (operator, _database) = moving().await;
    let _serving = operator.serve();
    let refused = operator.run(COPY);
    assert!(refused.exit == 4 && refused.err.contains("stop it first"), "{}", refused.err);
}
