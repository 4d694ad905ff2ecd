//! Partitions of the shared store: there before they are needed, and gone as a whole.

use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::store::postgres::PostgresStore;
use hallmark::store::{Result, Store, Swept, Tokens};

use super::horizon;
use super::samples::{Story, after, is_live, key};
use crate::support::kept::{Database, server};

async fn database() -> (Database, PostgresStore) {
    let database = Database::empty(server().expect("HALLMARK_TEST_STORE")).await;
    let store = PostgresStore::open(&database.opening()).await.expect("a store");
    (database, store)
}

/// The partitions of a table.
async fn partitions(database: &Database, table: &str) -> Vec<String> {
    let names =
        format!("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{table}'::regclass ORDER BY 1");
    database.texts(&names).await
}

fn hour(at: Timestamp) -> u64 {
    at.0.div_ceil(3600)
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn the_sweep_makes_the_next_hours_ahead_and_drops_what_is_over_as_a_whole() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    let redeemed = story.redeemed(&store).await?;
    let ended = format!("tokens_{}", hour(redeemed.access.expires));
    assert!(partitions(&database, "tokens").await.contains(&ended));

    let later = after(Lifetime::days(1));
    assert_eq!(store.sweep(horizon(later)).await?, Swept::Clean);

    let left = partitions(&database, "tokens").await;
    let ahead: Vec<_> = (1..3).map(|more| format!("tokens_{}", later.0 / 3600 + more)).collect();
    assert!(!left.contains(&ended), "{left:?}");
    assert!(ahead.iter().all(|name| left.contains(name)), "{left:?} has {ahead:?}");
    assert_eq!(store.access_token(redeemed.access_key).await?, None);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_partition_that_somebody_reads_is_dropped_by_a_later_sweep_and_nobody_waits() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    let redeemed = story.redeemed(&store).await?;
    let ended = format!("tokens_{}", hour(redeemed.access.expires));
    let later = after(Lifetime::days(1));

    let reader = database.connect().await;
    reader.batch_execute(&format!("BEGIN; SELECT count(*) FROM {ended}")).await.expect("read");
    store.sweep(horizon(later)).await?;
    assert!(partitions(&database, "tokens").await.contains(&ended));
    let other = key(after(Lifetime::days(2)));
    store.keep_access_token(other, &story.client_token()).await?;
    assert!(is_live(&store, other).await?);

    reader.batch_execute("COMMIT").await.expect("done");
    store.sweep(horizon(later)).await?;
    assert!(!partitions(&database, "tokens").await.contains(&ended));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a PostgreSQL server"]
async fn nodes_that_sweep_and_write_at_once_do_not_get_into_each_others_way() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    story.redeemed(&store).await?;
    let later = after(Lifetime::days(3));
    let sweeps: Vec<_> = (0..4)
        .map(|_| {
            let opening = database.opening();
            tokio::spawn(async move {
                let node = PostgresStore::open(&opening).await.expect("a store");
                node.sweep(horizon(later)).await
            })
        })
        .collect();
    for sweep in sweeps {
        assert_eq!(sweep.await.expect("no panic")?, Swept::Clean);
    }
    // A node that knows of a partition only because it made it writes where another made it meanwhile.
    for hours in 0..5 {
        let expires = later + Lifetime::hours(hours + 1);
        let token = key(expires);
        store.keep_access_token(token, &story.client_token()).await?;
        assert!(store.access_token(token).await?.is_some());
    }
    Ok(())
}
