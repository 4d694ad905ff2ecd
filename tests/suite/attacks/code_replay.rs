//! RFC 9700 section 4.2.4: of any number of redemptions at once exactly one wins, and what it won is over.

use std::sync::Arc;

use hallmark::domain::client::Client;
use hallmark::domain::time::Lifetime;
use hallmark::oauth::error::OAuthError;
use hallmark::oauth::parameters::Parameters;
use hallmark::oauth::token::{TokenResponse, grant};

use crate::support::client::{VERIFIER, form};
use crate::support::oauth::confidential;
use crate::support::race::race;
use crate::support::server::{TestServer, server};

async fn redeem_64_times(server: &TestServer, client: &Client, code: &str) -> Vec<Result<TokenResponse, OAuthError>> {
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "https://app.example/cb"),
        ("code_verifier", VERIFIER),
    ]);
    let (core, client) = (server.core.clone(), Arc::new(client.clone()));
    race(64, move |_| {
        let (core, client, body) = (core.clone(), client.clone(), body.clone());
        async move { grant(&core, &client, &Parameters::from_form(&body).expect("a form")).await }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_redemptions_at_once_one_wins_and_its_tokens_are_ended() {
    let server = server().await.with_resources().await;
    let client = confidential();
    let app = server.register(client.clone()).await;
    for round in 0..10 {
        let code = server.code(&app, "read:objects offline_access").await;

        let answers = redeem_64_times(&server, &client, &code).await;

        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1, "round {round}");
        assert!(lost.iter().all(|answer| answer.as_ref().is_err_and(|error| error.code() == "invalid_grant")));
        let tokens = serde_json::to_value(won[0].as_ref().ok()).expect("JSON");
        assert!(!server.is_live(tokens["access_token"].as_str().expect("a token")).await, "round {round}");
        let refresh = app.refresh(&server, tokens["refresh_token"].as_str().expect("a token"), &[]).await;
        assert_eq!(refresh.text_of("error"), "invalid_grant", "round {round}");
    }
}

#[rocket::async_test]
async fn a_replay_long_after_the_code_expired_still_ends_what_it_produced() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, "read:objects offline_access").await;
    let tokens = app.redeem(&server, &code, &[]).await;

    server.core.clock.advance(Lifetime::days(30));
    server.sweep().await;
    assert_eq!(app.redeem(&server, &code, &[]).await.text_of("error"), "invalid_grant");

    let refresh = app.refresh(&server, &tokens.text_of("refresh_token"), &[]).await;
    assert_eq!(refresh.text_of("error"), "invalid_grant");
}
