//! The audit trail.

use hallmark::domain::event::{Actor, Event, Recorded};
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::secrets::random;
use hallmark::store::{EventPlace, Horizon, Result};

use super::samples::{NOW, after};
use super::{Backend, horizon, sweep_to};

fn event(at: Timestamp, client: &str) -> Recorded {
    Recorded { at, event: Event::ClientAdded { client_id: client.parse().expect("an identifier") } }
}

#[tokio::test]
async fn the_newest_events_come_first_and_no_more_than_asked_for() -> Result<()> {
    let store = Backend::new().await;
    let events = [event(NOW, "a"), event(NOW, "b"), event(after(Lifetime::minutes(1)), "c")];
    for event in &events {
        store.append_event(event).await?;
    }

    let [a, b, c] = events;
    assert_eq!(store.newest_events(2).await?, [c.clone(), b.clone()]);
    assert_eq!(store.newest_events(9).await?, [c, b, a]);
    Ok(())
}

#[tokio::test]
async fn a_stretch_of_the_trail_is_read_page_by_page() -> Result<()> {
    let store = Backend::new().await;
    let last = after(Lifetime::minutes(1));
    let events = [event(NOW, "a"), event(NOW, "b"), event(NOW, "c"), event(last, "d")];
    for event in &events {
        store.append_event(event).await?;
    }
    let (from, until) = (EventPlace::first_of(NOW), EventPlace::first_of(last));

    let first = store.events(from, until, 2).await?;
    let second = store.events(first[1].0.next(), until, 2).await?;

    let read: Vec<Recorded> = [first, second].concat().into_iter().map(|(_, event)| event).collect();
    assert_eq!(read, events[..3]);
    assert_eq!(store.events(until, from, 9).await?, [], "a stretch that ends before it begins");
    Ok(())
}

#[tokio::test]
async fn an_event_with_every_kind_of_field_is_read_as_it_was_written() -> Result<()> {
    let store = Backend::new().await;
    let (user_id, address) = (random::user_id(), Some([127, 0, 0, 1].into()));
    let facts = [
        Event::LinkMade { purpose: "setup".into(), user_id: None, by: Actor::Operator },
        Event::SessionsEnded { user_id, count: 3, by: Actor::User(user_id) },
        Event::SignInRefused { user_id: Some(user_id), address, reason: "\"wrong\"\n".into() },
    ];
    for fact in facts {
        let recorded = Recorded { at: NOW, event: fact };
        store.append_event(&recorded).await?;
        assert_eq!(store.newest_events(1).await?, [recorded]);
    }
    Ok(())
}

#[tokio::test]
async fn events_are_dropped_when_they_are_older_than_asked_for() -> Result<()> {
    let store = Backend::new().await;
    let (old, new) = (event(NOW, "old"), event(after(Lifetime::seconds(1)), "new"));
    store.append_event(&old).await?;
    store.append_event(&new).await?;

    sweep_to(&*store, Horizon { events: new.at, ..horizon(after(Lifetime::days(1))) }).await?;

    assert_eq!(store.newest_events(9).await?, [new]);
    Ok(())
}
