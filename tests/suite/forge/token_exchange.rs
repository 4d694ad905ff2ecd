//! asUser: an invocation for a token that acts for its person, RFC 8693.

use hallmark::access::keys;
use hallmark::apps::deployment;
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::id::AppId;
use hallmark::domain::time::Lifetime;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};

use crate::support::client::App;
use crate::support::forge::{EXCHANGE, JWT_TYPE, World, version, world};

const ASSETS: (&str, &str) = ("resource", "https://assets.example");
const BILLING: (&str, &str) = ("resource", "https://billing.example");

async fn consented() -> (World, String) {
    let world = world().await;
    world.allow("read:objects read:bills", &world.sites[0]).await;
    let token = world.invoke_for_person().await.text_of("invocation_token");
    (world, token)
}

#[rocket::async_test]
async fn the_token_stands_for_the_person_and_says_who_acts() {
    let (world, invocation) = consented().await;

    let answer = world.exchange(&invocation, &[ASSETS]).await;

    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert_eq!(answer.text_of("issued_token_type"), "urn:ietf:params:oauth:token-type:access_token");
    assert_eq!(answer.text_of("scope"), "read:objects");
    assert!(answer.json().get("refresh_token").is_none());
    let told = world.told(&answer.text_of("access_token"), None).await;
    assert_eq!(told["sub"], format!("user:{}", world.person.id));
    assert_eq!(told["act"], json!({ "sub": world.installed[0].account().to_string() }));
    assert_eq!((&told["credential"], &told["username"]), (&json!("forge_user"), &json!("person@example.com")));
    let recorded = world.server.core.store.newest_events(5).await.expect("events");
    assert!(recorded.iter().any(|recorded| matches!(
        &recorded.event,
        Event::ActingTokenIssued { user_id, act, away: false, .. }
            if *user_id == world.person.id && *act == world.installed[0].account().to_string()
    )));
}

#[rocket::async_test]
async fn an_invocation_is_exchanged_once_for_each_resource() {
    let (world, invocation) = consented().await;

    assert_eq!(world.exchange(&invocation, &[ASSETS]).await.status.code, 200);
    assert_eq!(world.exchange(&invocation, &[BILLING]).await.status.code, 200);
    for resource in [ASSETS, BILLING] {
        assert_eq!(world.exchange(&invocation, &[resource]).await.refusal(), (400, "invalid_grant".into()));
    }
}

#[rocket::async_test]
async fn a_refused_exchange_spends_nothing() {
    let (world, invocation) = consented().await;
    for wrong in [("scope", "write:objects"), ("resource", "https://nowhere.example"), ("actor_token", "x")] {
        assert_eq!(world.exchange(&invocation, &[wrong]).await.status.code, 400, "{wrong:?}");
    }
    assert_eq!(world.exchange(&invocation, &[ASSETS]).await.status.code, 200);
}

#[rocket::async_test]
async fn without_a_grant_the_app_learns_that_consent_is_needed_and_where() {
    let world = world().await;
    let invocation = world.invoke_for_person().await.text_of("invocation_token");

    let refused = world.exchange(&invocation, &[ASSETS]).await;

    assert_eq!(refused.refusal(), (400, "consent_required".into()));
    let uri = url::Url::parse(&refused.text_of("consent_uri")).expect("a URL");
    assert_eq!(uri.origin().ascii_serialization(), "https://hallmark.test");
    assert!(uri.query_pairs().any(|(name, value)| name == "client_id" && value == world.app.id.as_str()));

    world.allow("read:bills", &world.sites[0]).await;
    let narrow = world.exchange(&invocation, &[ASSETS, ("scope", "read:objects")]).await;
    assert_eq!(narrow.refusal(), (400, "consent_required".into()), "what they did not allow is asked for the same way");
    world.allow("read:objects", &world.sites[1]).await;
    let elsewhere = world.told(&world.exchange(&invocation, &[ASSETS]).await.text_of("access_token"), None).await;
    assert_eq!(elsewhere["scope"], "read:objects", "one grant for a person and an app spans sites");
}

#[rocket::async_test]
async fn an_invocation_that_is_over_for_nobody_or_for_another_app_is_worth_nothing() {
    let (world, invocation) = consented().await;
    let for_nobody = world.invoke(&[]).await.text_of("invocation_token");
    assert_eq!(world.exchange(&for_nobody, &[ASSETS]).await.refusal(), (400, "invalid_grant".into()));

    let mut other = version("read:objects");
    other.manifest.app_id = AppId::from_bytes([8; 16]);
    let other = deployment::deploy(&world.server.core, other, Actor::Operator).await.expect("deployed");
    let thief = App {
        id: other.client_id.to_string(),
        secret: other.secret.map(|secret| secret.expose().clone()),
        redirect_uri: String::new(),
    };
    let pairs = [("grant_type", EXCHANGE), ("subject_token", &invocation), ("subject_token_type", JWT_TYPE), ASSETS];
    assert_eq!(thief.post(&world.server, "/oauth/token", &pairs).await.refusal(), (400, "invalid_grant".into()));

    world.server.core.clock.advance(Lifetime::seconds(25));
    assert_eq!(world.exchange(&invocation, &[ASSETS]).await.refusal(), (400, "invalid_grant".into()));
}

#[rocket::async_test]
async fn a_plain_client_exchanges_nothing() {
    let (world, invocation) = consented().await;
    let plain = world.server.register(crate::support::oauth::confidential()).await;
    let pairs = [("grant_type", EXCHANGE), ("subject_token", &invocation), ("subject_token_type", JWT_TYPE), ASSETS];
    assert_eq!(plain.post(&world.server, "/oauth/token", &pairs).await.refusal(), (400, "invalid_grant".into()));
}

/// The claims of a token, whoever signed it.
fn claims(token: &str) -> Map<String, Value> {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("claims")
}

#[rocket::async_test]
async fn no_trick_with_the_signature_or_the_claims_passes() {
    let (world, invocation) = consented().await;
    let genuine = claims(&invocation);
    let parts: Vec<&str> = invocation.split('.').collect();
    let ring = world.server.core.store.key_ring().await.expect("a ring");
    let public = &ring.signing().expect("a key").public;
    let header = |alg: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"{alg}\",\"typ\":\"JWT\"}}"))
    };

    let mut tricks = vec![
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("none"), parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        format!("{}.{}", parts[0], parts[1]),
        encode(&Header::new(Algorithm::HS256), &genuine, &EncodingKey::from_secret(public.as_bytes()))
            .expect("a token"),
    ];
    // Whatever else this server signs is no invocation, and neither is one for another audience.
    for (name, value) in
        [("iss", json!("https://hallmark.test")), ("aud", json!("somebody")), ("jti", json!("made-up"))]
    {
        let mut changed = genuine.clone();
        changed.insert(name.into(), value);
        tricks.push(keys::sign(&world.server.core, "JWT", changed, Lifetime::seconds(25)).await.expect("signed"));
    }
    for trick in tricks {
        assert_eq!(world.exchange(&trick, &[ASSETS]).await.refusal(), (400, "invalid_grant".into()), "{trick}");
    }
    assert_eq!(world.exchange(&invocation, &[ASSETS]).await.status.code, 200);
}
