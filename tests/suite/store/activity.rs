//! What people are told of their accounts.

use hallmark::domain::event::{Event, Recorded};
use hallmark::domain::time::Timestamp;
use hallmark::secrets::random;
use hallmark::store::{KEPT_FACTS, Result};

use super::Backend;

#[tokio::test]
async fn the_latest_facts_about_a_person_are_kept_and_no_more() -> Result<()> {
    let store = Backend::new().await;
    let (user_id, other) = (random::user_id(), random::user_id());
    let fact = |at| Recorded { at: Timestamp(at), event: Event::SignedIn { user_id, address: None } };
    assert_eq!(store.activity_of(user_id).await?, []);

    for at in 0..KEPT_FACTS as u64 + 20 {
        store.add_activity(user_id, &fact(at)).await?;
    }

    let kept = store.activity_of(user_id).await?;
    assert_eq!(kept.len(), KEPT_FACTS);
    assert_eq!(kept.first(), Some(&fact(KEPT_FACTS as u64 + 19)));
    assert_eq!(kept.last(), Some(&fact(20)));
    assert_eq!(store.activity_of(other).await?, []);
    Ok(())
}
