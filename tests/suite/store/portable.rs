//! What a store is, carried to another: everything, or everything but what somebody can act with.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hallmark::domain::authorization_code::CodeState;
use hallmark::domain::id::FamilyId;
use hallmark::domain::time::Lifetime;
use hallmark::store::kept::{Holds, named};
use hallmark::store::sled::SledStore;
use hallmark::store::{Grants, Portable, Records, Redeemed, Result, Sessions, Snapshot, Tokens, Users};
use tempfile::TempDir;

use super::samples::{Redemption, Story, after, is_live, key, session};

/// A store that was carried to another folder.
struct Carried {
    store: SledStore,
    _folder: TempDir,
}

/// Whether credentials are carried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Carrying {
    Everything,
    NoCredentials,
}

async fn carry(mut from: Box<dyn Snapshot>, carrying: Carrying) -> Result<Carried> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), 8)?;
    while let Some(records) = from.next().await? {
        if carrying == Carrying::Everything || named(&records.table).is_some_and(|table| table.holds == Holds::Lasting)
        {
            store.import(records).await?;
        }
    }
    store.close().await?;
    drop(store);
    Ok(Carried { store: SledStore::open(folder.path(), 8)?, _folder: folder })
}

async fn everything(mut snapshot: Box<dyn Snapshot>) -> Result<Vec<Records>> {
    let mut all = Vec::new();
    while let Some(records) = snapshot.next().await? {
        all.push(records);
    }
    Ok(all)
}

fn store() -> Result<(TempDir, Arc<SledStore>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(SledStore::open(folder.path(), 8)?);
    Ok((folder, store))
}

#[tokio::test]
async fn a_store_that_was_carried_is_the_same_record_by_record() -> Result<()> {
    let (_folder, store) = store()?;
    let story = Story::begin(&*store).await?;
    for _ in 0..300 {
        story.redeemed(&*store).await?;
    }

    let carried = carry(store.snapshot()?, Carrying::Everything).await?;

    assert!(everything(store.snapshot()?).await? == everything(carried.store.snapshot()?).await?);
    Ok(())
}

#[tokio::test]
async fn without_credentials_people_and_what_they_allowed_are_there_and_nothing_can_be_done_with_a_token() -> Result<()>
{
    let (_folder, store) = store()?;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let code = story.add_code(&*store).await?;
    let cookie = key(after(Lifetime::days(7)));
    store.open_session(cookie, &session(story.user.id, after(Lifetime::days(7)))).await?;

    let Carried { store, _folder } = carry(store.snapshot()?, Carrying::NoCredentials).await?;

    assert_eq!(store.user(story.user.id).await?.as_ref(), Some(&story.user));
    assert_eq!(store.grant_between(story.user.id, &story.client.id).await?.as_ref(), Some(&story.grant));
    assert!(store.credential(redeemed.access_key, None).await?.is_none());
    assert!(store.family(redeemed.id).await?.is_none());
    assert!(store.code(code).await?.is_none() && store.code(redeemed.code).await?.is_none());
    assert!(store.session(cookie).await?.is_none() && store.sessions_of(story.user.id).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn with_credentials_a_token_lives_on_and_a_spent_code_stays_spent() -> Result<()> {
    let (_folder, store) = store()?;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;

    let Carried { store, _folder } = carry(store.snapshot()?, Carrying::Everything).await?;

    assert!(redeemed.is_live(&store).await?);
    assert_eq!(redeemed.redeem(&store).await?, Redeemed::Lost);
    assert!(redeemed.rotate_to(&redeemed.rotated(), &store).await?);
    Ok(())
}

/// One writer redeems codes, rotates what it got and now and then takes a family back, and notes what was acknowledged.
async fn load(story: Arc<Story>, store: Arc<SledStore>, stop: Arc<AtomicBool>) -> Result<Vec<Redemption>> {
    let mut rotated = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let redeemed = story.redeemed(&*store).await?;
        let next = redeemed.rotated();
        assert!(redeemed.rotate_to(&next, &*store).await?);
        rotated.push(next);
    }
    Ok(rotated)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_snapshot_under_load_has_what_was_acknowledged_before_and_no_verb_half() -> Result<()> {
    let (_folder, store) = store()?;
    let story = Arc::new(Story::begin(&*store).await?);
    let mut before = Vec::new();
    for _ in 0..400 {
        before.push(story.redeemed(&*store).await?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3).map(|_| tokio::spawn(load(story.clone(), store.clone(), stop.clone()))).collect();
    tokio::task::yield_now().await;

    for round in 0..5 {
        let snapshot = store.snapshot()?;
        assert!(store.revoke_access_token(before[round].access_key).await?);
        let late = story.redeemed(&*store).await?;
        let carried = carry(snapshot, Carrying::Everything).await?.store;
        assert!(carried.code(late.code).await?.is_none(), "what began after the cut is not in it at all");
        for redeemed in &before[round..] {
            assert!(is_live(&carried, redeemed.access_key).await?, "what was acknowledged before is in it");
        }
        whole_verbs(&carried).await?;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(!writer.await.expect("a writer")?.is_empty(), "there was a load");
    }
    Ok(())
}

/// Whatever family is there has a spent code: what a verb writes before its head.
async fn whole_verbs(store: &SledStore) -> Result<()> {
    let records = everything(store.snapshot()?).await?;
    let of = |table: &str| -> Vec<_> {
        records.iter().filter(|part| part.table == table).flat_map(|part| part.records.clone()).collect()
    };
    let families = of("families");
    assert!(families.len() >= 400);
    for (id, _) in families {
        let id = <[u8; 20]>::try_from(id.as_slice()).map(FamilyId::from_bytes);
        let id = id.expect("an identifier");
        let family = store.family(id).await?.expect("a family");
        let spent = store.code(family.code).await?;
        assert!(matches!(spent, Some(CodeState::Spent { .. })));
    }
    Ok(())
}
