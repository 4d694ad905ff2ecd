//! Client authentication by assertion, RFC 7523 section 2.2, at every endpoint that a client or a resource calls.

use hallmark::domain::client::{Client, Credentials, PublicKey};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;

use crate::support::client::{Answer, CHALLENGE, form};
use crate::support::oauth::confidential;
use crate::support::server::{NOW, TestServer, server};

/// An RSA key in PKCS #8, made for these tests alone.
const RSA: &str = "-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCq3rco6T5QRYfT
/oXd+uEniktp8mkj65p8cc/QN07bq8xQMM7PY5ktOuL/D9WH3VPoXiiXUAnYUSZv
YAuA6WPVr14NDWxsuCSOqfhYtarTRTPscykdWrPmvp+/OgyNyBjsLNomxvI1BkAW
muunLEx+jgcS32Kx0Iw9EnMZD3nJ+0bkdl20m4Pcv32l4TJsYISkZ/e4dxd3w7On
fFtNaew/dD716DxRtNYSOHxKn7ujXWZjSESVC8yOmrPCxIZNm/Rf5c8yo2aA5G9l
14I6p9ThcOMNnvFqHlePrbd2OM9ZVgiIAGlexzr+I5D3PlILSEQUxYuSleDZHF2D
od27aDE9AgMBAAECggEAPjUKIqtT496EdlImA2xIV2BaV06JJ6opWqAGw+u22nO/
1PwH9unwRM65AJoPp8CUwTayeXAKvYXBw++IEJ0nmw6W45KdBDHAIW5Q+17cO8Fo
h29fqw+wClQhDXoBQwbzx9wGafKpEFPftjsdiwWuLa7gdWb9Y/YkcEGMxLVlJfqs
dWaKRSNFd5H7IQzNj7T4gozRAdI+0ONhwheL7dlBimRdrQhTACL/Da9zKQ8YbBof
CyKkKrEujUv74ol9xK0A9phaJoNuylpVive1rcu/qPf2n/65cLxeYD5NKFb5B5wJ
1bUhve3wzH4zMsKO0ZlqP4DUzAL9GBCvPmT46gmJUwKBgQDX+B+aY3JFCWVKX6Cj
uTTfxuqqA/FXJWQuy0TLINNYy8hJM1OLqQo4nXKAA2gt7UQ/SLWJsmzK2X7abmTi
+BX7HwYgN+M83SMi84HCc6OSHs+meUeT0d0j6GVcj3bGJEIuBbAuSodmo2uliuI0
vb4lolSa3hooFpyoXh2GCLw0bwKBgQDKipqm4yrb7EcJCZlitXt6z48hRH5G1ffS
hp0ujZombDMbl+NilLLtqZQW9PppbW6xJCLycxscp58XCNsAlmmMvWFwFbEDxbOp
nkDc1TDpd5ulRHZASECcRoA2vHYAvwq1D34DlehjHbzJ68DoBiNAbvxFIbCyh91Y
h2Iys90DEwKBgAtr+e/mVoLELnEygYJnJx62nG6FatwbBCNdaLP9dm/5xwvoBQEb
3YiE+ys+AuJ66+MU61Tu9MX9nrHaqMdAK5luWJqXmhL79wHAMxqflwUBUCYTv+9X
aASgI8wzYiq0fDOG5XxtQJ/zAJxurevwJQBEh4jxOhzopTxaTeFq0NlNAoGBAJNT
pNDWFxvnz3gEcn05k3sutWc2gkAWbfDGGFl/iOx/8eEVZ8ISdeCoZF8ajXfYsRbL
OVxwW/1I9FD2EQ9pWZeVPeYg8STUTy6HPZkkvjJk3WOm2/lAVTcXlTW7en5qeGhh
v4DuLx7Bx8x831Im/Mdms7u5mOUULO6zc7t717zfAoGBAK27xm/WqQgoInWmcfzS
MQom5XLIKzAJiz6vzzbqtgoM38ynGg/ft5NCSerX/xV5CLmbpcHlJO/j2wQbdMhe
zeeGmBS9NZiO60nHVt7kl8ibXKhzS0Z81GhW+FpKKbPJ6lqWqEAPtid+ceIQTbKv
6MSZ3EdNZXH/raSSXSX+X5xz
-----END PRIVATE KEY-----";

