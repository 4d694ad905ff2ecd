//! What the shared store says when it cannot know: an outcome that was lost is an error, and nothing happens twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hallmark::store::postgres::{Opening, PostgresStore, Statements};
use hallmark::store::{Grants, Redeemed, Result, StoreError, Tokens};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::samples::Story;
use crate::support::kept::{Database, opening, server};
use crate::support::race::race;

/// A way to the database on which answers can get lost.
struct Way {
    url: String,
    loses: Arc<AtomicBool>,
}

impl Way {
    async fn to(database: &Database) -> Self {
        let mut url = url::Url::parse(&database.url()).expect("a URL");
        let target = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let loses = Arc::<AtomicBool>::default();
        let lost = Arc::clone(&loses);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&target).await.expect("the database");
                let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
                tokio::spawn(pass(near_read, far_write, None));
                tokio::spawn(pass(far_read, near_write, Some(Arc::clone(&lost))));
            }
        });
        Self { url: url.to_string(), loses }
    }

    /// Loses the next answer, and the connection with it.
    fn lose_an_answer(&self) {
        self.loses.store(true, Ordering::SeqCst);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, loses: Option<Arc<AtomicBool>>) {
    let mut buffer = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if loses.as_ref().is_some_and(|loses| loses.swap(false, Ordering::SeqCst)) {
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

async fn database() -> (Database, PostgresStore) {
    let database = Database::empty(server().expect("HALLMARK_TEST_STORE")).await;
    let store = PostgresStore::open(&database.opening()).await.expect("a store");
    (database, store)
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_redemption_whose_answer_was_lost_is_an_error_and_mints_once() -> Result<()> {
    let (database, direct) = database().await;
    let story = Story::begin(&direct).await?;
    let way = Way::to(&database).await;
    // One connection, on which the statement is prepared already: the answer that gets lost is that of the redemption.
    let node = PostgresStore::open(&Opening { connections: 1, ..opening(&way.url) }).await.expect("a store");
    story.redeemed(&node).await?;
    let redemption = story.redemption(story.add_code(&node).await?);

    way.lose_an_answer();
    let lost = redemption.redeem(&node).await;

    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert!(redemption.is_live(&direct).await?, "it happened, and nobody was told");
    let again = story.redemption(redemption.code);
    assert_eq!(again.redeem(&node).await?, Redeemed::Lost);
    assert_eq!(direct.access_token(again.access_key).await?, None);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_rotation_whose_answer_was_lost_is_an_error_and_happened_once() -> Result<()> {
    let (database, direct) = database().await;
    let story = Story::begin(&direct).await?;
    let way = Way::to(&database).await;
    let node = PostgresStore::open(&Opening { connections: 1, ..opening(&way.url) }).await.expect("a store");
    let first = story.redeemed(&node).await?;
    let second = first.rotated();
    assert!(first.rotate_to(&second, &node).await?);
    let third = second.rotated();

    way.lose_an_answer();
    assert!(matches!(second.rotate_to(&third, &node).await, Err(StoreError::Unavailable(_))));

    assert_eq!(direct.family(first.id).await?.as_ref(), Some(&third.family));
    assert!(!second.rotate_to(&second.rotated(), &node).await?, "the token before is not good any more");
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn a_question_whose_answer_was_lost_is_asked_again_on_another_connection() -> Result<()> {
    let (database, direct) = database().await;
    let story = Story::begin(&direct).await?;
    let redeemed = story.redeemed(&direct).await?;
    let way = Way::to(&database).await;
    let node = PostgresStore::open(&Opening { connections: 1, ..opening(&way.url) }).await.expect("a store");
    assert!(redeemed.is_live(&node).await?);

    way.lose_an_answer();

    assert!(redeemed.is_live(&node).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs a PostgreSQL server"]
async fn those_who_ask_together_are_all_told_that_it_failed_and_may_ask_again() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    let redeemed = story.redeemed(&store).await?;
    let hasty = Opening { statement_timeout: Duration::from_millis(100), ..database.opening() };
    let node = Arc::new(PostgresStore::open(&hasty).await.expect("a store"));
    let key = redeemed.access_key;
    let ask = |_| {
        let node = Arc::clone(&node);
        async move { node.credential(key, None).await }
    };
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.expect("locked");

    for answer in race(200, ask).await {
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }

    other.batch_execute("ROLLBACK").await.expect("let go");
    for answer in race(200, ask).await {
        assert!(answer?.is_some());
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn who_goes_away_before_the_answer_takes_it_from_nobody_else() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    let key = story.redeemed(&store).await?.access_key;
    let store = Arc::new(store);
    let asks = || {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.credential(key, None).await })
    };
    let other = database.connect().await;
    other.batch_execute("BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let (leave, stay): (Vec<_>, Vec<_>) = (0..20).map(|_| (asks(), asks())).unzip();
    // Each asked by then, and the first statement waits for the lock.
    let waits = "SELECT pid::text FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while database.texts(waits).await.is_empty() {
        tokio::task::yield_now().await;
    }

    for leaves in &leave {
        leaves.abort();
    }
    other.batch_execute("ROLLBACK").await.expect("let go");

    for stays in stay {
        assert!(stays.await.expect("no panic")?.is_some());
    }
    Ok(())
}

/// Has the database take back every change of a code until it did so `times` times.
fn takes_back(times: u32) -> String {
    format!(
        "CREATE SEQUENCE tries; CREATE FUNCTION take_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'taken back' USING ERRCODE = '40001'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER take_back BEFORE UPDATE ON codes FOR EACH ROW EXECUTE FUNCTION take_back()"
    )
}

const LEAVES_ALONE: &str = "DROP TRIGGER take_back ON codes; DROP FUNCTION take_back; DROP SEQUENCE tries";

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn what_the_database_takes_back_is_tried_again_and_again_but_not_for_ever() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;

    let redemption = story.redemption(story.add_code(&store).await?);
    database.run(&takes_back(3)).await;
    assert_eq!(redemption.redeem(&store).await?, Redeemed::Won);
    database.run(LEAVES_ALONE).await;

    let redemption = story.redemption(story.add_code(&store).await?);
    database.run(&takes_back(1000)).await;
    let refused = redemption.redeem(&store).await;
    let tries = database.texts("SELECT last_value::text FROM tries").await;
    database.run(LEAVES_ALONE).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    assert_eq!(tries, ["8"]);
    assert_eq!(redemption.redeem(&store).await?, Redeemed::Won, "nothing of it had happened");
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn who_waits_for_a_lock_too_long_is_told_so() -> Result<()> {
    let (database, store) = database().await;
    let story = Story::begin(&store).await?;
    let other = database.connect().await;
    other.batch_execute("BEGIN; SELECT * FROM grants FOR UPDATE").await.expect("locked");
    let hasty = Opening { statement_timeout: Duration::from_millis(100), ..database.opening() };
    let node = PostgresStore::open(&hasty).await.expect("a store");

    let refused = node.end_grant(story.grant.id).await;

    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    other.batch_execute("ROLLBACK").await.expect("let go");
    assert!(node.end_grant(story.grant.id).await?.is_some());
    Ok(())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server"]
async fn statements_that_are_not_prepared_do_the_same() -> Result<()> {
    let (database, _) = database().await;
    let opening = Opening { statements: Statements::Unprepared, ..database.opening() };
    let node = PostgresStore::open(&opening).await.expect("a store");
    let story = Story::begin(&node).await?;
    let redeemed = story.redeemed(&node).await?;
    let rotated = redeemed.rotated();

    assert!(redeemed.rotate_to(&rotated, &node).await?);
    assert!(rotated.is_live(&node).await?);
    assert!(node.revoke_access_token(rotated.access_key).await?);
    assert!(!rotated.is_live(&node).await?);
    Ok(())
}
