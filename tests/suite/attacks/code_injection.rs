//! RFC 9700 section 4.5: a code is worth nothing to another client, at another address or without its verifier.

use crate::support::client::App;
use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn a_code_is_bound_to_its_client_its_address_and_its_challenge() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.redirect_uris.push("https://app.example/other".parse().expect("a URI"));
    let app = server.register(client.clone()).await;
    client.id = "other".parse().expect("an identifier");
    let other = server.register(client).await;
    let code = server.code(&app, "read:objects").await;
    let moved = App { redirect_uri: "https://app.example/other".into(), ..app.clone() };

    assert_eq!(other.redeem(&server, &code, &[]).await.text_of("error"), "invalid_grant");
    assert_eq!(moved.redeem(&server, &code, &[]).await.text_of("error"), "invalid_grant");
    let verifier = [("code_verifier", "another-verifier-that-is-at-least-43-characters")];
    assert_eq!(app.redeem(&server, &code, &verifier).await.text_of("error"), "invalid_grant");
    assert_eq!(app.redeem(&server, &code, &[]).await.status.code, 200, "and none of that burnt it");
}

#[rocket::async_test]
async fn refresh_tokens_and_access_tokens_are_no_codes() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;

    for token in [&access, &refresh] {
        assert_eq!(app.redeem(&server, token, &[]).await.text_of("error"), "invalid_grant");
        let as_refresh = token.replace("hma_", "hmr_");
        if as_refresh != *token {
            assert_eq!(app.refresh(&server, &as_refresh, &[]).await.text_of("error"), "invalid_grant");
        }
    }
}
