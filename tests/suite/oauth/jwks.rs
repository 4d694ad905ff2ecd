//! The key set and the JWTs that this server signs, RFC 7517: what a stranger with a JWT library makes of them.

use hallmark::access::keys;
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::time::Lifetime;
use hallmark::secrets::seal::SealingKey;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use rocket::http::Status;
use serde_json::{Map, Value};

use crate::support::server::{TestServer, server, server_with};

const DAYS_90: Lifetime = Lifetime::days(90);
const HOURS_24: Lifetime = Lifetime::hours(24);

async fn key_set(server: &TestServer) -> JwkSet {
    server.local.get("/oauth/jwks").dispatch().await.into_json().await.expect("a key set")
}

async fn kids(server: &TestServer) -> Vec<String> {
    key_set(server).await.keys.into_iter().filter_map(|key| key.common.key_id).collect()
}

async fn sign(server: &TestServer) -> String {
    let claims = Map::from_iter([("sub".to_owned(), "somebody".into()), ("aud".to_owned(), "app".into())]);
    keys::sign(&server.core, "invocation+jwt", claims, Lifetime::minutes(5)).await.expect("a token")
}

/// What a verifier that knows nothing but the key set makes of a token, whatever its time.
async fn verified(server: &TestServer, token: &str) -> Option<Map<String, Value>> {
    let header = decode_header(token).expect("a header");
    let set = key_set(server).await;
    let key = set.find(header.kid.as_deref()?)?;
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&["app"]);
    validation.set_issuer(&["https://hallmark.test"]);
    validation.validate_exp = false;
    decode(token, &DecodingKey::from_jwk(key).expect("a key"), &validation).ok().map(|token| token.claims)
}

#[rocket::async_test]
async fn what_the_server_signs_is_verified_with_the_key_set_alone() {
    for algorithm in ["ES256", "EdDSA"] {
        let server = server_with(&format!("[default.keys]\nalgorithm = \"{algorithm}\"")).await;
        let token = sign(&server).await;

        let claims = verified(&server, &token).await.expect("verified");

        assert_eq!(claims["sub"], "somebody");
        assert_eq!(claims["exp"].as_u64(), Some(server.core.now().0 + 300));
        let header = decode_header(&token).expect("a header");
        assert_eq!(
            (header.typ.as_deref(), format!("{:?}", header.alg)),
            (Some("invocation+jwt"), algorithm.to_owned())
        );
        let (start, end) = token.rsplit_once('.').expect("three parts");
        let forged = format!("{start}.{}", end.chars().rev().collect::<String>());
        assert_eq!(verified(&server, &forged).await, None);
    }
}

#[rocket::async_test]
async fn nothing_that_is_signed_outlives_the_overlap_of_its_key() {
    let server = server_with("[default.keys]\noverlap = \"1h\"").await;
    let token = keys::sign(&server.core, "JWT", Map::from_iter([("aud".to_owned(), "app".into())]), DAYS_90).await;
    let claims = verified(&server, &token.expect("a token")).await.expect("verified");
    assert_eq!(claims["exp"].as_u64(), Some(server.core.now().0 + 3600));
}

#[rocket::async_test]
async fn the_key_set_is_public_kept_for_a_while_and_at_both_its_addresses() {
    let server = server().await;
    keys::advance(&server.core).await.expect("a key");
    for path in ["/oauth/jwks", "/.well-known/jwks.json"] {
        let response = server.local.get(path).dispatch().await;
        assert_eq!(response.status(), Status::Ok);
        assert_eq!(response.headers().get_one("Cache-Control"), Some("public, max-age=900"));
        assert_eq!(response.headers().get_one("Pragma"), None);
        let set = response.into_json::<Value>().await.expect("a key set");
        assert_eq!(set["keys"].as_array().map(Vec::len), Some(1));
        assert!(set["keys"][0].get("d").is_none(), "no private part is shown: {set}");
    }
    let metadata = server.local.get("/.well-known/oauth-authorization-server").dispatch().await;
    let metadata = metadata.into_json::<Value>().await.expect("a document");
    assert_eq!(metadata["jwks_uri"], "https://hallmark.test/oauth/jwks");
}

