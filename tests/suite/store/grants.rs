//! Grants.

use hallmark::domain::authorization_code::CodeState;
use hallmark::domain::grant::Grant;
use hallmark::domain::time::Lifetime;
use hallmark::secrets::random;
use hallmark::store::Result;

use super::Backend;
use super::samples::{NOW, Story, after, grant, scope};

#[tokio::test]
async fn a_first_consent_is_the_grant_between_person_and_client() -> Result<()> {
    let store = Backend::new().await;
    let answer = grant(random::user_id(), "app", "read:a");

    assert_eq!(store.record_consent(&answer).await?, answer);

    assert_eq!(store.grant(answer.id).await?, Some(answer.clone()));
    assert_eq!(store.grant_between(answer.user_id, &answer.client_id).await?, Some(answer.clone()));
    assert_eq!(store.grants_of(answer.user_id).await?, [(answer.clone(), None)]);
    assert_eq!(store.grant_between(random::user_id(), &answer.client_id).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_second_consent_extends_the_grant_under_its_first_name() -> Result<()> {
    let store = Backend::new().await;
    let first = store.record_consent(&grant(random::user_id(), "app", "read:a")).await?;
    let later = after(Lifetime::days(1));
    let answer = Grant { consented: later, ..grant(first.user_id, "app", "write:a") };

    let extended = store.record_consent(&answer).await?;

    assert_eq!((extended.id, &extended.scope, extended.consented), (first.id, &scope("read:a write:a"), later));
    assert_eq!(store.grants_of(first.user_id).await?, [(extended, None)]);
    assert_eq!(store.grant(answer.id).await?, None);
    Ok(())
}

#[tokio::test]
async fn ending_a_grant_ends_everything_that_hangs_from_it_and_nothing_else() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let other = store.record_consent(&grant(story.user.id, "other", "read:a")).await?;

    assert_eq!(store.end_grant(story.grant.id).await?, Some(story.grant.clone()));

    assert!(!redeemed.is_live(&*store).await?);
    assert_eq!(store.end_grant(story.grant.id).await?, None);
    assert_eq!(store.grants_of(story.user.id).await?, [(other, None)]);
    Ok(())
}

#[tokio::test]
async fn a_code_of_an_ended_grant_brings_nothing_that_is_live() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redemption = story.redemption(story.add_code(&*store).await?);

    store.end_grant(story.grant.id).await?;
    redemption.redeem(&*store).await?;

    assert!(!redemption.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_consent_after_a_withdrawal_begins_a_grant_of_another_name() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    store.end_grant(story.grant.id).await?;

    let again = store.record_consent(&grant(story.user.id, "app", "write:a")).await?;

    assert_ne!(again.id, story.grant.id);
    assert_eq!(again.scope, scope("write:a"));
    assert_eq!(store.grant_between(story.user.id, &story.client.id).await?, Some(again));
    assert!(!redeemed.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_grant_says_when_it_was_last_used_to_get_a_token() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    assert_eq!(store.grants_of(story.user.id).await?, [(story.grant.clone(), None)]);

    story.redeemed(&*store).await?;

    assert_eq!(store.grants_of(story.user.id).await?, [(story.grant.clone(), Some(NOW))]);
    Ok(())
}

#[tokio::test]
async fn a_code_is_kept_live() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;

    let name = story.add_code(&*store).await?;

    assert_eq!(store.code(name).await?, Some(CodeState::Live(story.code())));
    Ok(())
}
