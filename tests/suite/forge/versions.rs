//! Versions and approval: what grows waits for an admin, what shrinks is effective at once.

use hallmark::apps::clients;
use hallmark::apps::deployment::{self, NewVersion};
use hallmark::apps::installations::{self, InstallationError};
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::scope::Scope;

use crate::support::forge::{FIRST, version, world};

const ASSETS: (&str, &str) = ("resource", "https://assets.example");

#[rocket::async_test]
async fn a_scope_more_is_had_only_after_the_sites_admin_approved_it() {
    let world = world().await;
    let before = world.as_app(&[ASSETS]).await.text_of("access_token");

    let number = world.deploy(&format!("{FIRST} write:objects")).await;

    assert_eq!(number.to_string(), "2.0");
    assert!(world.is_live(&before).await, "what is live stays so");
    let refused = world.as_app(&[ASSETS, ("scope", "write:objects")]).await;
    assert_eq!(refused.refusal(), (400, "invalid_scope".into()));
    assert_eq!(world.as_app(&[ASSETS]).await.text_of("scope"), "read:objects");

    world.approve(number).await;

    assert_eq!(world.as_app(&[ASSETS]).await.text_of("scope"), "read:objects write:objects");
    let other = world.sites[1].id.to_string();
    let elsewhere = world.token(&[("grant_type", "client_credentials"), ("site", &other), ASSETS]).await;
    assert_eq!(elsewhere.text_of("scope"), "read:objects", "the other site's admin was not asked");
}

#[rocket::async_test]
async fn a_version_that_asks_for_the_same_is_minor_and_needs_nobody() {
    let world = world().await;
    assert_eq!(world.deploy(FIRST).await.to_string(), "1.1");
    let found = installations::find(&world.server.core, world.installed[0].id).await.expect("found");
    assert!(!found.is_pending());
}

#[rocket::async_test]
async fn a_scope_that_is_not_asked_for_any_more_is_gone_from_live_tokens_at_once() {
    let world = world().await;
    let token = world.as_app(&[ASSETS]).await.text_of("access_token");

    let number = world.deploy(&FIRST.replace("read:objects ", "")).await;

    assert_eq!(number.to_string(), "2.0", "a scope removed is for the admin to see");
    assert_eq!(world.told(&token, None).await["scope"], "");
    assert_eq!(world.as_app(&[ASSETS]).await.refusal().0, 400);
}

#[rocket::async_test]
async fn a_refused_version_changes_nothing_and_is_not_asked_about_again() {
    let world = world().await;
    let core = &world.server.core;
    let id = world.installed[0].id;
    let number = world.deploy(&format!("{FIRST} write:objects")).await;
    assert!(installations::find(core, id).await.expect("found").is_pending());

    installations::refuse(core, id, number, Actor::Operator).await.expect("refused");

    assert!(!installations::find(core, id).await.expect("found").is_pending());
    assert_eq!(world.as_app(&[ASSETS]).await.text_of("scope"), "read:objects");
}

#[rocket::async_test]
async fn nobody_approves_what_they_did_not_see() {
    let world = world().await;
    let seen = world.deploy(&format!("{FIRST} write:objects")).await;
    world.deploy(&format!("{FIRST} write:objects delete:objects")).await;

    let id = world.installed[0].id;
    let approved = installations::approve(&world.server.core, id, seen, &Scope::default(), Actor::Operator).await;

    assert!(matches!(approved, Err(InstallationError::Overtaken)), "{approved:?}");
    assert_eq!(world.as_app(&[ASSETS]).await.text_of("scope"), "read:objects");
}

#[rocket::async_test]
async fn who_is_no_admin_of_the_site_installs_and_approves_nothing() {
    let world = world().await;
    let core = &world.server.core;
    let member = Actor::User(world.person.id);
    let number = world.deploy(&format!("{FIRST} write:objects")).await;
    let id = world.installed[0].id;

    let approved = installations::approve(core, id, number, &Scope::default(), member).await;
    assert!(matches!(approved, Err(InstallationError::NotAdmin)));
    for outcome in [
        installations::suspend(core, id, member).await.map(drop),
        installations::resume(core, id, member).await.map(drop),
        installations::uninstall(core, id, member).await.map(drop),
        installations::refuse(core, id, number, member).await,
    ] {
        assert!(matches!(outcome, Err(InstallationError::NotAdmin)), "{outcome:?}");
    }
}

#[rocket::async_test]
async fn an_app_whose_client_was_removed_gets_a_new_one_and_nothing_of_the_old() {
    let world = world().await;
    let token = world.as_app(&[ASSETS]).await.text_of("access_token");
    let client = world.app.id.parse().expect("an id");
    clients::remove(&world.server.core, &client).await.expect("removed");
    assert!(!world.is_live(&token).await);

    let deployed = deployment::deploy(&world.server.core, version(FIRST), Actor::Operator).await.expect("deployed");

    assert!(deployed.client_id != client && deployed.secret.is_some());
    assert!(!world.is_live(&token).await);
}

#[rocket::async_test]
async fn what_an_approval_left_out_does_not_come_back_with_a_version_that_asks_for_it_again() {
    let world = world().await;
    let token = world.as_app(&[ASSETS]).await.text_of("access_token");
    let narrower = world.deploy(&FIRST.replace("read:objects ", "")).await;
    world.approve(narrower).await;

    world.deploy(FIRST).await;

    assert_eq!(world.told(&token, None).await["scope"], "", "nobody approved it anew");
}

#[rocket::async_test]
async fn a_later_version_may_say_another_publisher_and_other_places() {
    let world = world().await;
    let core = &world.server.core;
    let later = NewVersion {
        publisher: Some("Other Labs".into()),
        redirect_uris: vec!["https://other.example/cb".parse().expect("a URI")],
        ..version(FIRST)
    };

    let deployed = deployment::deploy(core, later, Actor::Operator).await.expect("deployed");

    let client = core.store.client(&deployed.client_id).await.expect("a store").expect("a client");
    assert_eq!(client.publisher.as_deref(), Some("Other Labs"));
    assert_eq!(client.redirect_uris[0].as_str(), "https://other.example/cb");
    assert!(world.server.facts().await.iter().any(|fact| matches!(fact, Event::RedirectUrisReplaced { .. })));
    let silent = NewVersion { publisher: None, redirect_uris: Vec::new(), ..version(FIRST) };
    deployment::deploy(core, silent, Actor::Operator).await.expect("deployed");
    assert_eq!(core.store.client(&deployed.client_id).await.expect("a store").as_deref(), Some(&*client));
}
