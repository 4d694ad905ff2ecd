//! A store that is written anew is as small as what lives in it.

use std::sync::Arc;

use hallmark::domain::time::Lifetime;
use hallmark::store::sled::{Former, Replacement, SledStore, disk_usage};
use hallmark::store::{Portable, Result, Tokens};

use super::samples::{Story, after, key};

#[tokio::test(flavor = "multi_thread")]
async fn what_removed_records_left_is_gone_after_a_compaction_and_the_rest_is_there() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(SledStore::open(folder.path(), 8)?);
    let story = Arc::new(Story::begin(&*store).await?);
    let kept = story.redeemed(&*store).await?;
    let churn = (0..64).map(|_| {
        let (store, story) = (store.clone(), story.clone());
        tokio::spawn(async move {
            for _ in 0..200 {
                let token = key(after(Lifetime::hours(1)));
                store.keep_access_token(token, &story.client_token()).await?;
                assert!(store.revoke_access_token(token).await?);
            }
            Ok(())
        })
    });
    for task in churn.collect::<Vec<_>>() {
        let done: Result<()> = task.await.expect("a task");
        done?;
    }
    let before = disk_usage(folder.path()).expect("a size");

    let replacement = Replacement::beside(folder.path());
    let new = replacement.build(8)?;
    let mut snapshot = store.snapshot()?;
    while let Some(records) = snapshot.next().await? {
        new.import(records).await?;
    }
    drop(snapshot);
    new.close().await?;
    drop(new);
    store.close().await?;
    replacement.declare(&Former::Removed)?;
    drop(Arc::into_inner(store).expect("the only owner"));
    let store = SledStore::open(folder.path(), 8)?;

    let after = disk_usage(folder.path()).expect("a size");
    assert!(after * 2 < before, "{before} bytes before, {after} after");
    assert!(kept.is_live(&store).await?);
    Ok(())
}
