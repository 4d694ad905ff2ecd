//! RFC 9700 sections 2.1.1 and 4.8: no code without a challenge, no token without its verifier.

use crate::support::client::VERIFIER;
use crate::support::oauth::{confidential, native};
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
