//! A store that is written anew is as small as what lives in it.

use std::path::Path;
use std::sync::Arc;

use hallmark::domain::time::Lifetime;
use hallmark::secrets::random::secret_bytes;
use hallmark::store::sled::{Former, Replacement, SledStore, disk_usage};
use hallmark::store::{Portable, Records, Result, Tokens};

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

    let (store, _) = compacted(Arc::into_inner(store).expect("the only owner"), folder.path()).await?;

    let after = disk_usage(folder.path()).expect("a size");
    assert!(after * 2 < before, "{before} bytes before, {after} after");
    assert!(kept.is_live(&store).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_store_takes_at_most_half_as_much_again_as_what_is_in_it() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), 8)?;
    // As long as access tokens, and in no order, as they come.
    let record = |_| (secret_bytes()[..20].to_vec(), secret_bytes().repeat(2)[..48].to_vec());
    for _ in 0..500 {
        store.import(Records { table: "tokens".into(), records: (0..100).map(record).collect() }).await?;
    }

    let (store, live) = compacted(store, folder.path()).await?;

    assert_eq!(live, 500 * 100 * 68);
    let after = disk_usage(folder.path()).expect("a size");
    assert!(after * 2 <= live * 3, "{live} bytes live, {after} on the disk");
    assert_eq!(compacted(store, folder.path()).await?.1, live, "and is compacted again");
    Ok(())
}

/// The store after a compaction, and how many bytes are in it.
async fn compacted(store: SledStore, folder: &Path) -> Result<(SledStore, u64)> {
    let replacement = Replacement::beside(folder);
    let new = replacement.build(8)?;
    let mut snapshot = store.snapshot()?;
    let mut live = 0;
    while let Some(records) = snapshot.next().await? {
        live += records.records.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>();
        new.import(records).await?;
    }
    drop(snapshot);
    new.close().await?;
    drop(new);
    replacement.condense(8)?;
    store.close().await?;
    replacement.declare(&Former::Removed)?;
    drop(store);
    Ok((SledStore::open(folder, 8)?, live))
}
