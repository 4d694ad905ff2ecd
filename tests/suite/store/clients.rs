//! Clients.

use std::sync::Arc;

use hallmark::domain::client::Credentials;
use hallmark::domain::secret::Digest;
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::store::{Added, Result};

use super::samples::{NOW, Story, after, client, grant, is_live, key, resource, scope_entry};
use super::{Backend, sweep_all};

#[tokio::test]
async fn a_client_is_found_as_it_was_added_and_listed_by_name() -> Result<()> {
    let store = Backend::new().await;
    let (app, zebra) = (client("app"), client("zebra"));

    assert_eq!(store.add_client(&zebra).await?, Added::Done);
    assert_eq!(store.add_client(&app).await?, Added::Done);

    assert_eq!(store.client(&app.id).await?.as_deref(), Some(&app));
    assert_eq!(store.client(&"nobody".parse().expect("an identifier")).await?, None);
    assert_eq!(store.clients().await?, [app, zebra].map(Arc::new));
    Ok(())
}

#[tokio::test]
async fn a_client_cannot_take_the_name_of_a_client_or_of_a_resource() -> Result<()> {
    let store = Backend::new().await;
    store.add_client(&client("app")).await?;
    store.add_resource(&resource("api", "https://api.example"), &[]).await?;

    assert_eq!(store.add_client(&client("app")).await?, Added::Taken("app".into()));
    assert_eq!(store.add_client(&client("api")).await?, Added::Taken("api".into()));
    assert_eq!(store.client(&"api".parse().expect("an identifier")).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_third_secret_of_a_client_ends_the_oldest() -> Result<()> {
    let store = Backend::new().await;
    let app = client("app");
    store.add_client(&app).await?;

    store.add_client_secret(&app.id, Digest([8; 32]), Timestamp(NOW.0 + 1)).await?;
    let updated = store.add_client_secret(&app.id, Digest([9; 32]), Timestamp(NOW.0 + 2)).await?.expect("a client");

    assert_eq!(store.client(&app.id).await?.as_ref(), Some(&updated));
    assert!(!updated.credentials.accepts(&Digest([1; 32])));
    assert!(updated.credentials.accepts(&Digest([8; 32])) && updated.credentials.accepts(&Digest([9; 32])));
    Ok(())
}

#[tokio::test]
async fn a_client_without_secrets_gets_none() -> Result<()> {
    let store = Backend::new().await;
    let mut public = client("public");
    public.credentials = Credentials::Public;
    store.add_client(&public).await?;

    assert_eq!(store.add_client_secret(&public.id, Digest([8; 32]), NOW).await?, None);
    assert_eq!(store.add_client_secret(&client("nobody").id, Digest([8; 32]), NOW).await?, None);
    assert_eq!(store.client(&public.id).await?.as_deref(), Some(&public));
    Ok(())
}

#[tokio::test]
async fn removing_a_client_ends_its_tokens_and_grants_at_once_and_the_sweep_removes_its_families() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let own = key(story.client_token().expires);
    store.keep_access_token(own, &story.client_token()).await?;
    assert!(redeemed.is_live(&*store).await? && is_live(&*store, own).await?);

    assert!(store.remove_client(&story.client.id).await?);

    assert!(!redeemed.is_live(&*store).await? && !is_live(&*store, own).await?);
    assert_eq!(store.grant_between(story.user.id, &story.client.id).await?, None);
    sweep_all(&*store, NOW).await?;
    assert_eq!(store.family(redeemed.id).await?, None);
    assert!(!store.remove_client(&story.client.id).await?);
    Ok(())
}

#[tokio::test]
async fn a_new_client_of_an_old_name_revives_nothing() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    let redeemed = story.redeemed(&*store).await?;
    let own = key(story.client_token().expires);
    store.keep_access_token(own, &story.client_token()).await?;

    store.remove_client(&story.client.id).await?;
    assert_eq!(store.add_client(&story.client).await?, Added::Done);

    assert!(!redeemed.is_live(&*store).await? && !is_live(&*store, own).await?);
    assert_eq!(store.grants_of(story.user.id).await?, []);
    Ok(())
}

#[tokio::test]
async fn removing_a_client_leaves_clients_whose_names_begin_alike_alone() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;
    store.add_client(&client("app2")).await?;
    let other = store.record_consent(&grant(story.user.id, "app2", "read:a")).await?;

    store.remove_client(&story.client.id).await?;

    assert_eq!(store.grant(other.id).await?, Some(other));
    Ok(())
}

#[tokio::test]
async fn removing_what_is_no_client_removes_nothing() -> Result<()> {
    let store = Backend::new().await;
    let api = resource("api", "https://api.example");
    store.add_resource(&api, &[scope_entry("read:a", "api")]).await?;

    assert!(!store.remove_client(&api.id).await?);
    assert_eq!(store.resource(&api.id).await?.as_deref(), Some(&api));
    Ok(())
}

#[tokio::test]
async fn an_assertion_is_spent_once() -> Result<()> {
    let store = Backend::new().await;
    let expires = after(Lifetime::minutes(5));

    assert!(store.spend_assertion(Digest([1; 32]), expires).await?);
    assert!(!store.spend_assertion(Digest([1; 32]), expires).await?);
    assert!(store.spend_assertion(Digest([2; 32]), expires).await?);
    Ok(())
}