fn key() -> EncodingKey {
    EncodingKey::from_rsa_pem(RSA.as_bytes()).expect("a key")
}

fn with_key(kid: Option<&str>) -> Client {
    let mut jwk = Jwk::from_encoding_key(&key(), Algorithm::RS256).expect("a public key");
    jwk.common.key_id = kid.map(str::to_owned);
    let key = PublicKey { kid: kid.map(str::to_owned), jwk: serde_json::to_string(&jwk).expect("JSON") };
    Client { credentials: Credentials::PrivateKeyJwt(vec![key]), ..confidential() }
}

fn assertion(kid: Option<&str>, jti: &str, audience: &str) -> String {
    let claims =
        json!({"iss": "sprint-mailer", "sub": "sprint-mailer", "aud": audience, "exp": NOW.0 + 60, "jti": jti});
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::RS256) };
    encode(&header, &claims, &key()).expect("a JWT")
}

async fn post(server: &TestServer, path: &str, assertion: &str, pairs: &[(&str, &str)]) -> Answer {
    let mut pairs = pairs.to_vec();
    pairs.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    pairs.push(("client_assertion", assertion));
    server.post(path, None, &form(&pairs)).await
}

#[rocket::async_test]
async fn an_rs256_assertion_is_taken_wherever_a_client_authenticates() {
    let server = server().await.with_resources().await;
    server.register(with_key(None)).await;
    let request = [
        ("response_type", "code"),
        ("redirect_uri", "https://app.example/cb"),
        ("scope", "read:objects"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];

    let token = [("grant_type", "client_credentials")];
    let issuer = "https://hallmark.test";
    assert_eq!(post(&server, "/oauth/token", &assertion(None, "1", issuer), &token).await.status.code, 200);
    let here = assertion(None, "2", "https://hallmark.test/oauth/par");
    assert_eq!(post(&server, "/oauth/par", &here, &request).await.status.code, 201);
    let revoke = [("token", "hma_unknown")];
    assert_eq!(post(&server, "/oauth/revoke", &assertion(None, "3", issuer), &revoke).await.status.code, 200);
    let asked = post(&server, "/oauth/introspect", &assertion(None, "4", issuer), &revoke).await;
    assert_eq!(asked.refusal(), (403, "unauthorized_client".into()), "it is a client, and proven to be one");
}

#[rocket::async_test]
async fn a_key_that_is_named_must_be_the_one_that_is_registered() {
    let server = server().await.with_resources().await;
    server.register(with_key(Some("2026"))).await;
    let token = [("grant_type", "client_credentials")];

    for (number, kid) in [None, Some("2026")].into_iter().enumerate() {
        let assertion = assertion(kid, &number.to_string(), "https://hallmark.test");
        assert_eq!(post(&server, "/oauth/token", &assertion, &token).await.status.code, 200, "{kid:?}");
    }
    let other = assertion(Some("2025"), "x", "https://hallmark.test");
    assert_eq!(post(&server, "/oauth/token", &other, &token).await.refusal(), (401, "invalid_client".into()));
}

#[rocket::async_test]
async fn an_assertion_of_an_unknown_type_or_client_is_refused() {
    let server = server().await.with_resources().await;
    server.register(with_key(None)).await;
    let good = assertion(None, "1", "https://hallmark.test");

    let body = form(&[
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        ("client_assertion", &good),
    ]);
    assert_eq!(server.post("/oauth/token", None, &body).await.refusal(), (401, "invalid_client".into()));
    let pairs = [("grant_type", "client_credentials"), ("client_id", "somebody-else")];
    assert_eq!(post(&server, "/oauth/token", &good, &pairs).await.refusal(), (400, "invalid_request".into()));
}
