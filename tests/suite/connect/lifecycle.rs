//! What an app is told of its installations, and what becomes of them where it does not take it.

use hallmark::apps::connect::registration;
use hallmark::apps::installations::{self, InstallationError};
use hallmark::domain::connect::{CallOutcome, Descriptor, LifecycleEvent};
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::installation::InstallationState;
use hallmark::domain::scope::Scope;
use hallmark::secrets::assertion::verified;
use hallmark::secrets::hs256::UnverifiedJwt;
use serde_json::{Value, json};

use crate::support::connect::{ConnectWorld, KEY, Listener, connect_world, descriptor, hex, install, without_apps};
use crate::support::server::{NOW, TestServer, server_with};

/// The header of a JWT.
fn header(jwt: &str) -> Value {
    let part = jwt.split('.').next().unwrap_or_default();
    let bytes = hallmark::secrets::digest::from_base64url(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The claims of a JWT that our key signed.
async fn of_our_key(server: &TestServer, jwt: &str) -> Value {
    let ring = server.core.store.key_ring().await.expect("a store");
    let keys = ring
        .keys()
        .iter()
        .map(|key| hallmark::domain::client::PublicKey { kid: Some(key.kid.clone()), jwk: key.public.clone() });
    verified(jwt, &keys.collect::<Vec<_>>()).expect("our signature")
}

fn qsh(path: &str) -> String {
    hex(&format!("POST&{path}&"))
}

async fn installed_on(server: &TestServer) -> usize {
    server.core.store.installations_on(server.core.site.id).await.expect("a store").len()
}

#[rocket::async_test]
async fn an_app_is_told_that_it_is_installed_and_then_that_it_is_on() {
    let (server, listener) = without_apps().await;
    let site = server.core.site.clone();
    let installation = install(&server, &listener, &site, "READ ACT_AS_USER").await.expect("installed");

    let told = listener.told();
    let paths: Vec<&str> = told.iter().map(|told| told.path.as_str()).collect();
    assert_eq!(paths, ["/app/installed", "/app/enabled"]);
    let body = &told[0].body;
    let expected = json!({
        "key": KEY, "clientKey": site.id.to_string(), "oauthClientId": installation.id.to_string(),
        "publicKey": body["publicKey"], "sharedSecret": body["sharedSecret"], "serverVersion": env!("CARGO_PKG_VERSION"),
        "pluginsVersion": env!("CARGO_PKG_VERSION"), "baseUrl": "https://hallmark.test",
        "displayUrl": "https://hallmark.test", "productType": "jira", "description": site.name, "eventType": "installed",
    });
    assert_eq!(body, &expected);
    assert!(body["sharedSecret"].as_str().is_some_and(|secret| secret.len() == 64));

    let claims = of_our_key(&server, told[0].jwt()).await;
    assert_eq!(header(told[0].jwt())["alg"], "RS256");
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(site.id), &json!([listener.base_url])));
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW.0), &json!(NOW.0 + 180)));
    assert_eq!(claims["qsh"], qsh("/installed"));

    let jwt = UnverifiedJwt::read(told[1].jwt()).expect("a JWT");
    assert!(jwt.is_signed_with(body["sharedSecret"].as_str().expect("a secret").as_bytes()));
    let claims = jwt.claims();
    assert_eq!((claims.iss.as_str(), claims.aud.len()), (site.id.to_string().as_str(), 0));
    assert_eq!(claims.qsh.as_deref(), Some(qsh("/enabled").as_str()));
    assert!(told[1].body.get("sharedSecret").is_none());
}

