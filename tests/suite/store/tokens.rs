//! Codes redeemed, access tokens, and families of refresh tokens.

use std::sync::Arc;

use hallmark::domain::access_token::AccessToken;
use hallmark::domain::authorization_code::CodeState;
use hallmark::domain::refresh_token::{Family, FamilyEnd, FamilyState};
use hallmark::domain::time::Lifetime;
use hallmark::store::{Issued, Redeemed, Result};

use super::samples::{NOW, Story, after, is_live, key, resource};
use super::{Backend, sweep_all};
use crate::support::race::race;

#[tokio::test]
async fn redeeming_a_code_spends_it_and_begins_its_family() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redemption = story.redemption(story.add_code(&*store).await?);

    assert_eq!(redemption.redeem(&*store).await?, Redeemed::Won);

    let spent = CodeState::Spent { client_id: story.client.id.clone(), family: redemption.id };
    assert_eq!(store.code(redemption.code).await?, Some(spent));
    assert_eq!(store.family(redemption.id).await?, Some(redemption.family.clone()));
    assert_eq!(store.access_token(redemption.access_key).await?, Some(redemption.access.clone()));
    assert!(redemption.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_the_second_attempt_leaves_nothing() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    let second = story.redemption(first.code);

    assert_eq!(second.redeem(&*store).await?, Redeemed::Lost);

    assert_eq!(store.access_token(second.access_key).await?, None);
    assert_eq!(store.family(second.id).await?, None);
    assert!(first.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_code_that_was_never_kept_is_not_redeemed() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redemption = story.redemption(key(after(Lifetime::minutes(1))));

    assert_eq!(redemption.redeem(&*store).await?, Redeemed::Lost);

    assert_eq!(store.code(redemption.code).await?, None);
    assert!(!redemption.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_credential_holds_everything_that_its_token_hangs_from() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;

    let credential = store.credential(redeemed.access_key, None).await?.expect("a credential");

    assert_eq!(credential.token, redeemed.access);
    assert_eq!(credential.client.as_deref(), Some(&story.client));
    assert_eq!(credential.site, Some(story.site));
    let owner = credential.owner.expect("an owner");
    assert_eq!(owner.user, Some(story.user));
    assert_eq!(owner.grant, Some(story.grant));
    assert!(owner.family_is_live);
    assert!(store.credential(key(redeemed.access.expires), None).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn who_asks_and_what_is_asked_about_are_found_together_or_each_alone() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let (api, nobody) = (resource("forms", "https://forms.example"), "nobody".parse().expect("an identifier"));
    store.add_resource(&api, &[]).await?;
    let (known, unknown) = (redeemed.access_key, key(redeemed.access.expires));

    for (name, asker) in [(&api.id, Some(&api)), (&nobody, None), (&story.client.id, None)] {
        let asked = store.asked(name, known).await?;
        assert_eq!(asked.asker.as_deref(), asker);
        let credential = asked.credential.expect("a credential");
        assert_eq!(credential.token, redeemed.access);
        assert!(credential.owner.is_some_and(|owner| owner.user == Some(story.user.clone()) && owner.family_is_live));

        let asked = store.asked(name, unknown).await?;
        assert_eq!(asked.asker.as_deref(), asker);
        assert!(asked.credential.is_none());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_ask_at_once_each_is_told_about_their_own() -> Result<()> {
    const ASKERS: usize = 600;
    let store = Backend::new().await;
    let story = Arc::new(Story::begin(&*store).await?);
    let names: Vec<_> =
        (0..3).map(|number| resource(&format!("api-{number}"), &format!("https://{number}.example"))).collect();
    for api in &names {
        store.add_resource(api, &[]).await?;
    }
    // Every third token is not there, and half of these are of an hour of which nothing is.
    let tokens: Vec<_> = (0..ASKERS)
        .map(|number| {
            let lifetime = match number % 6 {
                0 => Lifetime::days(2),
                _ => Lifetime::minutes(20 * (number as u64 % 9 + 1)),
            };
            (key(after(lifetime)), AccessToken { expires: after(lifetime), ..story.client_token() })
        })
        .collect();
    for (key, token) in tokens.iter().enumerate().filter(|(number, _)| number % 3 > 0).map(|(_, token)| token) {
        store.keep_access_token(*key, token).await?;
    }
    let (names, tokens) = (Arc::new(names), Arc::new(tokens));

    race(ASKERS, |number| {
        let (store, names, tokens) = (Arc::clone(&store.store), Arc::clone(&names), Arc::clone(&tokens));
        async move {
            let (api, (key, token)) = (&names[number / 3 % 3], &tokens[number]);
            let asked = store.asked(&api.id, *key).await.expect("an answer");
            assert_eq!(asked.asker.as_deref(), Some(api));
            assert_eq!(asked.credential.map(|credential| credential.token).as_ref(), (number % 3 > 0).then_some(token));
        }
    })
    .await;
    Ok(())
}

#[tokio::test]
async fn a_token_of_a_client_for_itself_has_no_owner() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let (name, token) = (key(story.client_token().expires), story.client_token());

    store.keep_access_token(name, &token).await?;

    let credential = store.credential(name, None).await?.expect("a credential");
    assert!(credential.owner.is_none());
    assert!(is_live(&*store, name).await?);
    Ok(())
}

#[tokio::test]
async fn a_revoked_access_token_is_gone_and_its_family_goes_on() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;

    assert!(store.revoke_access_token(redeemed.access_key).await?);

    assert!(!store.revoke_access_token(redeemed.access_key).await?);
    assert!(!redeemed.is_live(&*store).await?);
    assert_eq!(store.family(redeemed.id).await?, Some(redeemed.family));
    Ok(())
}

#[tokio::test]
async fn a_rotation_replaces_the_family_and_keeps_what_was_issued_before() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    let second = first.rotated();

    assert!(first.rotate_to(&second, &*store).await?);

    assert_eq!(store.family(first.id).await?, Some(second.family.clone()));
    assert!(first.is_live(&*store).await? && second.is_live(&*store).await?);
    Ok(())
}

#[tokio::test]
async fn a_rotation_of_what_the_family_no_longer_is_leaves_nothing() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    let (second, late) = (first.rotated(), first.rotated());
    assert!(first.rotate_to(&second, &*store).await?);

    assert!(!first.rotate_to(&late, &*store).await?);

    assert_eq!(store.family(first.id).await?, Some(second.family.clone()));
    assert_eq!(store.access_token(late.access_key).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_rotation_that_is_sent_twice_does_not_take_back_what_the_first_kept() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    let second = first.rotated();

    assert!(first.rotate_to(&second, &*store).await?);
    assert!(!first.rotate_to(&second, &*store).await?);

    assert!(second.is_live(&*store).await?);
    assert_eq!(store.family(first.id).await?, Some(second.family));
    Ok(())
}

#[tokio::test]
async fn an_ended_family_has_nothing_live_and_nothing_of_it_comes_back() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;

    assert!(store.end_family(first.id, FamilyEnd::Revoked, after(Lifetime::hours(2))).await?);
    assert!(!store.end_family(first.id, FamilyEnd::CodeReplayed, after(Lifetime::hours(2))).await?);

    let ended = first.family.ended(FamilyEnd::Revoked);
    assert_eq!(store.family(first.id).await?, Some(ended.clone()));
    assert!(!first.is_live(&*store).await?);
    assert!(!first.rotate_to(&first.rotated(), &*store).await?);
    assert_eq!(store.family(first.id).await?, Some(ended));
    Ok(())
}

#[tokio::test]
async fn a_further_access_token_of_an_ended_family_is_not_live() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    store.end_family(first.id, FamilyEnd::Revoked, after(Lifetime::hours(2))).await?;
    let further = key(first.access.expires);

    store.keep_access_token(further, &first.access).await?;

    assert!(!is_live(&*store, further).await?);
    Ok(())
}

