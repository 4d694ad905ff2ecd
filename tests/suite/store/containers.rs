//! Containers, and the one token of each.

use std::sync::Arc;

use hallmark::domain::api_token::TokenUse;
use hallmark::domain::container::{Container, ContainerToken};
use hallmark::domain::event::Actor;
use hallmark::domain::id::SiteId;
use hallmark::domain::time::{Lifetime, Timestamp};
use hallmark::secrets::random;
use hallmark::store::{Added, Result};

use super::samples::{NOW, after, key, site};
use super::{Backend, sweep_all};
use crate::support::race::race;

fn container(site_id: SiteId, label: &str) -> Container {
    Container { id: random::container_id(), site_id, label: label.parse().expect("a label"), created: NOW }
}

fn token(expires: Timestamp) -> ContainerToken {
    ContainerToken { key: key(expires), ending: "wxyz".into(), made_by: Actor::Operator, created: NOW, expires }
}

#[tokio::test]
async fn a_container_is_on_its_site_and_its_name_is_taken_once() -> Result<()> {
    let store = Backend::new().await;
    let (one, other) = (site().id, site().id);
    let (hosts, desks, elsewhere) = (container(one, "Hosts"), container(one, "Desks"), container(other, "Hosts"));
    for container in [&hosts, &desks, &elsewhere] {
        assert_eq!(store.add_container(container).await?, Added::Done);
    }

    let rival = Container { id: hosts.id, ..container(other, "Rival") };
    assert_eq!(store.add_container(&rival).await?, Added::Taken(hosts.id.to_string()));
    assert_eq!(store.container(hosts.id).await?.as_deref(), Some(&hosts));
    let there = store.containers_on(one).await?;
    assert_eq!(there.iter().map(|container| container.id).collect::<Vec<_>>(), [desks.id, hosts.id]);
    assert_eq!(store.containers().await?.len(), 3);
    assert!(store.remove_container(desks.id).await? && !store.remove_container(desks.id).await?);
    assert_eq!(store.container(desks.id).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_new_token_ends_the_former_at_once() -> Result<()> {
    let store = Backend::new().await;
    let site = site();
    store.add_site(&site).await?;
    let hosts = container(site.id, "Hosts");
    store.add_container(&hosts).await?;
    let (first, second) = (token(after(Lifetime::days(1))), token(after(Lifetime::days(2))));

    assert!(store.set_container_token(hosts.id, &first).await?);
    let found = store.container_credential(first.key).await?.expect("a token");
    assert_eq!((&*found.container, &found.token, found.site.as_deref()), (&hosts, &first, Some(&site)));

    assert!(store.set_container_token(hosts.id, &second).await?);
    assert!(store.container_credential(first.key).await?.is_none());
    assert!(store.container_credential(second.key).await?.is_some());
    assert!(!store.end_container_token(hosts.id, first.key).await?, "it is not the token any more");
    assert!(store.end_container_token(hosts.id, second.key).await?);
    assert!(store.container_credential(second.key).await?.is_none());
    assert_eq!(store.container_token(hosts.id).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_container_that_is_gone_has_no_token_and_gets_none() -> Result<()> {
    let store = Backend::new().await;
    let hosts = container(site().id, "Hosts");
    let [first, late] = [(); 2].map(|()| token(after(Lifetime::days(1))));
    store.add_container(&hosts).await?;
    store.set_container_token(hosts.id, &first).await?;

    store.remove_container(hosts.id).await?;

    assert!(store.container_credential(first.key).await?.is_none());
    assert!(!store.set_container_token(hosts.id, &late).await?);
    store.add_container(&hosts).await?;
    assert_eq!(store.container_token(hosts.id).await?, None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_new_tokens_at_once_one_is_good() -> Result<()> {
    let store = Backend::new().await;
    let site = site();
    store.add_site(&site).await?;
    let hosts = container(site.id, "Hosts");
    store.add_container(&hosts).await?;

    let keys = race(64, |_| {
        let (store, id, token) = (Arc::clone(&store.store), hosts.id, token(after(Lifetime::days(1))));
        async move {
            assert!(store.set_container_token(id, &token).await.expect("a store"));
            token.key
        }
    })
    .await;

    let mut live = Vec::new();
    for key in keys {
        live.extend(store.container_credential(key).await?.map(|found| found.token.key));
    }
    assert_eq!(live, [store.container_token(hosts.id).await?.expect("a token").key]);
    Ok(())
}

#[tokio::test]
async fn an_expired_token_is_told_of_until_another_takes_its_place() -> Result<()> {
    let store = Backend::new().await;
    let hosts = container(site().id, "Hosts");
    store.add_container(&hosts).await?;
    let short = token(after(Lifetime::days(1)));
    store.set_container_token(hosts.id, &short).await?;
    store.note_token_uses(&[(short.key, TokenUse { at: NOW, from: None })]).await?;
    assert!(store.token_use(short.key).await?.is_some());

    sweep_all(&*store, after(Lifetime::days(2))).await?;

    assert_eq!(store.container_token(hosts.id).await?, Some(short.clone()));
    assert!(store.container_credential(short.key).await?.is_none());
    assert_eq!(store.token_use(short.key).await?, None);
    Ok(())
}
