//! The endpoints that programs call.

use hallmark::domain::authorization_code::CodeState;
use hallmark::domain::client::Client;
use hallmark::secrets::token::{TokenKind, read};

use crate::support::client::Answer;
use crate::support::faults::{Attempt, at_every_call};
use crate::support::faulty_store::Fault;
use crate::support::oauth::three_legged;

const EVERYTHING: &str = "read:objects write:objects offline_access";

async fn assert_gives_live_tokens(attempt: &Attempt<'_>, answer: &Answer) {
    assert_eq!(answer.status.code, 200, "{}", answer.text);
    assert!(attempt.server.is_live(&answer.text_of("access_token")).await);
}

/// Whether something that `code` produced may be live.
async fn has_live_family(attempt: &Attempt<'_>, code: &str) -> bool {
    let store = &attempt.server.core.store;
    let key = read(TokenKind::Code, code).expect("a code");
    match store.code(key).await.expect("a store") {
        Some(CodeState::Spent { family, .. }) => {
            store.family(family).await.expect("a store").is_some_and(|family| family.is_live())
        }
        _ => false,
    }
}

#[rocket::async_test]
async fn a_code_whose_redemption_failed_redeems_or_nothing_of_it_is_live() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;

        let answer = attempt.under_fault(app.redeem(server, &code, &[])).await;

        if !attempt.unavailable(&answer) {
            return assert_gives_live_tokens(attempt, &answer).await;
        }
        let again = app.redeem(server, &code, &[]).await;
        if attempt.was(Fault::After, "redeem_code") {
            // Its tokens were told to nobody. Coming again it counts as replayed, which ends them.
            assert_eq!(again.refusal(), (400, "invalid_grant".into()));
            assert!(!has_live_family(attempt, &code).await);
        } else {
            assert_gives_live_tokens(attempt, &again).await;
        }
    })
    .await;
}

#[rocket::async_test]
async fn a_client_whose_rotation_failed_goes_on_with_the_token_it_holds() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;
        let refresh = app.redeem(server, &code, &[]).await.text_of("refresh_token");

        let answer = attempt.under_fault(app.refresh(server, &refresh, &[])).await;

        let given = !attempt.unavailable(&answer);
        let again = app.refresh(server, &refresh, &[]).await;
        assert_gives_live_tokens(attempt, &again).await;
        if given {
            assert_eq!(again.text_of("refresh_token"), answer.text_of("refresh_token"));
            assert_eq!(again.text_of("access_token"), answer.text_of("access_token"));
        }
        let next = app.refresh(server, &again.text_of("refresh_token"), &[]).await;
        assert_gives_live_tokens(attempt, &next).await;
    })
    .await;
}

#[rocket::async_test]
async fn a_replayed_code_is_refused_only_once_its_tokens_are_over() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;
        let access = app.redeem(server, &code, &[]).await.text_of("access_token");

        let mut answer = attempt.under_fault(app.redeem(server, &code, &[])).await;

        if attempt.unavailable(&answer) {
            answer = app.redeem(server, &code, &[]).await;
        }
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
        assert!(!server.is_live(&access).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_reused_refresh_token_is_refused_only_once_its_family_is_over() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;
        let first = app.redeem(server, &code, &[]).await.text_of("refresh_token");
        let second = app.refresh(server, &first, &[]).await.text_of("refresh_token");
        let third = app.refresh(server, &second, &[]).await;

        let mut answer = attempt.under_fault(app.refresh(server, &first, &[])).await;

        if attempt.unavailable(&answer) {
            answer = app.refresh(server, &first, &[]).await;
        }
        assert_eq!(answer.refusal(), (400, "invalid_grant".into()));
        assert!(!server.is_live(&third.text_of("access_token")).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_client_gets_a_live_token_for_itself_or_is_told_to_try_again() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);

        let mut answer = attempt.under_fault(app.token_for_itself(server, &[("scope", "read:objects")])).await;

        if attempt.unavailable(&answer) {
            answer = app.token_for_itself(server, &[("scope", "read:objects")]).await;
        }
        assert_gives_live_tokens(attempt, &answer).await;
    })
    .await;
}

#[rocket::async_test]
async fn a_live_token_is_never_called_inactive_because_the_store_failed() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;
        let access = app.redeem(server, &code, &[]).await.text_of("access_token");

        let answer = attempt.under_fault(server.introspect(&access)).await;

        assert!(attempt.unavailable(&answer) || answer.json()["active"] == true, "{}", answer.text);
    })
    .await;
}

#[rocket::async_test]
async fn a_revocation_of_an_access_token_is_200_only_once_it_is_dead() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;
        let access = app.redeem(server, &code, &[]).await.text_of("access_token");

        let mut answer = attempt.under_fault(app.revoke(server, &access)).await;

        if attempt.unavailable(&answer) {
            answer = app.revoke(server, &access).await;
        }
        assert_eq!(answer.status.code, 200, "{}", answer.text);
        assert!(!server.is_live(&access).await);
    })
    .await;
}

#[rocket::async_test]
async fn a_revocation_of_a_refresh_token_is_200_only_once_its_family_is_dead() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let code = server.code_of(&attempt.person().await, &app, EVERYTHING, &[]).await;
        let tokens = app.redeem(server, &code, &[]).await;
        let refresh = tokens.text_of("refresh_token");

        let mut answer = attempt.under_fault(app.revoke(server, &refresh)).await;

        if attempt.unavailable(&answer) {
            answer = app.revoke(server, &refresh).await;
        }
        assert_eq!(answer.status.code, 200, "{}", answer.text);
        assert!(!server.is_live(&tokens.text_of("access_token")).await);
        assert_eq!(app.refresh(server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()));
    })
    .await;
}

#[rocket::async_test]
async fn nobody_is_told_that_a_token_is_dead_because_it_could_not_be_looked_up() {
    at_every_call(async |attempt| {
        let app = attempt.server.register(Client { id: attempt.id(), ..three_legged() }).await;
        let code = attempt.server.code_of(&attempt.person().await, &app, "read:objects read:me", &[]).await;
        let access = app.redeem(attempt.server, &code, &[]).await.text_of("access_token");

        for path in ["/me", "/oauth/token/accessible-resources"] {
            let answer = attempt.under_fault(attempt.server.ask(path, &access)).await;
            let told = if attempt.failed.get().is_some() { (503, Some("5")) } else { (200, None) };
            assert_eq!((answer.status.code, answer.header("Retry-After")), told, "{}", answer.text);
            assert_eq!(attempt.server.ask(path, &access).await.status.code, 200);
        }
    })
    .await;
}
