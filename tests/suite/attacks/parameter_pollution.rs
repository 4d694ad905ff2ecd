//! RFC 6749 section 3.1: a parameter that is there twice means nothing at all.

use crate::support::client::{VERIFIER, form};
use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn any_repeated_parameter_of_an_authorization_request_is_refused() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;

    for name in ["response_type", "scope", "state", "code_challenge", "code_challenge_method", "prompt", "nonsense"] {
        let twice = format!("{}&{name}=x&{name}=y", app.authorize("read:objects", &[]));
        let answer = server.visitor().open(&twice).await;
        assert_eq!(answer.answer("error").as_deref(), Some("invalid_request"), "{name}");
    }
    for name in ["client_id", "redirect_uri"] {
        let twice = format!("{}&{name}=https://app.example/cb", app.authorize("read:objects", &[]));
        let page = server.visitor().open(&twice).await;
        assert_eq!((page.status.code, page.location), (400, None), "{name}");
    }
}

#[rocket::async_test]
async fn any_repeated_parameter_of_a_token_request_is_refused_in_form_and_json() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, "read:objects").await;
    let secret = app.secret.clone().expect("a secret");
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", app.id.as_str()),
        ("client_secret", &secret),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
    ];

    for (name, value) in pairs {
        let body = format!("{}&{}", form(&pairs), form(&[(name, value)]));
        let refused = server.post("/oauth/token", None, &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{name}");
        let fields: Vec<String> =
            pairs.iter().chain([&(name, value)]).map(|(name, value)| format!("{name:?}:{value:?}")).collect();
        let refused =
            server.post_as("/oauth/token", "application/json", None, &format!("{{{}}}", fields.join(","))).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{name}");
    }
    assert_eq!(app.redeem(&server, &code, &[]).await.status.code, 200, "and none of that burnt the code");
}

#[rocket::async_test]
async fn a_redirection_uri_cannot_bring_its_own_answer() {
    use hallmark::domain::uri::RedirectUri;
    for name in ["code", "state", "iss", "error", "error_description"] {
        assert!(format!("https://app.example/cb?{name}=mine").parse::<RedirectUri>().is_err(), "{name}");
    }
}
