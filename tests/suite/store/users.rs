//! People.

use hallmark::domain::time::Lifetime;
use hallmark::domain::user::{Epoch, Standing, UserState};
use hallmark::secrets::random;
use hallmark::store::{Added, Result};

use super::Backend;
use super::samples::{NOW, Story, after, email, hash, user};

#[tokio::test]
async fn a_person_is_found_by_name_and_by_address_and_listed_by_address() -> Result<()> {
    let store = Backend::new().await;
    let (zoe, ann) = (user("zoe@example.com"), user("ann@example.com"));

    assert_eq!(store.add_user(&zoe).await?, Added::Done);
    assert_eq!(store.add_user(&ann).await?, Added::Done);

    assert_eq!(store.user(zoe.id).await?, Some(zoe.clone()));
    assert_eq!(store.user_by_email(&email("ZOE@example.com")).await?, Some(zoe.clone()));
    assert_eq!(store.user_by_email(&email("nobody@example.com")).await?, None);
    assert_eq!(store.users().await?, [ann, zoe]);
    Ok(())
}

#[tokio::test]
async fn an_address_belongs_to_one_person() -> Result<()> {
    let store = Backend::new().await;
    let first = user("ann@example.com");
    store.add_user(&first).await?;

    assert_eq!(store.add_user(&user("ann@example.com")).await?, Added::Taken("ann@example.com".into()));
    assert_eq!(store.users().await?, [first]);
    Ok(())
}

#[tokio::test]
async fn there_is_an_admin_once_one_has_a_password() -> Result<()> {
    let store = Backend::new().await;
    let mut admin = user("admin@example.com");
    admin.standing = Standing::Admin;
    let member = user("member@example.com");

    store.add_user(&member).await?;
    store.set_password(member.id, &hash("member"), NOW).await?;
    assert!(!store.has_admin().await?);

    store.add_user(&admin).await?;
    assert!(!store.has_admin().await?);

    store.set_password(admin.id, &hash("admin"), NOW).await?;
    assert!(store.has_admin().await?);
    Ok(())
}

#[tokio::test]
async fn a_new_password_begins_an_epoch_and_ends_every_token_of_the_old_one() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let later = after(Lifetime::minutes(1));

    let changed = store.set_password(story.user.id, &hash("new"), later).await?.expect("a person");

    assert_eq!((changed.epoch, changed.password_changed), (Epoch::default().next(), Some(later)));
    assert_eq!(store.user(story.user.id).await?, Some(changed));
    assert!(!redeemed.is_live(&*store).await?);
    assert_eq!(store.set_password(random::user_id(), &hash("new"), NOW).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_rehash_changes_the_hash_alone_and_only_if_nobody_changed_it_since() -> Result<()> {
    let store = Backend::new().await;
    let person = user("ann@example.com");
    store.add_user(&person).await?;
    let before = store.set_password(person.id, &hash("old"), NOW).await?.expect("a person");

    store.rehash_password(person.id, &hash("old"), &hash("rehashed")).await?;
    let after = store.user(person.id).await?.expect("a person");
    assert_eq!(after.password, Some(hash("rehashed")));
    assert_eq!((after.epoch, after.password_changed), (before.epoch, before.password_changed));

    store.rehash_password(person.id, &hash("old"), &hash("stale")).await?;
    assert_eq!(store.user(person.id).await?, Some(after));
    Ok(())
}

#[tokio::test]
async fn suspending_a_person_ends_their_tokens_until_they_are_resumed() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;

    let suspended = store.set_user_state(story.user.id, UserState::Suspended).await?.expect("a person");
    assert_eq!(suspended.state, UserState::Suspended);
    assert!(!redeemed.is_live(&*store).await?);

    store.set_user_state(story.user.id, UserState::Active).await?;
    assert!(redeemed.is_live(&*store).await?);
    assert_eq!(store.set_user_state(random::user_id(), UserState::Active).await?, None);
    Ok(())
}
