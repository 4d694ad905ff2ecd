//! RFC 9700 section 2.5: a client proves who it is in the one way it registered.

use rocket::http::Header;

use crate::support::client::{App, basic, form};
use crate::support::oauth::{confidential, native};
use crate::support::server::{TestServer, server};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const SECRET: (&str, &str) = ("client_secret", "app-secret-of-many-characters");
const ID: (&str, &str) = ("client_id", "sprint-mailer");

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    (server, app)
}

#[rocket::async_test]
async fn a_secret_is_taken_from_the_header_or_the_body() {
    let (server, _) = world().await;
    let header = Some(basic(ID.1, SECRET.1));

    assert_eq!(server.post("/oauth/token", header.clone(), &form(&[GRANT])).await.status.code, 200);
    assert_eq!(server.post("/oauth/token", header, &form(&[GRANT, ID])).await.status.code, 200);
    assert_eq!(server.post("/oauth/token", None, &form(&[GRANT, ID, SECRET])).await.status.code, 200);
}

#[rocket::async_test]
async fn a_header_is_form_decoded() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.id = "app%with+signs".parse().expect("an identifier");
    client.credentials = hallmark::domain::client::Credentials::Secrets(Vec::new())
        .with_secret(hallmark::secrets::digest::digest("a secret: 100% +"), server.core.now());
    server.register(client).await;

    let header = Some(basic("app%with+signs", "a secret: 100% +"));

    assert_eq!(server.post("/oauth/token", header, &form(&[GRANT])).await.status.code, 200);
}

#[rocket::async_test]
async fn what_is_missing_wrong_or_another_clients_is_invalid_client_with_a_challenge() {
    let (server, _) = world().await;
    let mut other = confidential();
    other.id = "other".parse().expect("an identifier");
    other.credentials = hallmark::domain::client::Credentials::Secrets(Vec::new())
        .with_secret(hallmark::secrets::digest::digest("the secret of another client"), server.core.now());
    server.register(other).await;

    for (header, pairs) in [
        (None, vec![GRANT]),
        (None, vec![GRANT, ID]),
        (None, vec![GRANT, ID, ("client_secret", "the secret of another client")]),
        (None, vec![GRANT, ("client_id", "nobody"), SECRET]),
        (None, vec![GRANT, ("client_id", "a:b"), SECRET]),
        (Some(basic(ID.1, "the secret of another client")), vec![GRANT]),
        (Some(basic(ID.1, "")), vec![GRANT]),
        (Some(Header::new("Authorization", "Basic !!!")), vec![GRANT]),
        (Some(Header::new("Authorization", "Basic")), vec![GRANT]),
        (Some(Header::new("Authorization", "Basic bm9jb2xvbg==")), vec![GRANT]),
        (Some(Header::new("Authorization", "Bearer hma_x")), vec![GRANT]),
    ] {
        let refused = server.post("/oauth/token", header, &form(&pairs)).await;
        assert_eq!(refused.refusal(), (401, "invalid_client".into()), "{pairs:?}");
        assert!(refused.header("WWW-Authenticate").is_some_and(|value| value.starts_with("Basic realm=")));
    }
}

#[rocket::async_test]
async fn two_ways_at_once_are_an_invalid_request() {
    let (server, _) = world().await;
    let header = || Some(basic(ID.1, SECRET.1));

    for pairs in
        [vec![GRANT, ID, SECRET], vec![GRANT, ("client_id", "other")], vec![GRANT, ("client_assertion", "a.b.c")]]
    {
        let refused = server.post("/oauth/token", header(), &form(&pairs)).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{pairs:?}");
    }
}

#[rocket::async_test]
async fn a_public_client_has_no_secret_and_a_confidential_one_cannot_go_without() {
    let (server, app) = world().await;
    let public = server.register(native()).await;
    let code = server.code(&public, "read:objects").await;

    let with_secret = App { secret: Some("anything-at-all-of-some-length".into()), ..public.clone() };
    assert_eq!(with_secret.redeem(&server, &code, &[]).await.refusal(), (401, "invalid_client".into()));
    let without = App { secret: None, ..app.clone() };
    let code = server.code(&app, "read:objects").await;
    assert_eq!(without.redeem(&server, &code, &[]).await.refusal(), (401, "invalid_client".into()));
}

#[rocket::async_test]
async fn two_secrets_overlap_and_a_third_ends_the_first() {
    let (server, app) = world().await;
    let add = async |secret: &str| {
        let digest = hallmark::secrets::digest::digest(secret);
        server.core.store.add_client_secret(&app.id.parse().expect("an id"), digest, server.core.now()).await
    };
    let works = async |secret: &str| {
        server.post("/oauth/token", Some(basic(&app.id, secret)), &form(&[GRANT])).await.status.code == 200
    };

    add("the second secret of this app").await.expect("a store");
    assert!(works(SECRET.1).await && works("the second secret of this app").await);
    add("the third secret of this app").await.expect("a store");
    assert!(!works(SECRET.1).await && works("the second secret of this app").await);
}
