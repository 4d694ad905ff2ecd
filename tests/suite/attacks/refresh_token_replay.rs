//! RFC 9700 section 4.14: a rotated refresh token is good for nothing but a retry, at once or after a restart.

use std::sync::Arc;

use hallmark::domain::time::Lifetime;
use hallmark::oauth::parameters::Parameters;
use hallmark::oauth::token::grant;

use crate::support::client::{App, form};
use crate::support::oauth::{confidential, native};
use crate::support::race::race;
use crate::support::server::{TestServer, server, server_with};

async fn refresh_64_times(server: &TestServer, token: &str) -> Vec<Result<serde_json::Value, String>> {
    let body = form(&[("grant_type", "refresh_token"), ("refresh_token", token)]);
    let (core, client) = (server.core.clone(), Arc::new(confidential()));
    race(64, move |_| {
        let (core, client, body) = (core.clone(), client.clone(), body.clone());
        async move {
            let answer = grant(&core, &client, &Parameters::from_form(&body).expect("a form")).await;
            answer.map(|tokens| serde_json::to_value(tokens).expect("JSON")).map_err(|error| error.code().to_owned())
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_refreshes_at_once_all_get_the_same_tokens() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (_, mut refresh) = server.tokens(&app, "read:objects offline_access").await;
    for round in 0..10 {
        let answers = refresh_64_times(&server, &refresh).await;

        let first = answers[0].clone().expect("tokens");
        assert!(answers.iter().all(|answer| answer.as_ref() == Ok(&first)), "round {round}");
        assert!(server.is_live(first["access_token"].as_str().expect("a token")).await);
        refresh = first["refresh_token"].as_str().expect("a token").to_owned();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_leeway_one_of_64_wins_and_the_family_is_ended() {
    let server = server_with("[default.lifetimes]\nrefresh_token_leeway = 0").await.with_resources().await;
    let app = server.register(confidential()).await;
    for round in 0..10 {
        let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;

        let answers = refresh_64_times(&server, &refresh).await;

        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "round {round}");
        assert!(!server.is_live(&access).await, "round {round}");
    }
}

#[rocket::async_test]
async fn reuse_by_a_public_client_ends_the_family_and_its_access_tokens() {
    let server = server().await.with_resources().await;
    let app: App = server.register(native()).await;
    let (access, stolen) = server.tokens(&app, "read:objects offline_access").await;
    let second = app.refresh(&server, &stolen, &[]).await;
    let third = app.refresh(&server, &second.text_of("refresh_token"), &[]).await;

    assert_eq!(app.refresh(&server, &stolen, &[]).await.refusal(), (400, "invalid_grant".into()));

    for token in [&access, &second.text_of("access_token"), &third.text_of("access_token")] {
        assert!(!server.is_live(token).await);
    }
    let events = server.core.store.newest_events(20).await.expect("a store");
    assert!(format!("{events:?}").contains("RefreshTokenReused"), "{events:?}");
}

#[rocket::async_test]
async fn a_rotated_token_is_as_dead_after_a_restart() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (_, first) = server.tokens(&app, "read:objects offline_access").await;
    let second = app.refresh(&server, &first, &[]).await;
    server.core.clock.advance(Lifetime::minutes(1));

    let server = server.restarted().await;

    assert!(server.is_live(&second.text_of("access_token")).await, "what was promised is still there");
    assert_eq!(app.refresh(&server, &first, &[]).await.refusal(), (400, "invalid_grant".into()));
    assert!(!server.is_live(&second.text_of("access_token")).await);
}
