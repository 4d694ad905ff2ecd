//! The schema of the shared store: who migrates it, and who refuses it.

use std::sync::Arc;

use hallmark::store::postgres::{MIGRATIONS, OpenError, PostgresStore, SCHEMA};
use hallmark::store::{Result, StoreError};

use crate::support::kept::{Database, opening, server};
use crate::support::race::race;

async fn blank() -> Database {
    Database::blank(server().expect("HALLMARK_TEST_STORE")).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn of_any_number_of_nodes_that_migrate_at_once_each_migration_is_run_by_one() -> Result<()> {
    let database = blank().await;
    let url = Arc::new(database.url());

    let ran = race(8, |_| {
        let url = Arc::clone(&url);
        async move { PostgresStore::new(&opening(&url)).expect("settings").migrate().await }
    })
    .await;

    let ran: Vec<_> = ran.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    assert_eq!(ran, MIGRATIONS);
    assert_eq!(PostgresStore::new(&database.opening()).expect("settings").schema().await?, SCHEMA);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_database_that_nobody_migrated_is_not_opened() {
    let database = blank().await;
    let refused = PostgresStore::open(&database.opening()).await.err().expect("a refusal");
    assert!(matches!(refused, OpenError::Behind { found: 0 }));
    assert!(refused.to_string().contains("hallmark store migrate"), "{refused}");
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_database_of_a_later_program_is_neither_opened_nor_migrated() -> Result<()> {
    let database = blank().await;
    let store = PostgresStore::new(&database.opening()).expect("settings");
    store.migrate().await?;
    let later = SCHEMA + 1;
    database.run(&format!("INSERT INTO migrations (number, name) VALUES ({later}, 'of next year')")).await;

    assert!(matches!(store.migrate().await, Err(StoreError::Format { .. })));
    let refused = PostgresStore::open(&database.opening()).await.err();
    assert!(matches!(refused, Some(OpenError::Store(StoreError::Format { .. }))));
    Ok(())
}
