//! Sixty-four callers at once: exactly one wins, again and again.

use std::future::Future;
use std::sync::Arc;

use hallmark::domain::grant::Grant;
use hallmark::domain::link::{LinkPurpose, OneTimeLink};
use hallmark::domain::refresh_token::{FamilyEnd, FamilyState};
use hallmark::domain::secret::Digest;
use hallmark::domain::time::Lifetime;
use hallmark::secrets::random;
use hallmark::store::{Added, Redeemed, Result, Store};
use tokio::sync::Barrier;

use super::Backend;
use super::samples::{
    Redemption, Story, after, client, email, grant, is_live, key, pushed_request, resource, scope_entry, session, site,
    transaction, user,
};

const CALLERS: usize = 64;
const ROUNDS: usize = 20;

/// What `attempt` gives to each of so many callers that begin together.
async fn race<T, F>(backend: &Backend, attempt: impl Fn(Arc<dyn Store>, usize) -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let attempt = attempt(Arc::clone(&backend.store), caller);
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                attempt.await
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.push(caller.await.expect("no panic")?);
    }
    Ok(outcomes)
}

fn winners(outcomes: &[bool]) -> usize {
    outcomes.iter().filter(|won| **won).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_is_redeemed_by_one_and_only_its_tokens_are_live() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    for _ in 0..ROUNDS {
        let code = story.add_code(&*store).await?;
        let redemptions: Vec<Redemption> = (0..CALLERS).map(|_| story.redemption(code)).collect();

        let outcomes = race(&store, |store, caller| {
            let redemption = redemptions[caller].clone();
            async move { redemption.redeem(&*store).await }
        })
        .await?;

        let mut live = 0;
        for (redemption, outcome) in redemptions.iter().zip(&outcomes) {
            assert_eq!(redemption.is_live(&*store).await?, *outcome == Redeemed::Won);
            live += usize::from(*outcome == Redeemed::Won);
        }
        assert_eq!(live, 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_family_is_rotated_by_one_and_the_others_leave_nothing() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let mut current = story.redeemed(&*store).await?;
    for _ in 0..ROUNDS {
        let rotations: Vec<Redemption> = (0..CALLERS).map(|_| current.rotated()).collect();

        let won = race(&store, |store, caller| {
            let (current, new) = (current.clone(), rotations[caller].clone());
            async move { current.rotate_to(&new, &*store).await }
        })
        .await?;

        assert_eq!(winners(&won), 1);
        for (rotation, won) in rotations.iter().zip(&won) {
            assert_eq!(rotation.is_live(&*store).await?, *won);
        }
        let winner = won.iter().position(|won| *won).expect("a winner");
        current = rotations[winner].clone();
        assert_eq!(store.family(current.id).await?.as_ref(), Some(&current.family));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn links_requests_transactions_and_assertions_are_each_used_by_one() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::minutes(30));
    for round in 0..ROUNDS {
        let [invite, setup, pushed, opened] = [key(expires), key(expires), key(expires), key(expires)];
        let purpose = LinkPurpose::Invite(random::user_id());
        store.add_link(invite, &OneTimeLink { purpose, expires }).await?;
        store.add_link(setup, &OneTimeLink { purpose: LinkPurpose::Setup, expires }).await?;
        store.push_request(pushed, &pushed_request()).await?;
        store.open_transaction(opened, &transaction()).await?;
        let assertion = Digest([round as u8; 32]);

        let used = race(&store, |store, _| async move {
            Ok([
                store.take_link(invite).await?,
                store.take_link(setup).await?,
                store.take_pushed_request(pushed).await?.is_some(),
                store.take_transaction(opened).await?,
                store.spend_assertion(assertion, expires).await?,
            ])
        })
        .await?;

        for noun in 0..5 {
            assert_eq!(used.iter().filter(|used| used[noun]).count(), 1, "noun {noun} of {used:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_is_taken_at_the_same_moment_by_one() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::minutes(30));
    for purpose in [LinkPurpose::Setup, LinkPurpose::PasswordReset(random::user_id())] {
        for _ in 0..ROUNDS {
            let link = key(expires);
            store.add_link(link, &OneTimeLink { purpose, expires }).await?;
            let taken = race(&store, |store, _| async move { store.take_link(link).await }).await?;
            assert_eq!(winners(&taken), 1);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn browsers_that_consent_at_once_make_one_grant_with_every_scope() -> Result<()> {
    let store = Backend::new().await;
    for _ in 0..ROUNDS {
        let user = random::user_id();
        // Each answer is for one scope more, so that a lost one would be missed.
        let answers: Vec<Grant> = (0..CALLERS).map(|caller| grant(user, "app", &format!("read:{caller}"))).collect();

        let grants = race(&store, |store, caller| {
            let answer = answers[caller].clone();
            async move { store.record_consent(&answer).await }
        })
        .await?;

        let kept = store.grants_of(user).await?;
        assert_eq!(kept.len(), 1);
        let grant = &kept[0].0;
        assert!(grants.iter().all(|other| other.id == grant.id));
        assert_eq!(grant.scope.iter().count(), CALLERS);
        for answer in answers.iter().filter(|answer| answer.id != grant.id) {
            assert_eq!(store.grant(answer.id).await?, None);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_withdrawal_beside_consents_leaves_at_most_one_grant_and_its_head_and_index_agree() -> Result<()> {
    let store = Backend::new().await;
    for _ in 0..ROUNDS {
        let user = random::user_id();
        let first = store.record_consent(&grant(user, "app", "read:first")).await?;

        race(&store, |store, caller| async move {
            match caller % 2 {
                0 => store.end_grant(first.id).await.map(drop),
                _ => store.record_consent(&grant(user, "app", &format!("read:{caller}"))).await.map(drop),
            }
        })
        .await?;

        assert_eq!(store.grant(first.id).await?, None);
        let grants = store.grants_of(user).await?;
        assert!(grants.len() <= 1);
        assert!(grants.iter().all(|(grant, _)| !grant.scope.contains("read:first")));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_family_that_is_ended_beside_its_redemption_and_rotation_is_over() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    for _ in 0..ROUNDS {
        let redemption = story.redemption(story.add_code(&*store).await?);
        let rotations: Vec<Redemption> = (0..CALLERS).map(|_| redemption.rotated()).collect();

        let ended = race(&store, |store, caller| {
            let (redemption, rotation) = (redemption.clone(), rotations[caller].clone());
            async move {
                match caller % 4 {
                    0 => redemption.redeem(&*store).await.map(|_| false),
                    1 => redemption.rotate_to(&rotation, &*store).await.map(|_| false),
                    _ => {
                        let forget = after(Lifetime::hours(2));
                        store.end_family(redemption.id, FamilyEnd::CodeReplayed, forget).await
                    }
                }
            }
        })
        .await?;

        assert_eq!(winners(&ended), 1);
        let state = store.family(redemption.id).await?.map(|family| family.state);
        assert_eq!(state, Some(FamilyState::Ended(FamilyEnd::CodeReplayed)));
        for token in rotations.iter().chain([&redemption]) {
            assert!(!is_live(&*store, token.access_key).await?);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_an_address_and_a_scope_are_each_taken_by_one() -> Result<()> {
    let store = Backend::new().await;
    for round in 0..ROUNDS {
        let added = race(&store, |store, caller| async move {
            let address = format!("person{round}@example.com");
            let new = resource(&format!("api{round}-{caller}"), &format!("https://{round}.example"));
            let entry = scope_entry(&format!("read:{round}"), new.id.as_str());
            let name = format!("name{round}");
            let named = match caller % 2 {
                0 => store.add_client(&client(&name)).await?,
                _ => store.add_resource(&resource(&name, &format!("https://{round}-{caller}.example")), &[]).await?,
            };
            Ok([store.add_user(&user(&address)).await?, store.add_resource(&new, &[entry]).await?, named])
        })
        .await?;

        for noun in 0..3 {
            assert_eq!(added.iter().filter(|added| added[noun] == Added::Done).count(), 1, "{added:?}");
        }
        assert!(store.user_by_email(&email(&format!("person{round}@example.com"))).await?.is_some());
    }
    assert_eq!(store.users().await?.len(), ROUNDS);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_session_that_stays_live_beside_a_sign_out_everywhere_is_still_listed() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::days(7));
    for _ in 0..ROUNDS {
        let person = random::user_id();
        let cookies: Vec<_> = (0..CALLERS).map(|_| key(expires)).collect();

        race(&store, |store, caller| {
            let cookie = cookies[caller];
            async move {
                match caller % 2 {
                    0 => store.end_sessions_of(person, None).await.map(drop),
                    _ => store.open_session(cookie, &session(person, expires)).await,
                }
            }
        })
        .await?;

        let mut live = Vec::new();
        for cookie in cookies {
            if store.session(cookie).await?.is_some() {
                live.push(cookie);
            }
        }
        let listed = store.sessions_of(person).await?;
        assert!(live.iter().all(|cookie| listed.iter().any(|(listed, _)| listed == cookie)));
        assert_eq!(store.end_sessions_of(person, None).await?, live.len());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_that_begin_at_once_agree_on_one_site() -> Result<()> {
    let store = Backend::new().await;

    let sites = race(&store, |store, _| async move { store.default_site(&site()).await }).await?;

    assert!(sites.iter().all(|site| *site == sites[0]));
    Ok(())
}
