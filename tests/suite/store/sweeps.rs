//! The sweep.

use hallmark::domain::link::{LinkPurpose, OneTimeLink};
use hallmark::domain::secret::Digest;
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::secrets::random;
use hallmark::store::{Horizon, Result, Swept};

use super::samples::{NOW, Story, after, grant, key, pushed_request, session, transaction};
use super::{Backend, horizon, sweep_all, sweep_to};

#[tokio::test]
async fn what_has_not_expired_stays_however_often_it_is_swept() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let live_code = story.add_code(&*store).await?;
    let expires = after(Lifetime::minutes(30));
    let [cookie, link, pushed, opened] = [key(expires), key(expires), key(expires), key(expires)];
    store.open_session(cookie, &session(story.user.id, expires)).await?;
    store.know_device(cookie, story.user.id).await?;
    store.add_link(link, &OneTimeLink { purpose: LinkPurpose::Setup, expires }).await?;
    store.push_request(pushed, &pushed_request()).await?;
    store.open_transaction(opened, &transaction()).await?;
    store.spend_assertion(Digest([1; 32]), expires).await?;

    for now in [Timestamp(0), NOW, Timestamp(expires.0 - 1)] {
        sweep_all(&*store, now).await?;
    }

    assert!(redeemed.is_live(&*store).await?);
    assert!(store.code(live_code).await?.is_some());
    assert!(store.session(cookie).await?.is_some() && store.knows_device(cookie, story.user.id).await?);
    assert!(store.link(link).await?.is_some());
    assert!(store.pushed_request(pushed).await?.is_some() && store.transaction(opened).await?.is_some());
    assert!(!store.spend_assertion(Digest([1; 32]), expires).await?);
    Ok(())
}

#[tokio::test]
async fn the_families_of_a_withdrawn_grant_go_and_those_of_others_stay() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let kept = store.record_consent(&grant(story.user.id, "other", "read:a")).await?;
    let (mut withdrawn, mut others) = (Vec::new(), Vec::new());
    for _ in 0..150 {
        withdrawn.push(story.redeemed(&*store).await?.id);
        let mut other = story.redemption(story.add_code(&*store).await?);
        other.family.grant_id = kept.id;
        other.redeem(&*store).await?;
        others.push(other.id);
    }

    store.end_grant(story.grant.id).await?;
    sweep_all(&*store, NOW).await?;

    for id in withdrawn {
        assert_eq!(store.family(id).await?, None);
    }
    for id in others {
        assert!(store.family(id).await?.is_some());
    }
    Ok(())
}

#[tokio::test]
async fn what_has_expired_goes_within_two_hours() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let live_code = story.add_code(&*store).await?;
    let expires = after(Lifetime::minutes(30));
    let [cookie, link, pushed, opened] = [key(expires), key(expires), key(expires), key(expires)];
    store.open_session(cookie, &session(story.user.id, expires)).await?;
    store.know_device(cookie, story.user.id).await?;
    store.add_link(link, &OneTimeLink { purpose: LinkPurpose::Setup, expires }).await?;
    store.push_request(pushed, &pushed_request()).await?;
    store.open_transaction(opened, &transaction()).await?;
    store.spend_assertion(Digest([1; 32]), expires).await?;

    sweep_all(&*store, after(Lifetime::hours(3))).await?;

    assert_eq!(store.access_token(redeemed.access_key).await?, None);
    assert_eq!(store.code(live_code).await?, None);
    assert_eq!(store.session(cookie).await?, None);
    assert_eq!(store.sessions_of(story.user.id).await?, []);
    assert!(!store.knows_device(cookie, story.user.id).await?);
    assert_eq!(store.link(link).await?, None);
    assert_eq!(store.pushed_request(pushed).await?, None);
    assert_eq!(store.transaction(opened).await?, None);
    // Which assertions of that hour were used is forgotten: if the clock steps back, all of them count as used.
    assert!(!store.spend_assertion(Digest([1; 32]), expires).await?);
    assert!(!store.spend_assertion(Digest([2; 32]), expires).await?);
    assert!(store.spend_assertion(Digest([2; 32]), after(Lifetime::hours(4))).await?);
    assert!(store.family(redeemed.id).await?.is_some(), "a family of a year is not over after three hours");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sweep_is_bounded_and_says_that_more_is_left() -> Result<()> {
    let store = Backend::new().await;
    let user = random::user_id();
    let later = after(Lifetime::hours(2));
    // What it does once for each hour is done.
    sweep_all(&*store, later).await?;
    for _ in 0..4500 {
        store.know_device(key(NOW), user).await?;
    }
    let live = key(after(Lifetime::days(1)));
    store.know_device(live, user).await?;

    assert_eq!(store.sweep(horizon(later)).await?, Swept::MoreLeft);
    assert_eq!(store.sweep(horizon(later)).await?, Swept::MoreLeft);
    assert_eq!(store.sweep(horizon(later)).await?, Swept::Clean);

    assert!(store.knows_device(live, user).await?);
    Ok(())
}

#[tokio::test]
async fn a_clock_beyond_every_hour_sweeps_everything_and_does_not_overflow() -> Result<()> {
    let store = Backend::new().await;
    let cookie = key(Timestamp(u64::MAX));
    store.know_device(cookie, random::user_id()).await?;

    sweep_all(&*store, Timestamp(u64::MAX)).await?;
    Ok(())
}

#[tokio::test]
async fn what_a_rotation_was_derived_with_is_erased_once_nobody_can_ask_again() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    let second = first.rotated();
    assert!(first.rotate_to(&second, &*store).await?);

    sweep_to(&*store, Horizon { rotations: Timestamp(NOW.0 - 1), ..horizon(NOW) }).await?;
    assert_eq!(store.family(first.id).await?.as_ref(), Some(&second.family));

    sweep_all(&*store, NOW).await?;
    let erased = second.family.clone().without_rotation_of(NOW).expect("a rotation");
    assert_eq!(store.family(first.id).await?, Some(erased));
    assert!(second.is_live(&*store).await?, "the family itself goes on");
    Ok(())
}

#[tokio::test]
async fn a_later_rotation_is_not_erased_with_the_one_before() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    let second = first.rotated();
    assert!(first.rotate_to(&second, &*store).await?);
    let third = second.rotated_at(after(Lifetime::seconds(20)));
    assert!(second.rotate_to(&third, &*store).await?);

    sweep_all(&*store, NOW).await?;

    assert_eq!(store.family(first.id).await?.as_ref(), Some(&third.family));
    Ok(())
}
