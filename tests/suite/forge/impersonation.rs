//! Offline asUser: an app says, signed with its own key, for whom it acts while they are away (RFC 7523).

use hallmark::apps::deployment::{self, NewVersion};
use hallmark::apps::sharing;
use hallmark::domain::app::Distribution;
use hallmark::domain::event::Actor;
use hallmark::domain::signing_key::SignatureAlgorithm;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::UserState;
use hallmark::secrets::signing::{self, KeyPair};
use serde_json::{Map, Value, json};

use crate::support::client::Answer;
use crate::support::forge::{BEARER, World, version, world, world_with};
use crate::support::server::NOW;

const SCOPES: &str = "read:objects! write:objects read:me! read:bills!";
const ASSETS: (&str, &str) = ("resource", "https://assets.example");

/// A world whose app registered a key, and the key.
async fn away() -> (World, KeyPair) {
    let pair = signing::generate(SignatureAlgorithm::EdDSA).expect("a key");
    let keys = Some(format!("{{\"keys\":[{}]}}", pair.public));
    let world = world_with("", NewVersion { keys, ..version(SCOPES) }).await;
    (world, pair)
}

fn claims(world: &World) -> Map<String, Value> {
    let claims = json!({
        "iss": world.app.id, "sub": world.person.id.to_string(), "aud": "https://hallmark.test",
        "iat": NOW.0, "exp": NOW.0 + 60, "jti": "one",
    });
    claims.as_object().expect("claims").clone()
}

async fn present(world: &World, key: &KeyPair, claims: &Map<String, Value>, more: &[(&str, &str)]) -> Answer {
    let signed = signing::sign(SignatureAlgorithm::EdDSA, &key.kid, key.private.expose(), "JWT", claims);
    let (assertion, ari) = (signed.expect("signed"), world.installed[0].id.ari());
    let mut pairs = vec![("grant_type", BEARER), ("assertion", assertion.as_str()), ("installation", &ari)];
    pairs.extend_from_slice(more);
    world.token(&pairs).await
}

#[rocket::async_test]
async fn an_app_acts_for_a_person_who_is_away_with_what_was_approved_for_that() {
    let (world, key) = away().await;

    let answer = present(&world, &key, &claims(&world), &[ASSETS]).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_eq!(answer.text_of("scope"), "read:objects", "and not write:objects, which is not for that");
    assert_eq!(answer.json()["expires_in"], 900);
    let told = world.told(&answer.text_of("access_token"), None).await;
    assert_eq!(told["sub"], format!("user:{}", world.person.id));
    assert_eq!(told["act"]["sub"], world.installed[0].account().to_string());
    assert_eq!(told["scopes"]["approved"], json!(["read:objects"]));
    assert!(told["scopes"].get("consented").is_none());
}

#[rocket::async_test]
async fn scopes_that_are_not_marked_or_that_only_the_person_can_allow_are_refused() {
    let (world, key) = away().await;
    for scope in ["write:objects", "read:me", "delete:objects", "read:objects write:objects"] {
        let refused = present(&world, &key, &claims(&world), &[("scope", scope)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_scope".into()), "{scope}");
    }
}

#[rocket::async_test]
async fn an_assertion_is_used_once_is_the_apps_own_and_made_for_us() {
    let (world, key) = away().await;
    let stranger = signing::generate(SignatureAlgorithm::EdDSA).expect("a key");
    let changes = [
        ("iss", json!("somebody")),
        ("aud", json!("https://elsewhere.example")),
        ("aud", json!(["https://hallmark.test", "https://elsewhere.example"])),
        ("exp", json!(NOW.0)),
        ("exp", json!(NOW.0 + 7200)),
        ("iat", json!(NOW.0 + 600)),
        ("sub", json!("person@example.com")),
        ("sub", json!("00000000-0000-4000-8000-000000000000")),
    ];
    for (name, value) in changes {
        let mut claims = claims(&world);
        claims.insert(name.into(), value.clone());
        let refused = present(&world, &key, &claims, &[ASSETS]).await;
        assert_eq!(refused.refusal(), (400, "invalid_grant".into()), "{name}: {value}");
    }
    assert_eq!(present(&world, &stranger, &claims(&world), &[ASSETS]).await.refusal().0, 400);

    assert_eq!(present(&world, &key, &claims(&world), &[ASSETS]).await.status.code, 200);
    let again = present(&world, &key, &claims(&world), &[ASSETS]).await;
    assert_eq!(again.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn an_app_without_a_key_acts_for_nobody_who_is_away() {
    let world = world().await;
    let key = signing::generate(SignatureAlgorithm::EdDSA).expect("a key");
    assert_eq!(present(&world, &key, &claims(&world), &[ASSETS]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn nobody_is_impersonated_who_is_suspended_or_not_on_the_site_or_with_whom_the_app_is_not_shared() {
    let (world, key) = away().await;
    let core = &world.server.core;
    let mut jti = 0;
    let mut attempt = async || {
        jti += 1;
        let mut claims = claims(&world);
        claims.insert("jti".into(), format!("attempt {jti}").into());
        present(&world, &key, &claims, &[ASSETS]).await.status.code
    };
    assert_eq!(attempt().await, 200);

    core.store.set_user_state(world.person.id, UserState::Suspended).await.expect("a store");
    assert_eq!(attempt().await, 400);
    core.store.set_user_state(world.person.id, UserState::Active).await.expect("a store");

    let app = world.deployment.app_id;
    sharing::distribute(core, app, Distribution::NotShared, Actor::Operator).await.expect("unshared");
    assert_eq!(attempt().await, 400);
    sharing::add_contributor(core, app, world.person.id, Actor::Operator).await.expect("a contributor");
    assert_eq!(attempt().await, 200);

    core.store.remove_member(world.sites[0].id, world.person.id).await.expect("a store");
    assert_eq!(attempt().await, 400);
}

#[rocket::async_test]
async fn a_version_without_the_mark_ends_impersonation_at_the_next_introspection() {
    let (world, key) = away().await;
    let token = present(&world, &key, &claims(&world), &[ASSETS]).await.text_of("access_token");

    let unmarked = deployment::deploy(&world.server.core, version(&SCOPES.replace('!', "")), Actor::Operator).await;

    assert_eq!(unmarked.expect("deployed").version.number.to_string(), "2.0");
    assert_eq!(world.told(&token, None).await["scope"], "");
    world.server.core.clock.advance(Lifetime::minutes(15));
    assert!(!world.is_live(&token).await);
}
