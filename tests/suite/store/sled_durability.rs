//! What was acknowledged is found again: after a restart, and after the process was killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use hallmark::domain::refresh_token::FamilyEnd;
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
    assert_eq!(store.clients().await?, [story.client]);
    assert_eq!(store.resources().await?, [story.resource]);
    assert_eq!(store.default_site(&site()).await?, story.site);
    assert_eq!(store.grant(story.grant.id).await?, Some(story.grant));
    assert_eq!(store.family_of(live.refresh_key).await?, Some((live.id, live.family)));
    assert!(store.credential(live.access_key).await?.is_some());
    assert_eq!(store.family(ended.id).await?, Some(ended.family.ended(FamilyEnd::Revoked)));
    assert!(store.session(cookie).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn events_of_the_second_in_which_the_server_restarts_are_all_kept() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let event = |client: &str| hallmark::domain::event::Recorded {
        at: NOW,
        event: hallmark::domain::event::Event::ClientAdded { client_id: client.parse().expect("an identifier") },
    };
    for client in ["a", "b", "c"] {
        let store = SledStore::open(folder.path(), 8)?;
        store.append_event(&event(client)).await?;
        store.close().await?;
    }

    let store = SledStore::open(folder.path(), 8)?;
    assert_eq!(store.newest_events(9).await?, [event("c"), event("b"), event("a")]);
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
fn run_and_kill(folder: &Path, count: usize) -> Vec<hallmark::domain::secret::TokenKey> {
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
        let Some(bytes) = line.strip_prefix("acknowledged ").and_then(from_hex) else { continue };
        keys.extend(hallmark::domain::secret::TokenKey::from_bytes(&bytes));
        if keys.len() == count {
            writer.kill().expect("killed");
        }
    }
    writer.wait().expect("gone");
    assert!(keys.len() >= count, "the writer wrote");
    keys
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "runs in a process of its own, which is killed"]
async fn writes_until_it_is_killed() -> Result<()> {
    let Some(folder) = std::env::var_os(FOLDER) else { return Ok(()) };
    let store = std::sync::Arc::new(SledStore::open(Path::new(&folder), 8)?);
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let store = std::sync::Arc::clone(&store);
            tokio::spawn(async move {
                loop {
                    let cookie = key(after(Lifetime::days(7)));
                    store.open_session(cookie, &session(random::user_id(), after(Lifetime::days(7)))).await?;
                    let hex: String = cookie.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                    let mut out = std::io::stdout().lock();
                    let _ = writeln!(out, "acknowledged {hex}").and_then(|()| out.flush());
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