#[tokio::test]
async fn a_family_that_a_replay_ended_before_it_began_begins_ended() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redemption = story.redemption(story.add_code(&*store).await?);

    assert!(store.end_family(redemption.id, FamilyEnd::CodeReplayed, after(Lifetime::hours(2))).await?);
    assert_eq!(redemption.redeem(&*store).await?, Redeemed::Won);

    assert!(!redemption.is_live(&*store).await?);
    let state = store.family(redemption.id).await?.map(|family| family.state);
    assert_eq!(state, Some(FamilyState::Ended(FamilyEnd::CodeReplayed)));
    assert!(!redemption.rotate_to(&redemption.rotated(), &*store).await?);
    Ok(())
}

#[tokio::test]
async fn an_ended_family_is_remembered_until_it_may_be_forgotten() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let first = story.redeemed(&*store).await?;
    store.end_family(first.id, FamilyEnd::RefreshTokenReused, after(Lifetime::hours(3))).await?;

    sweep_all(&*store, after(Lifetime::hours(2))).await?;
    assert!(store.family(first.id).await?.is_some());

    sweep_all(&*store, after(Lifetime::hours(5))).await?;
    assert_eq!(store.family(first.id).await?, None);
    assert_eq!(store.code(first.code).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_replay_is_recognised_as_long_as_its_family_goes_on() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let live = story.add_code(&*store).await?;
    let spent = CodeState::Spent { client_id: story.client.id.clone(), family: redeemed.id };

    sweep_all(&*store, after(Lifetime::days(30))).await?;
    assert_eq!(store.code(redeemed.code).await?, Some(spent));
    assert_eq!(store.code(live).await?, None);

    sweep_all(&*store, after(Lifetime::days(366))).await?;
    assert_eq!(store.code(redeemed.code).await?, None);
    assert_eq!(store.family(redeemed.id).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_swept_code_of_an_ended_grant_is_unknown() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    sweep_all(&*store, after(Lifetime::days(1))).await?;

    store.end_grant(story.grant.id).await?;
    sweep_all(&*store, after(Lifetime::days(1))).await?;

    assert_eq!(store.code(redeemed.code).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_family_without_a_refresh_token_has_only_its_access_token() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redemption = story.redemption(story.add_code(&*store).await?);
    let family = Family { state: FamilyState::WithoutRefresh, ..redemption.family.clone() };
    let issued = Issued { access_key: redemption.access_key, access: &redemption.access, now: NOW };

    assert_eq!(store.redeem_code(redemption.code, redemption.id, &family, issued).await?, Redeemed::Won);

    assert_eq!(store.family(redemption.id).await?, Some(family));
    assert!(redemption.is_live(&*store).await?);
    store.settled().await
}
