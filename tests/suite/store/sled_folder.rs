//! The data folder of the embedded store.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hallmark::secrets::token::{self, TokenKind};
use hallmark::store::sled::SledStore;
use hallmark::store::{Result, StoreError, Tokens};

use super::samples::{NOW, Redemption, Story};

fn open(folder: &Path) -> Result<SledStore> {
    SledStore::open(folder, 8)
}

/// Why the folder was not opened.
fn refusal(folder: &Path) -> StoreError {
    open(folder).err().expect("a refusal")
}

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_new_folder_is_made_for_its_owner_alone() -> Result<()> {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("new/data");

    open(&folder)?;

    for made in [folder.clone(), folder.join("sled")] {
        let mode = fs::metadata(made).expect("a folder").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    Ok(())
}

#[test]
fn a_folder_that_is_open_is_locked_and_names_the_process_that_has_it() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let _first = open(folder.path())?;

    let refusal = refusal(folder.path());

    let expected = format!("process {}", std::process::id());
    assert!(matches!(&refusal, StoreError::Locked { owner } if *owner == expected), "{refusal}");
    Ok(())
}

#[test]
fn a_folder_can_be_opened_again_as_soon_as_it_was_dropped() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..20 {
        drop(open(folder.path())?);
    }
    Ok(())
}

#[test]
fn a_folder_of_another_format_is_refused_and_left_alone() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path())?);
    let format = folder.path().join("FORMAT");
    for other in ["1\n", "2\n", "7\n", "", "one", "\u{1b}[31m"] {
        fs::write(&format, other).expect("written");
        let refusal = refusal(folder.path());
        assert!(matches!(refusal, StoreError::Format { expected: 6, .. }), "{refusal}");
        assert!(!refusal.to_string().contains('\u{1b}'));
    }

    fs::write(&format, "6\n").expect("written");
    open(folder.path()).map(drop)
}

#[test]
fn a_folder_that_holds_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("thesis.txt"), "years of work").expect("written");

    let refusal = refusal(folder.path());

    assert!(matches!(&refusal, StoreError::Format { found, .. } if found.contains("thesis.txt")), "{refusal}");
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn a_store_that_lost_its_format_is_not_taken_for_a_new_one() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path())?);
    fs::remove_file(folder.path().join("FORMAT")).expect("removed");

    assert!(matches!(refusal(folder.path()), StoreError::Format { .. }));
    Ok(())
}

#[test]
fn a_first_start_that_was_cut_off_is_begun_again() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    drop(open(folder.path())?);
    fs::rename(folder.path().join("FORMAT"), folder.path().join("FORMAT.new")).expect("renamed");
    fs::write(folder.path().join("sled/db"), "half a log").expect("written");

    open(folder.path()).map(drop)
}

#[test]
fn a_volume_with_its_own_lost_and_found_is_a_new_folder() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("lost+found")).expect("made");

    open(folder.path()).map(drop)
}

#[tokio::test]
async fn no_token_is_at_rest_but_only_its_digest() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path())?;
    let story = Story::begin(&store).await?;
    let minted = token::mint(TokenKind::Access, story.client_token().expires);
    let code = token::mint(TokenKind::Code, story.code().expires);
    hallmark::store::Grants::add_code(&store, code.key, &story.code()).await?;
    let redemption = Redemption { access_key: minted.key, ..story.redemption(code.key) };
    redemption.redeem(&store).await?;
    assert!(redemption.is_live(&store).await?);
    assert!(store.code(code.key).await?.is_some() && NOW < story.code().expires);
    store.close().await?;

    let bytes: Vec<u8> = files(folder.path()).iter().flat_map(|path| fs::read(path).expect("a file")).collect();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);

    assert!(holds(&minted.key.digest.0), "the search finds what is there");
    for secret in [minted.token, code.token] {
        let text = secret.expose().as_bytes();
        // The prefix and the hour are no secret; what follows is.
        assert!(!holds(&text[12..40]));
    }
    Ok(())
}
