//! API tokens.

use std::collections::HashSet;
use std::sync::Arc;

use hallmark::domain::api_token::{ApiToken, LISTED_AFTER_EXPIRY, Reach, TokenUse};
use hallmark::domain::id::{SiteId, UserId};
use hallmark::domain::site::{Member, Site, SiteStanding};
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::secrets::random;
use hallmark::store::{Kept, Result};

use super::samples::{NOW, after, key, site, user};
use super::{Backend, sweep_all};
use crate::support::race::race;

fn token(user_id: UserId, site_id: Option<SiteId>, expires: Timestamp) -> ApiToken {
    ApiToken {
        key: key(expires),
        user_id,
        label: "Nightly export".parse().expect("a label"),
        reach: Reach::Scopes("read:a".parse().expect("a scope")),
        site_id,
        ending: "wxyz".into(),
        request: random::salt(),
        created: NOW,
        expires,
    }
}

fn in_a_month(user_id: UserId) -> ApiToken {
    token(user_id, None, after(Lifetime::days(30)))
}

#[tokio::test]
async fn a_token_is_found_with_its_owner_on_the_site_that_is_asked_about() -> Result<()> {
    let store = Backend::new().await;
    let (home, owner) = (site(), user("owner@example.com"));
    let other = Site { url: None, ..site() };
    store.add_site(&home).await?;
    store.add_site(&other).await?;
    store.add_user(&owner).await?;
    let member = Member { site_id: home.id, user_id: owner.id, standing: SiteStanding::Admin, since: NOW };
    store.put_member(&member).await?;
    let (anywhere, bound) = (in_a_month(owner.id), token(owner.id, Some(other.id), after(Lifetime::days(1))));
    assert_eq!(store.add_api_token(&anywhere, 5, NOW).await?, Kept::Done);
    assert_eq!(store.add_api_token(&bound, 5, NOW).await?, Kept::Done);

    let found = store.api_credential(anywhere.key, None, home.id).await?.expect("a token");
    assert_eq!((found.token, found.user, found.member), (anywhere.clone(), Some(owner.clone()), Some(member)));
    assert_eq!(found.site.as_deref(), Some(&home));

    let elsewhere = store.api_credential(anywhere.key, Some(other.id), home.id).await?.expect("a token");
    assert_eq!((elsewhere.site.as_deref(), elsewhere.member), (Some(&other), None));
    let own = store.api_credential(bound.key, None, home.id).await?.expect("a token");
    assert_eq!(own.site.as_deref(), Some(&other));
    assert!(store.api_credential(key(anywhere.expires), None, home.id).await?.is_none());
    Ok(())
}

#[tokio::test]
async fn a_revoked_token_is_over_and_its_place_is_free() -> Result<()> {
    let store = Backend::new().await;
    let owner = random::user_id();
    let (first, second, third) = (in_a_month(owner), in_a_month(owner), in_a_month(owner));
    assert_eq!(store.add_api_token(&first, 2, NOW).await?, Kept::Done);
    assert_eq!(store.add_api_token(&second, 2, NOW).await?, Kept::Done);
    assert_eq!(store.add_api_token(&third, 2, NOW).await?, Kept::Full);

    assert!(store.revoke_api_token(first.key).await?);

    assert!(!store.revoke_api_token(first.key).await?);
    assert_eq!(store.api_token(first.key).await?, None);
    assert_eq!(store.add_api_token(&third, 2, NOW).await?, Kept::Done);
    assert_eq!(store.api_tokens_of(owner).await?.len(), 2);
    assert_eq!(store.revoke_api_tokens_of(owner).await?, 2);
    assert_eq!(store.api_token(third.key).await?, None);
    assert_eq!(store.api_tokens().await?, []);
    Ok(())
}

#[tokio::test]
async fn one_request_makes_one_token() -> Result<()> {
    let store = Backend::new().await;
    let first = in_a_month(random::user_id());
    let again = ApiToken { key: key(first.expires), ..first.clone() };

    assert_eq!(store.add_api_token(&first, 5, NOW).await?, Kept::Done);
    assert_eq!(store.add_api_token(&again, 5, NOW).await?, Kept::Again(Box::new(first.clone())));

    assert_eq!(store.api_token(again.key).await?, None);
    assert_eq!(store.api_tokens_of(first.user_id).await?, [first]);
    Ok(())
}

