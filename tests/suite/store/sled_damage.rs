//! A damaged store is refused, or whatever was acknowledged is there: never a panic, never silently less.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use hallmark::domain::secret::TokenKey;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::User;
use hallmark::store::sled::SledStore;
use hallmark::store::{Result, Sessions, StoreError, Users};
use tempfile::TempDir;

use super::samples::{after, key, session, user};

/// A folder in which a few hundred records were acknowledged.
struct Written {
    folder: TempDir,
    users: Vec<User>,
    cookies: Vec<TokenKey>,
}

impl Written {
    /// A store that ended in order.
    async fn closed() -> Result<Self> {
        Ok(Self::open(100).await?.0)
    }

    /// The files of a store as a crash leaves them.
    async fn crashed() -> Result<Self> {
        let (open, _store) = Self::open(100).await?;
        let folder = open.copy();
        Ok(Self { folder, ..open })
    }

    async fn open(count: usize) -> Result<(Self, SledStore)> {
        let folder = tempfile::tempdir().expect("a folder");
        // Sled writes a snapshot when it opens files that it knows.
        drop(SledStore::open(folder.path(), 8)?);
        let store = SledStore::open(folder.path(), 8)?;
        let (mut users, mut cookies) = (Vec::new(), Vec::new());
        for n in 0..count {
            let person = user(&format!("person{n}@example.com"));
            store.add_user(&person).await?;
            let cookie = key(after(Lifetime::days(7)));
            store.open_session(cookie, &session(person.id, after(Lifetime::days(7)))).await?;
            users.push(person);
            cookies.push(cookie);
        }
        Ok((Self { folder, users, cookies }, store))
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("sled/db")
    }

    /// A copy of the folder, to be damaged.
    fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        copy_into(self.folder.path(), copy.path());
        copy
    }

    /// Opens a damaged copy and reads everything: each answer must be right or an error.
    async fn assert_nothing_is_silently_missing(&self, copy: &Path, damage: &str) -> Outcome {
        let store = match SledStore::open(copy, 8) {
            Ok(store) => store,
            Err(refusal) => {
                let named = matches!(refusal, StoreError::Corrupt { .. } | StoreError::Unavailable(_));
                assert!(named, "{damage}: {refusal}");
                return Outcome::Refused;
            }
        };
        let mut outcome = Outcome::Whole;
        for (user, cookie) in self.users.iter().zip(&self.cookies) {
            match (store.user(user.id).await, store.session(*cookie).await) {
                (Ok(found), Ok(session)) => {
                    assert!(found.as_ref() == Some(user) && session.is_some(), "{damage}: {found:?} {session:?}");
                }
                _ => outcome = Outcome::ReadRefused,
            }
        }
        outcome
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Refused,
    ReadRefused,
    Whole,
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).expect("a folder");
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Changes one byte of a file, or changes it back.
fn flip(path: &Path, at: u64) {
    let file = File::options().read(true).write(true).open(path).expect("the log");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("read");
    file.write_all_at(&[byte[0] ^ 0x20], at).expect("written");
}

/// Where the log holds something: the offsets of its bytes that are not zero.
fn written_offsets(log: &Path) -> Vec<u64> {
    let bytes = fs::read(log).expect("the log");
    bytes.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at as u64).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_damaged_at_rest_is_refused_wherever_the_damage_is() -> Result<()> {
    let written = Written::open(2000).await?.0;
    let length = fs::metadata(written.log()).expect("the log").len();
    assert!(length > 1 << 20, "the log has several segments");
    for at in (0..length).step_by(length as usize / 100) {
        let copy = written.copy();
        flip(&copy.path().join("sled/db"), at);

        let outcome = written.assert_nothing_is_silently_missing(copy.path(), &format!("byte {at} flipped")).await;
        assert_eq!(outcome, Outcome::Refused, "byte {at} flipped");
    }
    Ok(())
}

#[tokio::test]
async fn a_store_that_was_damaged_stays_refused() -> Result<()> {
    let written = Written::closed().await?;
    flip(&written.log(), 1000);

    for _ in 0..3 {
        assert!(matches!(SledStore::open(written.folder.path(), 8), Err(StoreError::Corrupt { .. })));
    }
    flip(&written.log(), 1000);
    let outcome = written.assert_nothing_is_silently_missing(written.folder.path(), "nothing").await;
    assert_eq!(outcome, Outcome::Whole);
    Ok(())
}

