//! RFC 7523 section 3: an assertion is signed with a registered key, made for us, fresh, and used once.

use hallmark::domain::client::{Credentials, PublicKey};
use hallmark::domain::time::Lifetime;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::client::{Answer, form};
use crate::support::oauth::confidential;
use crate::support::server::{NOW, TestServer, server};

/// A P-256 key in PKCS #8, made for these tests alone.
const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----";

/// An Ed25519 key in PKCS #8, made for these tests alone.
const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----";

fn p256() -> EncodingKey {
    EncodingKey::from_ec_pem(P256.as_bytes()).expect("a key")
}

fn ed25519() -> EncodingKey {
    EncodingKey::from_ed_pem(ED25519.as_bytes()).expect("a key")
}

fn public(key: &EncodingKey, algorithm: Algorithm) -> PublicKey {
    let jwk = Jwk::from_encoding_key(key, algorithm).expect("a public key");
    PublicKey { kid: None, jwk: serde_json::to_string(&jwk).expect("JSON") }
}

fn claims() -> Value {
    json!({
        "iss": "sprint-mailer", "sub": "sprint-mailer", "aud": "https://hallmark.test",
        "exp": NOW.0 + 60, "iat": NOW.0, "jti": "one",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn signed(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, key).expect("a JWT")
}

async fn world() -> TestServer {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.credentials =
        Credentials::PrivateKeyJwt(vec![public(&p256(), Algorithm::ES256), public(&ed25519(), Algorithm::EdDSA)]);
    server.register(client).await;
    server
}

async fn present(server: &TestServer, assertion: &str) -> Answer {
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ]);
    server.post("/oauth/token", None, &body).await
}

#[rocket::async_test]
async fn an_assertion_proves_a_client_once_and_never_again_even_after_a_restart() {
    let server = world().await;
    let first = signed(Algorithm::ES256, &p256(), &claims());
    let second = signed(Algorithm::EdDSA, &ed25519(), &with("jti", json!("two")));

    assert_eq!(present(&server, &first).await.status.code, 200);
    assert_eq!(present(&server, &second).await.status.code, 200);
    assert_eq!(present(&server, &first).await.refusal(), (401, "invalid_client".into()));
    let server = server.restarted().await;
    assert_eq!(present(&server, &second).await.refusal(), (401, "invalid_client".into()));
}

#[rocket::async_test]
async fn an_assertion_stays_used_when_the_clock_steps_forward_and_back() {
    for away in [Lifetime::hours(2), Lifetime::days(400)] {
        let server = world().await;
        let first = signed(Algorithm::ES256, &p256(), &claims());
        assert_eq!(present(&server, &first).await.status.code, 200);

        server.core.clock.advance(away);
        server.sweep().await;
        server.core.clock.set(NOW);

        assert_eq!(present(&server, &first).await.refusal(), (401, "invalid_client".into()), "{away}");
    }
}

#[rocket::async_test]
async fn the_issuer_or_an_endpoint_of_ours_is_the_one_audience() {
    let server = world().await;

    for (jti, audience) in ["https://hallmark.test", "https://hallmark.test/oauth/token"].iter().enumerate() {
        let mut claims = with("aud", json!(audience));
        claims["jti"] = json!(jti.to_string());
        assert_eq!(present(&server, &signed(Algorithm::ES256, &p256(), &claims)).await.status.code, 200, "{audience}");
    }
}

#[rocket::async_test]
async fn what_is_unsigned_signed_otherwise_stale_or_not_for_us_is_refused() {
    let server = world().await;
    let foreign = EncodingKey::from_secret(public(&p256(), Algorithm::ES256).jwk.as_bytes());
    let b64 = |value: &Value| hallmark::secrets::digest::base64url(value.to_string().as_bytes());
    let unsigned = format!("{}.{}.", b64(&json!({"alg": "none", "typ": "JWT"})), b64(&claims()));
    let pointing = {
        let mut header = Header::new(Algorithm::HS256);
        header.jku = Some("https://evil.example/jwks".into());
        encode(&header, &claims(), &foreign).expect("a JWT")
    };
    let valid = signed(Algorithm::ES256, &p256(), &claims());
    let tampered = format!("{}x", &valid[..valid.len() - 1]);

    let mut refused = vec![
        unsigned,
        signed(Algorithm::HS256, &foreign, &claims()),
        pointing,
        tampered,
        "nonsense".into(),
        "a.b.c".into(),
    ];
    for (name, value) in [
        ("iss", json!("other")),
        ("sub", json!("other")),
        ("aud", json!("https://other.example")),
        ("aud", json!(["https://hallmark.test"])),
        ("aud", json!(["https://hallmark.test", "https://other.example"])),
        ("exp", json!(NOW.0)),
        ("exp", json!(NOW.0 + 3601)),
        ("exp", json!("soon")),
        ("exp", Value::Null),
        ("nbf", json!(NOW.0 + 11)),
        ("iat", json!(NOW.0 + 61)),
        ("jti", Value::Null),
    ] {
        refused.push(signed(Algorithm::ES256, &p256(), &with(name, value)));
    }
    for assertion in refused {
        assert_eq!(present(&server, &assertion).await.refusal(), (401, "invalid_client".into()), "{assertion}");
    }
    assert_eq!(present(&server, &valid).await.status.code, 200, "and none of that spent its jti");
}

#[rocket::async_test]
async fn a_client_with_a_key_has_no_secret() {
    let server = world().await;
    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "sprint-mailer"),
        ("client_secret", "app-secret-of-many-characters"),
    ]);

    assert_eq!(server.post("/oauth/token", None, &body).await.refusal(), (401, "invalid_client".into()));
}

#[rocket::async_test]
async fn a_used_jti_is_remembered_for_as_long_as_its_assertion_lives() {
    let server = world().await;
    let long = signed(Algorithm::ES256, &p256(), &with("exp", json!(NOW.0 + 3600)));
    assert_eq!(present(&server, &long).await.status.code, 200);

    server.core.clock.advance(Lifetime::seconds(3599));
    server.sweep().await;

    assert_eq!(present(&server, &long).await.refusal(), (401, "invalid_client".into()));
}
