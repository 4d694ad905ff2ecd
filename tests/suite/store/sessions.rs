//! Sessions and devices.

use hallmark::domain::session::Session;
use hallmark::domain::time::Lifetime;
use hallmark::secrets::random;
use hallmark::store::Result;

use super::Backend;
use super::samples::{NOW, after, key, session};

#[tokio::test]
async fn a_session_lasts_from_its_opening_to_its_end() -> Result<()> {
    let store = Backend::new().await;
    let (user, expires) = (random::user_id(), after(Lifetime::days(7)));
    let (cookie, opened) = (key(expires), session(user, expires));
    assert_eq!(store.session(cookie).await?, None);

    store.open_session(cookie, &opened).await?;
    assert_eq!(store.session(cookie).await?, Some(opened.clone()));
    assert_eq!(store.sessions_of(user).await?, [(cookie, opened)]);

    assert!(store.end_session(cookie).await?);
    assert!(!store.end_session(cookie).await?);
    assert_eq!(store.session(cookie).await?, None);
    assert_eq!(store.sessions_of(user).await?, []);
    Ok(())
}

#[tokio::test]
async fn touching_a_session_moves_only_its_last_sight_and_only_on() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::days(7));
    let (cookie, opened) = (key(expires), session(random::user_id(), expires));
    store.open_session(cookie, &opened).await?;
    let later = after(Lifetime::minutes(5));

    store.touch_session(cookie, later).await?;
    store.touch_session(cookie, NOW).await?;

    assert_eq!(store.session(cookie).await?, Some(Session { last_seen: later, ..opened }));
    Ok(())
}

#[tokio::test]
async fn touching_an_ended_session_does_not_bring_it_back() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::days(7));
    let cookie = key(expires);
    store.open_session(cookie, &session(random::user_id(), expires)).await?;
    store.end_session(cookie).await?;

    store.touch_session(cookie, after(Lifetime::minutes(5))).await?;

    assert_eq!(store.session(cookie).await?, None);
    Ok(())
}

#[tokio::test]
async fn all_sessions_of_a_person_end_but_the_one_that_asked_and_nobody_elses() -> Result<()> {
    let store = Backend::new().await;
    let (user, other, expires) = (random::user_id(), random::user_id(), after(Lifetime::days(7)));
    let [mine, asking, theirs] = [key(expires), key(expires), key(expires)];
    for (cookie, user) in [(mine, user), (asking, user), (theirs, other)] {
        store.open_session(cookie, &session(user, expires)).await?;
    }

    assert_eq!(store.end_sessions_of(user, Some(asking)).await?, 1);

    assert_eq!(store.session(mine).await?, None);
    assert!(store.session(asking).await?.is_some() && store.session(theirs).await?.is_some());
    assert_eq!(store.end_sessions_of(user, None).await?, 1);
    assert_eq!(store.sessions_of(user).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_device_is_known_for_the_person_who_signed_in_there() -> Result<()> {
    let store = Backend::new().await;
    let (cookie, user) = (key(after(Lifetime::days(90))), random::user_id());

    store.know_device(cookie, user).await?;

    assert!(store.knows_device(cookie, user).await?);
    assert!(!store.knows_device(cookie, random::user_id()).await?);
    assert!(!store.knows_device(key(after(Lifetime::days(90))), user).await?);
    Ok(())
}