#[tokio::test]
async fn the_same_request_of_another_person_is_another() -> Result<()> {
    let store = Backend::new().await;
    let first = in_a_month(random::user_id());
    let other = ApiToken { request: first.request, ..in_a_month(random::user_id()) };
    assert_eq!(store.add_api_token(&first, 5, NOW).await?, Kept::Done);
    assert_eq!(store.add_api_token(&other, 5, NOW).await?, Kept::Done);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_at_once_never_make_more_than_there_is_room_for() -> Result<()> {
    for limit in [1, 10] {
        let store = Backend::new().await;
        let owner = random::user_id();

        let kept = race(64, |_| {
            let (store, token) = (Arc::clone(&store.store), in_a_month(owner));
            async move { (store.add_api_token(&token, limit, NOW).await.expect("a store"), token) }
        })
        .await;

        let done: HashSet<_> = kept.iter().filter(|(kept, _)| *kept == Kept::Done).map(|(_, t)| t.key).collect();
        let listed: HashSet<_> = store.api_tokens_of(owner).await?.iter().map(|token| token.key).collect();
        assert_eq!(done.len(), usize::from(limit));
        assert_eq!(done, listed);
        for (outcome, token) in kept {
            assert_eq!(store.api_token(token.key).await?.is_some(), outcome == Kept::Done);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_of_one_request_make_one_token() -> Result<()> {
    let store = Backend::new().await;
    let first = in_a_month(random::user_id());

    let kept = race(64, |_| {
        let (store, token) = (Arc::clone(&store.store), ApiToken { key: key(first.expires), ..first.clone() });
        async move { store.add_api_token(&token, 100, NOW).await.expect("a store") }
    })
    .await;

    assert_eq!(kept.iter().filter(|kept| **kept == Kept::Done).count(), 1);
    assert_eq!(store.api_tokens_of(first.user_id).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_expired_token_takes_no_room_and_is_listed_for_a_while() -> Result<()> {
    let store = Backend::new().await;
    let owner = random::user_id();
    let short = token(owner, None, after(Lifetime::days(1)));
    store.add_api_token(&short, 2, NOW).await?;
    let later = after(Lifetime::days(2));

    sweep_all(&*store, later).await?;
    assert_eq!(store.api_tokens_of(owner).await?, std::slice::from_ref(&short));
    let [one, two, three] = [(); 3].map(|()| in_a_month(owner));
    assert_eq!(store.add_api_token(&one, 2, later).await?, Kept::Done);
    assert_eq!(store.add_api_token(&two, 2, later).await?, Kept::Done, "it takes the place of what expired");
    assert_eq!(store.add_api_token(&three, 2, later).await?, Kept::Full);
    assert_eq!(store.api_token(short.key).await?, None);
    Ok(())
}

#[tokio::test]
async fn nothing_of_a_token_is_left_a_while_after_it_expired() -> Result<()> {
    let store = Backend::new().await;
    let owner = random::user_id();
    let (short, long) = (token(owner, None, after(Lifetime::days(1))), in_a_month(owner));
    store.add_api_token(&short, 5, NOW).await?;
    store.add_api_token(&long, 5, NOW).await?;
    let used = TokenUse { at: NOW, from: Some([192, 0, 2, 7].into()) };
    store.note_token_uses(&[(short.key, used), (long.key, used)]).await?;

    sweep_all(&*store, short.expires + LISTED_AFTER_EXPIRY - Lifetime::hours(1)).await?;
    assert_eq!(store.token_use(short.key).await?, Some(used));
    sweep_all(&*store, short.expires + LISTED_AFTER_EXPIRY + Lifetime::hours(2)).await?;

    assert_eq!(store.api_tokens_of(owner).await?, std::slice::from_ref(&long));
    assert_eq!(store.token_use(short.key).await?, None);
    assert_eq!(store.token_use(long.key).await?, Some(used));
    Ok(())
}

#[tokio::test]
async fn a_use_is_noted_of_a_token_that_there_is() -> Result<()> {
    let store = Backend::new().await;
    let token = in_a_month(random::user_id());
    let used = TokenUse { at: NOW, from: None };
    store.note_token_uses(&[(token.key, used)]).await?;
    assert_eq!(store.token_use(token.key).await?, None);

    store.add_api_token(&token, 5, NOW).await?;
    store.note_token_uses(&[(token.key, used)]).await?;
    assert_eq!(store.token_use(token.key).await?, Some(used));

    store.revoke_api_token(token.key).await?;
    assert_eq!(store.token_use(token.key).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_token_for_one_site_ends_with_the_membership_and_does_not_come_back() -> Result<()> {
    let store = Backend::new().await;
    let (left, kept) = (site(), Site { url: None, ..site() });
    let owner = user("owner@example.com");
    let member = |site_id| Member { site_id, user_id: owner.id, standing: SiteStanding::Member, since: NOW };
    for site in [&left, &kept] {
        store.add_site(site).await?;
        store.put_member(&member(site.id)).await?;
    }
    let expires = after(Lifetime::days(30));
    let tokens = [Some(left.id), Some(kept.id), None].map(|site| token(owner.id, site, expires));
    for token in &tokens {
        store.add_api_token(token, 5, NOW).await?;
    }

    store.remove_member(left.id, owner.id).await?;
    store.put_member(&member(left.id)).await?;

    assert_eq!(store.api_token(tokens[0].key).await?, None);
    assert_eq!(store.api_tokens_of(owner.id).await?, tokens[1..]);
    Ok(())
}
