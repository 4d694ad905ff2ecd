//! An app on a site, as itself: `client_credentials` with an installation.

use hallmark::apps::installations::{self, InstallationError};
use hallmark::domain::event::Actor;
use serde_json::json;

use crate::support::forge::{FIRST, version, world, world_with};
use crate::support::oauth::scope;

const ASSETS: (&str, &str) = ("resource", "https://assets.example");

#[rocket::async_test]
async fn an_app_gets_what_was_approved_on_the_site_and_is_known_by_its_account_there() {
    let world = world().await;

    let answer = world.as_app(&[ASSETS]).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_eq!(answer.text_of("scope"), "read:objects", "what the resource owns of what was approved");
    let told = world.told(&answer.text_of("access_token"), None).await;
    let installation = &world.installed[0];
    assert_eq!(told["sub"], installation.account().to_string());
    assert_eq!(told["credential"], "forge_app");
    assert_eq!(told["site"]["id"], world.sites[0].id.to_string());
    assert_eq!(
        told["installation"],
        json!({ "id": installation.id.ari(), "app": installation.deployment.app_id.ari() })
    );
    assert_eq!(told["scopes"]["approved"], json!(["read:objects"]));
    assert!(told.get("username").is_none() && told.get("act").is_none());
}

#[rocket::async_test]
async fn the_site_may_be_named_in_place_of_the_installation() {
    let world = world().await;

    for name in [world.sites[1].id.to_string(), "https://other.example".to_owned()] {
        let answer = world.token(&[("grant_type", "client_credentials"), ("site", &name), ASSETS]).await;
        let told = world.told(&answer.text_of("access_token"), None).await;
        assert_eq!(told["sub"], world.installed[1].account().to_string(), "{name}: {}", answer.text);
    }
}

#[rocket::async_test]
async fn a_token_of_one_site_is_nothing_on_another() {
    let world = world().await;
    let token = world.as_app(&[ASSETS]).await.text_of("access_token");

    assert_eq!(world.told(&token, Some(&world.sites[0])).await["active"], true);
    assert_eq!(world.told(&token, Some(&world.sites[1])).await, json!({ "active": false }));
}

#[rocket::async_test]
async fn what_was_not_approved_is_refused_by_its_name() {
    let world = world().await;

    let refused = world.as_app(&[("scope", "write:objects")]).await;
    assert_eq!(refused.refusal(), (400, "invalid_scope".into()));
    assert!(refused.text_of("error_description").contains("write:objects"), "{}", refused.text);

    let several = world.as_app(&[]).await;
    assert_eq!(several.refusal(), (400, "invalid_target".into()), "a token is for one resource");
}

#[rocket::async_test]
async fn an_installation_that_is_another_apps_or_gone_or_not_named_is_refused() {
    let world = world().await;
    let other = world.server.register(crate::support::oauth::confidential()).await;
    let ari = world.installed[0].id.ari();

    let unnamed = world.token(&[("grant_type", "client_credentials")]).await;
    assert_eq!(unnamed.refusal(), (400, "invalid_request".into()));
    for nonsense in ["", "nonsense", "ari:cloud:ecosystem::app/00000000-0000-4000-8000-000000000000"] {
        let refused = world.token(&[("grant_type", "client_credentials"), ("installation", nonsense)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{nonsense:?}");
    }
    let gone = "ari:cloud:ecosystem::installation/00000000-0000-4000-8000-000000000000";
    let refused = world.token(&[("grant_type", "client_credentials"), ("installation", gone)]).await;
    assert_eq!(refused.refusal(), (400, "invalid_grant".into()));

    let foreign = other.token_for_itself(&world.server, &[("installation", &ari), ("scope", "read:objects")]).await;
    let told = world.told(&foreign.text_of("access_token"), None).await;
    assert!(told.get("installation").is_none(), "a plain client is on no site by an installation: {told}");
}

#[rocket::async_test]
async fn an_optional_scope_that_an_admin_left_out_is_not_had_and_no_other_can_be_left_out() {
    let world = world_with("", version(&format!("{FIRST} write:objects?"))).await;
    let (core, id) = (&world.server.core, world.installed[0].id);
    assert_eq!(world.as_app(&[ASSETS]).await.text_of("scope"), "read:objects write:objects", "nothing was left out");
    let place = (world.sites[0].id, world.deployment);
    installations::uninstall(core, id, Actor::Operator).await.expect("uninstalled");

    let required = installations::install(core, place, &scope("read:objects"), Actor::Operator).await;
    assert!(matches!(required, Err(InstallationError::NotOptional(name)) if name == "read:objects"));
    let installed =
        installations::install(core, place, &scope("write:objects"), Actor::Operator).await.expect("installed");

    let ari = installed.id.ari();
    let answer = world.token(&[("grant_type", "client_credentials"), ("installation", &ari), ASSETS]).await;
    assert_eq!(answer.text_of("scope"), "read:objects");
}

#[rocket::async_test]
async fn the_system_token_is_refused_by_every_resource() {
    let world = world().await;

    let answer = world.as_app(&[("resource", "https://hallmark.test/gateway")]).await;

    assert_eq!((answer.status.code, answer.text_of("scope")), (200, String::new()), "{}", answer.text);
    let token = answer.text_of("access_token");
    for resource in ["assets", "billing", "pages"] {
        assert_eq!(world.told_to(resource, &token, None).await, json!({ "active": false }));
    }
}
