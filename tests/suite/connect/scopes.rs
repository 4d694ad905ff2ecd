//! What a Connect app may is told in the scopes of the resource that asks.

use hallmark::apps::connect::registration;
use hallmark::apps::{installations, resources};
use hallmark::domain::connect::{ConnectMode, ConnectPolicy, Level};
use hallmark::domain::event::Actor;
use hallmark::domain::scope::Scope;
use serde_json::Value;

use crate::support::connect::{ConnectWorld, claims, connect_world, descriptor, signed};

/// What `assets` learns of a request of the app.
async fn told(world: &ConnectWorld) -> Value {
    let jwt = signed(&claims("GET", "/objects", ""), &world.secret);
    world.told(&jwt, ("GET", "/objects"), Some(&world.site.id.to_string())).await
}

async fn set(world: &ConnectWorld, policy: ConnectPolicy) {
    let assets = "assets".parse().expect("an id");
    resources::set_connect(&world.server.core, &assets, policy).await.expect("changed");
}

#[rocket::async_test]
async fn each_level_covers_the_scopes_of_those_before_it() {
    for (asked, scope) in [
        ("READ", "read:objects"),
        ("WRITE", "read:objects write:objects"),
        ("DELETE", "delete:objects read:objects write:objects"),
        ("ADMIN", "delete:objects read:objects write:objects"),
        ("ACT_AS_USER", ""),
    ] {
        let world = connect_world(asked).await;
        assert_eq!(told(&world).await["scope"], scope, "{asked}");
    }
}

#[rocket::async_test]
async fn a_compatible_resource_does_not_look_at_the_scopes_of_what_an_app_signs() {
    let world = connect_world("READ").await;
    set(&world, ConnectPolicy { mode: ConnectMode::Compatible, ..Default::default() }).await;

    let told = told(&world).await;
    assert_eq!(told["scope"], "delete:objects read:objects write:objects");
    assert_eq!(told["scopes"]["approved"], serde_json::json!(["read:objects"]));
}

#[rocket::async_test]
async fn an_operator_says_which_level_a_scope_takes() {
    let world = connect_world("PROJECT_ADMIN").await;
    let levels = vec![("read:objects".to_owned(), Level::Admin), ("delete:objects".to_owned(), Level::ProjectAdmin)];
    set(&world, ConnectPolicy { levels, ..Default::default() }).await;

    assert_eq!(told(&world).await["scope"], "delete:objects write:objects");
}

#[rocket::async_test]
async fn a_version_that_asks_for_more_has_it_once_an_admin_approved() {
    let world = connect_world("READ").await;
    let core = &world.server.core;
    let more = descriptor(&world.listener.base_url, "DELETE");
    let registered = registration::register(core, more, None, Actor::Operator).await.expect("registered");
    assert_eq!((registered.version.number.major, registered.waiting), (2, 1));
    assert_eq!(told(&world).await["scope"], "read:objects", "what was approved before");

    let (id, number) = (world.installation.id, registered.version.number);
    installations::approve(core, id, number, &Scope::default(), Actor::Operator).await.expect("approved");
    assert_eq!(told(&world).await["scope"], "delete:objects read:objects write:objects");

    let less = descriptor(&world.listener.base_url, "READ");
    registration::register(core, less, None, Actor::Operator).await.expect("registered");
    assert_eq!(told(&world).await["scope"], "read:objects", "what the version asks for no more is gone at once");
}