#[rocket::async_test]
async fn the_key_is_there_in_pem_by_its_name_and_no_other_is() {
    let world = connect_world("READ").await;
    installations::uninstall(&world.server.core, world.installation.id, Actor::Operator).await.expect("uninstalled");
    let kid = header(world.listener.last().jwt())["kid"].as_str().expect("a kid").to_owned();

    let pem = world.server.get(&format!("/connect-keys/{kid}"), &[]).await;
    assert_eq!((pem.status.code, pem.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    assert!(pem.text.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{}", pem.text);
    for other in ["nothing", "..%2fjwks", &kid[1..]] {
        assert_eq!(world.server.get(&format!("/connect-keys/{other}"), &[]).await.status.code, 404, "{other}");
    }
}

#[rocket::async_test]
async fn an_app_that_does_not_take_its_secret_is_not_installed() {
    for (answers, told) in
        [(&[500][..], "500"), (&[401], "401"), (&[302], "redirect"), (&[503, 503, 503], "503"), (&[503, 404], "404")]
    {
        let (server, listener) = without_apps().await;
        listener.will_answer(answers);
        let site = server.core.site.clone();
        let refused = install(&server, &listener, &site, "READ").await;

        let Err(InstallationError::NotTold(why)) = refused else { panic!("{answers:?}: {refused:?}") };
        assert!(why.to_string().contains(told), "{answers:?}: {why}");
        assert_eq!(installed_on(&server).await, 0);
        assert_eq!(listener.told().len(), answers.len(), "told as often as there was hope");
        assert!(server.facts().await.iter().any(|fact| matches!(fact, Event::LifecycleNotTold { .. })));
        assert!(!server.facts().await.iter().any(|fact| matches!(fact, Event::AppInstalled { .. })));

        install(&server, &listener, &site, "READ").await.expect("installed later");
    }
}

#[rocket::async_test]
async fn an_app_that_cannot_be_reached_or_is_at_a_private_address_is_not_installed() {
    let (server, listener) = without_apps().await;
    let mut gone: Listener = listener.clone();
    gone.base_url = "http://127.0.0.1:1/app".into();
    let refused = install(&server, &gone, &server.core.site.clone(), "READ").await;
    assert!(matches!(refused, Err(InstallationError::NotTold(_))), "{refused:?}");

    let careful = server_with("[default.connect]\nallow_private_addresses = false").await.with_resources().await;
    let refused = install(&careful, &listener, &careful.core.site.clone(), "READ").await;
    let Err(InstallationError::NotTold(why)) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("private"), "{why}");
    assert_eq!((installed_on(&server).await, installed_on(&careful).await, listener.told().len()), (0, 0, 0));
}

#[rocket::async_test]
async fn suspending_holds_whether_or_not_the_app_is_told() {
    let world = connect_world("READ").await;
    let (core, id) = (&world.server.core, world.installation.id);

    world.listener.will_answer(&[500]);
    let not_told = installations::suspend(core, id, Actor::Operator).await.expect("suspended");
    assert!(not_told.is_some());
    let now = world.now().await.expect("an installation");
    let call = now.tenancy.expect("a tenancy").last_call;
    assert_eq!((now.state, call.event), (InstallationState::Suspended, LifecycleEvent::Disabled));
    assert!(matches!(call.outcome, CallOutcome::Failed(why) if why.contains("500")));

    world.listener.told();
    assert!(installations::tell_again(core, id, Actor::Operator).await.expect("told again").is_none());
    let told = world.listener.last();
    assert_eq!((told.path.as_str(), &told.body["eventType"]), ("/app/disabled", &json!("disabled")));
    let call = world.now().await.and_then(|now| now.tenancy).expect("a tenancy").last_call;
    assert_eq!((call.event, call.outcome), (LifecycleEvent::Disabled, CallOutcome::Done));

    installations::resume(core, id, Actor::Operator).await.expect("resumed");
    assert_eq!(world.listener.last().path, "/app/enabled");
}

#[rocket::async_test]
async fn an_uninstalled_app_is_told_by_our_key_and_gone_even_if_it_does_not_listen() {
    for answer in [204, 500] {
        let world = connect_world("READ").await;
        world.listener.will_answer(&[answer]);
        let not_told = installations::uninstall(&world.server.core, world.installation.id, Actor::Operator).await;

        assert_eq!(not_told.expect("uninstalled").is_some(), answer == 500);
        let told = world.listener.last();
        assert_eq!((told.path.as_str(), header(told.jwt())["alg"].as_str()), ("/app/uninstalled", Some("RS256")));
        assert_eq!(of_our_key(&world.server, told.jwt()).await["qsh"], qsh("/uninstalled"));
        assert!(world.now().await.is_none() && !world.takes(&world.secret).await);
    }
}

async fn rotated(world: &ConnectWorld) -> Option<String> {
    world.listener.told();
    let not_told = installations::rotate_secret(&world.server.core, world.installation.id, Actor::Operator).await;
    not_told.expect("an installation").map(|why| why.to_string())
}

#[rocket::async_test]
async fn a_new_secret_takes_the_place_of_the_former() {
    let world = connect_world("READ").await;
    assert_eq!(rotated(&world).await, None);

    let told = world.listener.last();
    let new = told.body["sharedSecret"].as_str().expect("a secret").to_owned();
    assert_eq!((told.path.as_str(), header(told.jwt())["alg"].as_str()), ("/app/installed", Some("RS256")));
    assert_ne!(new, world.secret);
    assert!(world.takes(&new).await && !world.takes(&world.secret).await);
    assert_eq!(told.body["oauthClientId"], world.installation.id.to_string());
}

#[rocket::async_test]
async fn a_secret_that_the_app_refuses_leaves_the_former() {
    let world = connect_world("READ").await;
    world.listener.will_answer(&[400]);
    assert!(rotated(&world).await.is_some_and(|why| why.contains("400")));

    let refused = world.listener.last().body["sharedSecret"].as_str().expect("a secret").to_owned();
    assert!(world.takes(&world.secret).await && !world.takes(&refused).await);
}

#[rocket::async_test]
async fn while_it_is_not_known_which_secret_the_app_has_either_counts() {
    let world = connect_world("READ").await;
    world.listener.will_answer(&[503, 503, 503]);
    assert!(rotated(&world).await.is_some());
    let new = world.listener.last().body["sharedSecret"].as_str().expect("a secret").to_owned();
    assert!(world.takes(&world.secret).await && world.takes(&new).await);

    let told = installations::tell_again(&world.server.core, world.installation.id, Actor::Operator).await;
    assert!(told.expect("told again").is_none());
    assert_eq!(world.listener.last().body["sharedSecret"], new.as_str(), "the same, so that the app has one");
    assert!(world.takes(&new).await && !world.takes(&world.secret).await);
}

#[rocket::async_test]
async fn an_installation_that_was_interrupted_is_nothing_and_gives_way() {
    let world = connect_world("READ").await;
    let core = &world.server.core;
    let now = world.now().await.expect("an installation");
    let interrupted =
        hallmark::domain::installation::Installation { state: InstallationState::Installing, ..now.clone() };
    assert!(core.store.change_installation(&now, &interrupted).await.expect("a store"));

    assert!(!world.takes(&world.secret).await);
    let place = (world.site.id, now.deployment);
    let again = async || installations::install(core, place, &Scope::default(), Actor::Operator).await;
    assert!(matches!(again().await, Err(InstallationError::Installed)), "it may still be under way");
    core.clock.advance(hallmark::domain::time::Lifetime::minutes(1));
    assert!(again().await.is_ok());
}

#[rocket::async_test]
async fn an_app_is_told_where_its_newest_version_says_once_nobody_has_to_approve_it() {
    let world = connect_world("READ").await;
    let (core, id) = (&world.server.core, world.installation.id);
    let told_at = async |declared: Descriptor| {
        registration::register(core, declared, None, Actor::Operator).await.expect("registered");
        world.listener.told();
        installations::rotate_secret(core, id, Actor::Operator).await.expect("rotated");
        world.listener.told().first().map(|told| told.path.clone())
    };

    let mut elsewhere = descriptor(&world.listener.base_url, "READ");
    elsewhere.lifecycle.installed = Some(format!("{}/v2/installed", world.listener.base_url));
    assert_eq!(told_at(elsewhere.clone()).await.as_deref(), Some("/app/v2/installed"));

    let other = Listener::begin().await;
    assert_eq!(told_at(descriptor(&other.base_url, "READ")).await.as_deref(), Some("/app/v2/installed"));
    assert!(other.told().is_empty(), "no admin approved that the secret goes there");
}
