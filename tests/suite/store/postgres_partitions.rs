//! Partitions of the shared store: there before they are needed, and gone as a whole.

use hallmark::domain::access_token::AccessToken;
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::store::postgres::PostgresStore;
use hallmark::store::{Result, Tokens};

use super::samples::{NOW, Story, after, is_live, key};
use super::sweep_all;
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
    sweep_all(&store, later).await?;

    let left = partitions(&database, "tokens").await;
    let ahead: Vec<_> = (1..3).map(|more| format!("tokens_{}", later.0 / 3600 + more)).collect();
    assert!(!left.contains(&ended), "{left:?}");
    assert!(ahead.iter().all(|name| left.contains(name)), "{left:?} has {ahead:?}");
    assert_eq!(store.access_token(redeemed.access_key).await?, None);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_sweep_that_has_nothing_to_do_makes_and_drops_nothing() -> Result<()> {
    let (database, store) = database().await;
    for now in [NOW, after(Lifetime::hours(5))] {
        sweep_all(&store, now).await?;
        let names = "SELECT inhrelid::text FROM pg_inherits ORDER BY 1";
        let before = database.texts(names).await;

        assert_eq!(sweep_all(&store, now).await?, 1);

        assert_eq!(database.texts(names).await, before);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_token_whose_partition_another_node_made_or_dropped_is_found_or_not() -> Result<()> {
    let (database, store) = database().await;
    let other = PostgresStore::open(&database.opening()).await.expect("a store");
    let story = Story::begin(&store).await?;
    let token = AccessToken { expires: after(Lifetime::hours(9)), ..story.client_token() };
    let key = key(token.expires);

    assert!(!is_live(&other, key).await?);
    store.keep_access_token(key, &token).await?;
    for _ in 0..3 {
        assert!(is_live(&other, key).await?);
    }
    sweep_all(&store, after(Lifetime::days(1))).await?;
    assert!(!is_live(&other, key).await?);

    store.keep_access_token(key, &token).await?;
    assert!(is_live(&other, key).await?);
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
    sweep_all(&store, later).await?;
    assert!(partitions(&database, "tokens").await.contains(&ended));
    let other = key(after(Lifetime::days(2)));
    store.keep_access_token(other, &story.client_token()).await?;
    assert!(is_live(&store, other).await?);

    reader.batch_execute("COMMIT").await.expect("done");
    sweep_all(&store, later).await?;
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
                sweep_all(&node, later).await
            })
        })
        .collect();
    for sweep in sweeps {
        sweep.await.expect("no panic")?;
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