#[tokio::test]
async fn a_store_that_crashed_opens_with_everything_that_was_acknowledged() -> Result<()> {
    let written = Written::crashed().await?;

    let outcome = written.assert_nothing_is_silently_missing(written.folder.path(), "nothing").await;

    assert_eq!(outcome, Outcome::Whole);
    Ok(())
}

#[tokio::test]
async fn one_flipped_byte_after_a_crash_loses_nothing_silently_wherever_it_is() -> Result<()> {
    let written = Written::crashed().await?;
    let offsets = written_offsets(&written.log());
    let mut refused = 0;
    for at in offsets.iter().step_by(offsets.len() / 100) {
        let copy = written.copy();
        flip(&copy.path().join("sled/db"), *at);

        let outcome = written.assert_nothing_is_silently_missing(copy.path(), &format!("byte {at} flipped")).await;
        refused += usize::from(outcome != Outcome::Whole);
    }
    assert!(refused > 0, "some damage was noticed");
    Ok(())
}

#[tokio::test]
async fn a_log_that_was_cut_short_after_a_crash_is_refused() -> Result<()> {
    let written = Written::crashed().await?;
    let length = written_offsets(&written.log()).last().expect("a byte") + 1;
    for cut in [1, 7, 40, 100, 1000, 4096, length / 2, length - 1, length] {
        let copy = written.copy();
        let log = File::options().write(true).open(copy.path().join("sled/db")).expect("the log");
        log.set_len(length - cut).expect("cut");

        let outcome = written.assert_nothing_is_silently_missing(copy.path(), &format!("{cut} bytes cut off")).await;
        assert_eq!(outcome, Outcome::Refused, "{cut} bytes cut off");
    }
    Ok(())
}

#[tokio::test]
async fn a_part_of_the_log_that_was_zeroed_after_a_crash_loses_nothing_silently() -> Result<()> {
    let written = Written::crashed().await?;
    let offsets = written_offsets(&written.log());
    for at in offsets.iter().step_by(offsets.len() / 40) {
        let copy = written.copy();
        let log = File::options().write(true).open(copy.path().join("sled/db")).expect("the log");
        log.write_all_at(&[0; 4096], at / 4096 * 4096).expect("written");

        written.assert_nothing_is_silently_missing(copy.path(), &format!("page of byte {at} zeroed")).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_missing_or_damaged_file_beside_the_log_loses_nothing_silently() -> Result<()> {
    for written in [Written::closed().await?, Written::crashed().await?] {
        let names = fs::read_dir(written.folder.path().join("sled")).expect("a folder");
        let names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
        assert!(names.iter().any(|name| name.to_string_lossy().starts_with("snap")), "there is a snapshot: {names:?}");

        let names = names.iter().map(|name| Path::new("sled").join(name));
        for name in names.chain(["witness".into()]) {
            for damage in [Damage::Removed, Damage::Emptied, Damage::Zeroed, Damage::Filled] {
                let copy = written.copy();
                damage.apply(&copy.path().join(&name));
                written.assert_nothing_is_silently_missing(copy.path(), &format!("{name:?} {damage:?}")).await;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_log_that_vanished_is_not_replaced_by_an_empty_one() -> Result<()> {
    let written = Written::closed().await?;
    for remove in [fs::remove_file(written.log()), fs::remove_dir_all(written.folder.path().join("sled"))] {
        remove.expect("removed");
        assert!(matches!(SledStore::open(written.folder.path(), 8), Err(StoreError::Corrupt { .. })));
    }
    Ok(())
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Removed,
    Emptied,
    Zeroed,
    Filled,
}

impl Damage {
    fn apply(self, path: &Path) {
        if path.is_dir() {
            return fs::remove_dir_all(path).expect("removed");
        }
        let length = fs::metadata(path).expect("a file").len() as usize;
        match self {
            Damage::Removed => fs::remove_file(path).expect("removed"),
            Damage::Emptied => fs::write(path, []).expect("written"),
            Damage::Zeroed => fs::write(path, vec![0; length]).expect("written"),
            Damage::Filled => fs::write(path, vec![0xff; length]).expect("written"),
        }
    }
}
