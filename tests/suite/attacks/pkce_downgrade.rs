//! RFC 9700 sections 2.1.1 and 4.8: no code without a challenge, no token without its verifier.

use hallmark::domain::client::{Pkce, Profile};

use crate::support::client::VERIFIER;
use crate::support::oauth::{confidential, native, three_legged};
use crate::support::server::server;

#[rocket::async_test]
async fn every_client_confidential_or_not_must_send_an_s256_challenge() {
    let server = server().await.with_resources().await;
    for client in [confidential(), native()] {
        let app = server.register(client).await;
        for more in [
            &[("code_challenge", ""), ("code_challenge_method", "")][..],
            &[("code_challenge", "")][..],
            &[("code_challenge_method", "plain"), ("code_challenge", VERIFIER)][..],
            &[("code_challenge_method", "")][..],
            &[("code_challenge_method", "s256")][..],
            &[("code_challenge", "has spaces in it and is longer than 43 characters")][..],
        ] {
            let answer = server.visitor().open(&app.authorize("read:objects", more)).await;
            assert_eq!(answer.answer("error").as_deref(), Some("invalid_request"), "{more:?}");
        }
    }
}

#[rocket::async_test]
async fn leaving_the_verifier_out_does_not_skip_the_check() {
    let server = server().await.with_resources().await;
    let app = server.register(native()).await;
    let code = server.code(&app, "read:objects").await;

    for verifier in ["", " ", "x", &"x".repeat(43), &"x".repeat(5000)] {
        let refused = app.redeem(&server, &code, &[("code_verifier", verifier)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_grant".into()), "{verifier}");
    }
}

const NO_CHALLENGE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

#[rocket::async_test]
async fn an_exempt_client_redeems_without_a_verifier_and_never_with_one() {
    let server = server().await.with_resources().await;
    let app = server.register(three_legged()).await;
    let user = server.person().await;
    let code = server.code_of(&user, &app, "read:objects", &NO_CHALLENGE).await;

    let injected = app.redeem(&server, &code, &[]).await;
    assert_eq!(injected.refusal(), (400, "invalid_grant".into()), "a verifier for a code whose challenge was cut out");
    let honest = app.redeem(&server, &code, &[("code_verifier", "")]).await;
    assert_eq!(honest.status.code, 200, "{}", honest.text);
}

#[rocket::async_test]
async fn an_exempt_client_that_sends_a_challenge_is_held_to_it() {
    let server = server().await.with_resources().await;
    let app = server.register(three_legged()).await;
    let code = server.code(&app, "read:objects").await;

    for verifier in ["", "x", &"x".repeat(43)] {
        let refused = app.redeem(&server, &code, &[("code_verifier", verifier)]).await;
        assert_eq!(refused.refusal(), (400, "invalid_grant".into()), "{verifier:?}");
    }
    assert_eq!(app.redeem(&server, &code, &[("code_verifier", VERIFIER)]).await.status.code, 200);
    for more in [
        &[("code_challenge", "")][..],
        &[("code_challenge_method", "")][..],
        &[("code_challenge_method", "plain"), ("code_challenge", VERIFIER)][..],
        &[("code_challenge", "short")][..],
    ] {
        let answer = server.visitor().open(&app.authorize("read:objects", more)).await;
        assert_eq!(answer.answer("error").as_deref(), Some("invalid_request"), "{more:?}");
    }
}

#[rocket::async_test]
async fn a_record_that_exempts_whom_no_command_would_exempts_nobody() {
    let server = server().await.with_resources().await;
    let mut of_the_rfcs = confidential();
    of_the_rfcs.pkce = Pkce::Exempt;
    let mut public = native();
    (public.pkce, public.profile) = (Pkce::Exempt, Profile::Atlassian);
    for client in [of_the_rfcs, public] {
        let app = server.register(client).await;
        let answer = server.visitor().open(&app.authorize("read:objects", &NO_CHALLENGE)).await;
        assert_eq!(answer.answer("error").as_deref(), Some("invalid_request"), "{}", app.id);
    }
}