#[rocket::async_test]
async fn a_key_is_published_then_signs_then_overlaps_then_is_gone() {
    let server = server().await;
    let first = sign(&server).await;
    let [a] = kids(&server).await.try_into().expect("one key");

    // A day before the rotation the next key is known, and the first one still signs.
    server.core.clock.advance(Lifetime::days(89));
    keys::advance(&server.core).await.expect("a step");
    let [_, b] = kids(&server).await.try_into().expect("two keys");
    let before = sign(&server).await;
    assert_eq!(decode_header(&before).expect("a header").kid.as_ref(), Some(&a));

    // From the rotation on the next one signs, and what the first one signed is still verified.
    server.core.clock.advance(HOURS_24);
    keys::advance(&server.core).await.expect("a step");
    let after = sign(&server).await;
    assert_eq!(decode_header(&after).expect("a header").kid.as_ref(), Some(&b));
    for token in [&first, &before, &after] {
        assert!(verified(&server, token).await.is_some());
    }

    // After the overlap the first one is gone, and with it whatever it signed.
    server.core.clock.advance(HOURS_24);
    keys::advance(&server.core).await.expect("a step");
    assert_eq!(kids(&server).await, [b]);
    assert_eq!(verified(&server, &before).await, None);
    assert!(verified(&server, &after).await.is_some());
}

#[rocket::async_test]
async fn keys_survive_a_restart() {
    let server = server().await;
    let token = sign(&server).await;
    let before = kids(&server).await;
    let server = server.restarted().await;
    assert_eq!(kids(&server).await, before);
    assert!(verified(&server, &token).await.is_some());
    assert_eq!(decode_header(sign(&server).await).expect("a header").kid, before.first().cloned());
}

#[rocket::async_test]
async fn each_step_is_told_to_the_audit_trail_with_who_asked() {
    let server = server().await;
    keys::advance(&server.core).await.expect("a key");
    let [a] = kids(&server).await.try_into().expect("one key");

    keys::retire(&server.core, &a, Actor::Operator).await.expect("a step");

    let [_, b] = kids(&server).await.try_into().expect("two keys");
    let events = server.core.store.newest_events(10).await.expect("events");
    let events: Vec<&Event> = events.iter().rev().map(|recorded| &recorded.event).collect();
    let by = Some(Actor::Operator);
    assert_eq!(
        events,
        [
            &Event::SigningKeyPublished { kid: a.clone(), by: None },
            &Event::SigningKeyBegan { kid: a.clone(), by: None },
            &Event::SigningKeyPublished { kid: b.clone(), by },
            &Event::SigningKeyRetired { kid: a, by },
            &Event::SigningKeyBegan { kid: b, by },
        ]
    );
}

#[rocket::async_test]
async fn of_many_who_rotate_at_once_one_publishes_a_key() {
    let server = server().await;
    keys::advance(&server.core).await.expect("a key");
    let rotations = (0..16).map(|_| {
        let core = server.core.clone();
        tokio::spawn(async move { keys::rotate(&core, Actor::Operator).await.is_ok() })
    });
    let mut won = 0;
    for rotation in rotations.collect::<Vec<_>>() {
        won += u32::from(rotation.await.expect("an end"));
    }
    assert_eq!((won, kids(&server).await.len()), (1, 2));
}

#[rocket::async_test]
async fn a_private_part_is_sealed_anew_only_by_who_can_open_it() {
    let server = server().await;
    let ring = keys::advance(&server.core).await.expect("a ring");
    let (own, other) = (SealingKey::new([7; 32]), SealingKey::new([8; 32]));

    let rewrapped = keys::rewrap(&ring, &own, &other).expect("a ring");

    assert_ne!(rewrapped, ring);
    assert!(keys::rewrap(&rewrapped, &own, &other).is_err());
    assert!(keys::rewrap(&rewrapped, &other, &own).is_ok());
}
