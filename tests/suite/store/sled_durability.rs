//! What was acknowledged is found again: after a restart, and after the process was killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use hallmark::domain::event::{Event, Recorded};
use hallmark::domain::refresh_token::FamilyEnd;
use hallmark::domain::secret::TokenKey;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::UserState;
use hallmark::secrets::random;
use hallmark::store::sled::SledStore;
use hallmark::store::{Clients, Events, Grants, Resources, Result, Sessions, Sites, StoreError, Tokens, Users};

use super::samples::{NOW, Story, after, email, hash, key, session, site};

#[tokio::test]
async fn everything_is_found_again_after_a_restart() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), 8)?;
    let story = Story::begin(&store).await?;
    let live = story.redeemed(&store).await?;
    let ended = story.redeemed(&store).await?;
    store.end_family(ended.id, FamilyEnd::Revoked, after(Lifetime::hours(2))).await?;
    let cookie = key(after(Lifetime::days(7)));
    store.open_session(cookie, &session(story.user.id, after(Lifetime::days(7)))).await?;
    let person = store.set_password(story.user.id, &hash("new"), NOW).await?;
    drop(store);

    let store = SledStore::open(folder.path(), 8)?;

    assert_eq!(store.user(story.user.id).await?, person);
    assert_eq!(store.user_by_email(&email("person@example.com")).await?, person);
    assert_eq!(store.clients().await?, [Arc::new(story.client)]);
    assert_eq!(store.resources().await?, [Arc::new(story.resource)]);
    assert_eq!(store.default_site(&site()).await?, story.site);
    assert_eq!(store.grant(story.grant.id).await?, Some(story.grant));
    assert_eq!(store.family(live.id).await?, Some(live.family));
    assert!(store.credential(live.access_key, None).await?.is_some());
    assert_eq!(store.family(ended.id).await?, Some(ended.family.ended(FamilyEnd::Revoked)));
    assert!(store.session(cookie).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn events_of_the_second_in_which_the_server_restarts_are_all_kept() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let event = |client: &str| Recorded {
        at: NOW,
        event: Event::ClientAdded { client_id: client.parse().expect("an identifier") },
    };
    for clients in [["a", "b"], ["c", "d"]] {
        let store = SledStore::open(folder.path(), 8)?;
        for client in clients {
            store.append_event(&event(client)).await?;
        }
        store.close().await?;
    }

    let store = SledStore::open(folder.path(), 8)?;
    assert_eq!(store.newest_events(9).await?, ["d", "c", "b", "a"].map(event));
    Ok(())
}

#[tokio::test]
async fn a_closed_store_refuses_changes_and_still_answers() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SledStore::open(folder.path(), 8)?;
    let story = Story::begin(&store).await?;

    store.close().await?;

    assert!(matches!(story.add_code(&store).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.set_user_state(story.user.id, UserState::Suspended).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.settled().await, Err(StoreError::Unavailable(_))));
    assert_eq!(store.user(story.user.id).await?, Some(story.user));
    Ok(())
}

/// Where the writer writes; unset in a test run of its own.
const FOLDER: &str = "HALLMARK_TEST_KILLED_WRITER";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_was_acknowledged_before_a_kill_is_there_after_it() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    drop(SledStore::open(folder.path(), 8)?);
    let mut acknowledged = Vec::new();
    for kill in 0..5 {
        acknowledged.extend(run_and_kill(folder.path(), 40 * (kill + 1)));

        let store = SledStore::open(folder.path(), 8)?;

        for cookie in &acknowledged {
            assert!(store.session(*cookie).await?.is_some(), "kill {kill} of {} writes", acknowledged.len());
        }
    }
    assert!(acknowledged.len() >= 600);
    Ok(())
}

/// Runs the writer below in a process of its own, kills it after so many acknowledgements, and returns all of them.
fn run_and_kill(folder: &Path, count: usize) -> Vec<TokenKey> {
    let mut writer = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "store::sled_durability::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let lines = BufReader::new(writer.stdout.take().expect("its output")).lines();
    let mut keys = Vec::new();
    for line in lines.map_while(std::result::Result::ok) {
        keys.extend(acknowledged(&line));
        if keys.len() == count {
            writer.kill().expect("killed");
        }
    }
    writer.wait().expect("gone");
    assert!(keys.len() >= count, "the writer wrote");
    keys
}

/// What a line of a writer acknowledges.
fn acknowledged(line: &str) -> Option<TokenKey> {
    line.strip_prefix("acknowledged ").and_then(from_hex).as_deref().and_then(TokenKey::from_bytes)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "runs in a process of its own, which is killed"]
async fn writes_until_it_is_killed() -> Result<()> {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(()) };
    let store = Arc::new(SledStore::open(Path::new(&folder), 8)?);
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                loop {
                    let cookie = key(after(Lifetime::days(7)));
                    store.open_session(cookie, &session(random::user_id(), after(Lifetime::days(7)))).await?;
                    println!("acknowledged {}", to_hex(&cookie.to_bytes()));
                }
            })
        })
        .collect();
    for writer in writers {
        let ended: Result<()> = writer.await.expect("no panic");
        ended?;
    }
    Ok(())
}

#[test]
fn once_the_disk_refuses_a_write_every_change_fails_and_reads_go_on_and_nothing_promised_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(SledStore::open(folder.path(), 8).expect("a store"));

    // A limit on the size of files stands in for a full disk; the signal that comes with it is ignored.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this binary"))
        .args(["--exact", "store::sled_durability::writes_until_it_is_refused", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .expect("a process");

    let output = String::from_utf8_lossy(&limited.stdout);
    assert!(limited.status.success(), "{output} {}", String::from_utf8_lossy(&limited.stderr));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = SledStore::open(folder.path(), 8).expect("a store");
    let acknowledged: Vec<_> = output.lines().filter_map(acknowledged).collect();
    assert!(acknowledged.len() > 100);
    for cookie in acknowledged {
        assert!(runtime.block_on(store.session(cookie)).expect("an answer").is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "runs in a process of its own, whose files may not grow"]
async fn writes_until_it_is_refused() -> Result<()> {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(()) };
    let store = SledStore::open(Path::new(&folder), 8)?;
    let mut kept = Vec::new();
    let refusal = loop {
        let cookie = key(after(Lifetime::days(7)));
        let mut large = session(random::user_id(), after(Lifetime::days(7)));
        large.user_agent = "x".repeat(2000);
        match store.open_session(cookie, &large).await {
            Ok(()) => println!("acknowledged {}", to_hex(&cookie.to_bytes())),
            Err(refusal) => break refusal,
        }
        kept.push(cookie);
    };

    assert!(matches!(refusal, StoreError::Unavailable(_)), "{refusal}");
    assert!(matches!(store.settled().await, Err(StoreError::Unavailable(_))));
    let mut unanswered = 0;
    for cookie in &kept {
        assert!(matches!(
            store.touch_session(*cookie, after(Lifetime::hours(1))).await,
            Err(StoreError::Unavailable(_))
        ));
        assert!(matches!(store.end_session(*cookie).await, Err(StoreError::Unavailable(_))));
        match store.session(*cookie).await {
            Ok(found) => assert!(found.is_some_and(|found| found.last_seen == NOW)),
            Err(_) => unanswered += 1,
        }
    }
    // The page of the write that was refused may be one that is to be split.
    assert!(unanswered <= 16, "{unanswered} of {} reads failed", kept.len());
    println!("unanswered {unanswered} of {}", kept.len());
    Ok(())
}
