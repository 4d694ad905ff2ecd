//! RFC 9700 sections 2.1.2 and 4.17: no token and no code travels in a fragment or a message.

use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn there_is_no_response_but_a_code_in_the_query() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;

    for response_type in ["token", "id_token", "id_token token", "code token", "code id_token", "none", "CODE"] {
        let answer = server.visitor().open(&app.authorize("read:objects", &[("response_type", response_type)])).await;
        assert_eq!(answer.answer("error").as_deref(), Some("unsupported_response_type"), "{response_type}");
        assert!(!answer.leads_to().contains('#'));
        let without_challenge =
            [("response_type", response_type), ("code_challenge", ""), ("code_challenge_method", "")];
        let answer = server.visitor().open(&app.authorize("read:objects", &without_challenge)).await;
        assert_eq!(answer.answer("error").as_deref(), Some("unsupported_response_type"), "{response_type}");
    }
    for response_mode in ["fragment", "form_post", "web_message", "jwt", "query.jwt"] {
        let answer = server.visitor().open(&app.authorize("read:objects", &[("response_mode", response_mode)])).await;
        assert_eq!(answer.answer("error").as_deref(), Some("invalid_request"), "{response_mode}");
    }
}

#[rocket::async_test]
async fn forms_and_cookies_carry_nothing_of_the_request_that_could_be_changed() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;

    for cookie in browser.cookies() {
        for told in ["app.example", "read:objects", "state-of-the-app", "sprint-mailer"] {
            assert!(!cookie.contains(told), "{cookie} holds {told}");
        }
    }
    let fields = [
        ("response_type", "token"),
        ("redirect_uri", "https://evil.example/cb"),
        ("client_id", "nobody"),
        ("state", "mine"),
        ("resource", "https://billing.example"),
    ];
    let done = browser.decide(&page, "allow", &fields).await;

    assert!(done.leads_to().starts_with("https://app.example/cb?code="), "{}", done.leads_to());
    assert_eq!(done.answer("state").as_deref(), Some("state-of-the-app"));
}
