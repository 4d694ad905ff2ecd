//! Guesses.

use std::sync::Arc;

use hallmark::domain::guess::GuessRate;
use hallmark::domain::secret::Digest;
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::store::{Counted, Result, Store};

use super::samples::{NOW, after};
use super::{Backend, sweep_all};
use crate::support::race::race;

const COUNT: Digest = Digest([1; 32]);
const OTHER: Digest = Digest([2; 32]);
const ALL_AT_ONCE: usize = 64;

fn rate(burst: u32, per_minute: u32) -> GuessRate {
    GuessRate::new(burst, per_minute).expect("a rate")
}

/// How many of so many guesses, one after another, are counted.
async fn taken(store: &dyn Store, count: Digest, attempts: usize, now: Timestamp) -> Result<usize> {
    let mut taken = 0;
    for _ in 0..attempts {
        if store.take_guess(count, rate(10, 6), now).await? == Counted::Taken {
            taken += 1;
        }
    }
    Ok(taken)
}

/// How many records the store has.
async fn records(store: &dyn Store) -> Result<usize> {
    let mut snapshot = store.snapshot()?;
    let mut count = 0;
    while let Some(records) = snapshot.next().await? {
        count += records.records.len();
    }
    Ok(count)
}

#[tokio::test]
async fn a_burst_is_counted_and_then_one_at_a_time_and_each_count_is_its_own() -> Result<()> {
    let store = Backend::new().await;

    assert_eq!(taken(&*store, COUNT, 12, NOW).await?, 10);

    let wait = Lifetime::seconds(10);
    assert_eq!(store.take_guess(COUNT, rate(10, 6), NOW).await?, Counted::TooMany(wait));
    assert_eq!(taken(&*store, COUNT, 2, after(wait)).await?, 1);
    assert_eq!(taken(&*store, OTHER, 12, NOW).await?, 10);
    Ok(())
}

#[tokio::test]
async fn what_is_given_back_can_be_taken_again_and_leaves_nothing_to_guess_with_besides() -> Result<()> {
    let store = Backend::new().await;
    for _ in 0..40 {
        assert_eq!(taken(&*store, COUNT, 1, NOW).await?, 1);
        store.give_back_guess(COUNT, rate(10, 6), NOW).await?;
    }
    store.give_back_guess(COUNT, rate(10, 6), NOW).await?;
    store.give_back_guess(OTHER, rate(10, 6), NOW).await?;

    assert_eq!(taken(&*store, COUNT, 12, NOW).await?, 10);
    assert_eq!(taken(&*store, OTHER, 12, NOW).await?, 10);
    Ok(())
}

#[tokio::test]
async fn another_rate_begins_anew() -> Result<()> {
    let store = Backend::new().await;
    assert_eq!(taken(&*store, COUNT, 10, NOW).await?, 10);

    assert_eq!(store.take_guess(COUNT, rate(1, 1), NOW).await?, Counted::Taken);
    assert_eq!(store.take_guess(COUNT, rate(1, 1), NOW).await?, Counted::TooMany(Lifetime::minutes(1)));
    Ok(())
}

#[tokio::test]
async fn a_count_is_what_it_was_when_the_store_is_opened_again() -> Result<()> {
    let store = Backend::new().await;
    assert_eq!(taken(&*store, COUNT, 7, NOW).await?, 7);

    let store = store.reopened().await;

    assert_eq!(taken(&*store, COUNT, 12, NOW).await?, 3);
    Ok(())
}

#[tokio::test]
async fn a_count_that_is_over_goes_and_one_that_is_not_stays() -> Result<()> {
    let store = Backend::new().await;
    let empty = records(&*store).await?;
    taken(&*store, COUNT, 10, NOW).await?;

    for now in [Timestamp(0), NOW, after(Lifetime::seconds(99))] {
        sweep_all(&*store, now).await?;
        assert_eq!(taken(&*store, COUNT, 1, NOW).await?, 0, "{now:?}");
    }

    taken(&*store, OTHER, 10, after(Lifetime::hours(3))).await?;
    sweep_all(&*store, after(Lifetime::hours(3))).await?;
    assert_eq!(records(&*store).await?, empty + 2, "the other count and the order to drop it");
    assert_eq!(taken(&*store, OTHER, 1, after(Lifetime::hours(3))).await?, 0);
    sweep_all(&*store, after(Lifetime::hours(5))).await?;
    assert_eq!(records(&*store).await?, empty);
    Ok(())
}

#[tokio::test]
async fn a_count_that_went_on_outlives_the_first_order_to_drop_it() -> Result<()> {
    let store = Backend::new().await;
    let empty = records(&*store).await?;
    let later = after(Lifetime::hours(2));
    taken(&*store, COUNT, 1, NOW).await?;
    taken(&*store, COUNT, 10, later).await?;

    sweep_all(&*store, later).await?;

    assert_eq!(taken(&*store, COUNT, 1, later).await?, 0);
    sweep_all(&*store, after(Lifetime::hours(4))).await?;
    assert_eq!(records(&*store).await?, empty);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_guesses_at_once_no_more_are_counted_than_a_burst() -> Result<()> {
    let backend = Backend::new().await;
    for round in 0..20 {
        let count = Digest([round; 32]);
        let outcomes = race(ALL_AT_ONCE, |_| {
            let store = Arc::clone(&backend.store);
            async move { store.take_guess(count, rate(10, 6), NOW).await }
        })
        .await;

        let taken = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Counted::Taken)));
        assert_eq!(taken.count(), 10);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn beside_others_that_give_back_and_a_sweep_nothing_is_lost_or_left() -> Result<()> {
    let backend = Backend::new().await;
    let empty = records(&*backend).await?;
    for round in 0..20u64 {
        let later = NOW + Lifetime::hours(3 * round);
        let outcomes = race(ALL_AT_ONCE, |caller| {
            let store = Arc::clone(&backend.store);
            async move {
                if caller % 8 == 0 {
                    return sweep_all(&*store, later).await.map(|_| false);
                }
                let taken = store.take_guess(COUNT, rate(10, 6), later).await? == Counted::Taken;
                if taken && caller % 2 == 0 {
                    store.give_back_guess(COUNT, rate(10, 6), later).await?;
                }
                Ok(taken && caller % 2 == 1)
            }
        })
        .await;

        let kept = outcomes.into_iter().collect::<Result<Vec<bool>>>()?.into_iter().filter(|kept| *kept).count();
        assert_eq!(kept + taken(&*backend, COUNT, 12, later).await?, 10);
    }
    sweep_all(&*backend, NOW + Lifetime::days(7)).await?;
    assert_eq!(records(&*backend).await?, empty);
    Ok(())
}
