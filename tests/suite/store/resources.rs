//! Protected resources and the scope catalogue.

use std::sync::Arc;

use hallmark::domain::secret::Digest;
use hallmark::store::{Added, Result};

use super::Backend;
use super::samples::{NOW, Story, client, resource, scope, scope_entry};

#[tokio::test]
async fn a_resource_is_found_by_name_and_by_identifier_with_its_scopes_by_name() -> Result<()> {
    let store = Backend::new().await;
    let api = resource("api", "https://api.example");
    let scopes = [scope_entry("write:a", "api"), scope_entry("read:a", "api")];

    assert_eq!(store.add_resource(&api, &scopes).await?, Added::Done);

    assert_eq!(store.resource(&api.id).await?.as_deref(), Some(&api));
    assert_eq!(store.resources().await?, [Arc::new(api.clone())]);
    assert_eq!(store.resource_identified_by("https://api.example").await?, Some(api.id.clone()));
    assert_eq!(store.resource_identified_by("https://api.example/").await?, None);
    assert_eq!(store.scopes_of(&api.id).await?, [scopes[1].clone(), scopes[0].clone()]);
    Ok(())
}

#[tokio::test]
async fn the_catalogue_answers_in_the_order_of_the_scope_and_leaves_out_what_it_does_not_know() -> Result<()> {
    let store = Backend::new().await;
    let (read, write) = (scope_entry("read:a", "api"), scope_entry("write:b", "other"));
    store.add_resource(&resource("api", "https://api.example"), std::slice::from_ref(&read)).await?;
    store.add_resource(&resource("other", "https://other.example"), std::slice::from_ref(&write)).await?;

    assert_eq!(store.scope_entries(&scope("write:b manage:c read:a offline_access")).await?, [read, write]);
    Ok(())
}

#[tokio::test]
async fn a_resource_whose_name_identifier_or_scope_is_taken_is_not_added_and_takes_nothing() -> Result<()> {
    let store = Backend::new().await;
    store.add_client(&client("app")).await?;
    store.add_resource(&resource("api", "https://api.example"), &[scope_entry("read:a", "api")]).await?;
    let new = |id: &str, identifier| resource(id, identifier);

    let refused = [
        (new("api", "https://new.example"), scope_entry("new", "api"), "api"),
        (new("app", "https://new.example"), scope_entry("new", "app"), "app"),
        (new("new", "https://api.example"), scope_entry("new", "new"), "https://api.example"),
        (new("new", "https://new.example"), scope_entry("read:a", "new"), "read:a"),
    ];
    for (resource, entry, taken) in refused {
        assert_eq!(store.add_resource(&resource, &[entry]).await?, Added::Taken(taken.into()));
    }

    assert_eq!(store.resource_identified_by("https://new.example").await?, None);
    assert_eq!(store.scope_entries(&scope("new")).await?, []);
    assert_eq!(
        store.add_resource(&new("new", "https://new.example"), &[scope_entry("new", "new")]).await?,
        Added::Done
    );
    Ok(())
}

#[tokio::test]
async fn removing_a_resource_frees_what_it_had() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;

    assert!(store.remove_resource(&story.resource.id).await?);

    assert_eq!(store.resource(&story.resource.id).await?, None);
    assert_eq!(store.resource_identified_by("https://api.example").await?, None);
    assert_eq!(store.scope_entries(&scope("read:a")).await?, []);
    assert!(!store.remove_resource(&story.resource.id).await?);
    assert_eq!(
        store.add_resource(&resource("new", "https://api.example"), &[scope_entry("read:a", "new")]).await?,
        Added::Done
    );
    Ok(())
}

#[tokio::test]
async fn a_new_resource_of_an_old_name_revives_no_scope() -> Result<()> {
    let store = Backend::new().await;
    let story = Story::begin(&*store).await?;

    store.remove_resource(&story.resource.id).await?;
    store.add_resource(&story.resource, &[scope_entry("read:b", "api")]).await?;

    assert_eq!(store.scopes_of(&story.resource.id).await?, [scope_entry("read:b", "api")]);
    Ok(())
}

#[tokio::test]
async fn a_resource_gets_a_second_secret_and_both_are_good() -> Result<()> {
    let store = Backend::new().await;
    let api = resource("api", "https://api.example");
    store.add_resource(&api, &[]).await?;

    let updated = store.add_resource_secret(&api.id, Digest([9; 32]), NOW).await?.expect("a resource");

    assert!(updated.credentials.accepts(&Digest([2; 32])) && updated.credentials.accepts(&Digest([9; 32])));
    assert_eq!(store.resource(&api.id).await?, Some(updated));
    assert_eq!(store.add_resource_secret(&client("nobody").id, Digest([9; 32]), NOW).await?, None);
    Ok(())
}
