//! RFC 6749 section 3.2: a body is a form or a JSON object of strings, read as what it says it is; both are judged alike.

use serde_json::json;

use crate::support::client::{VERIFIER, form};
use crate::support::listening::Listening;
use crate::support::oauth::confidential;
use crate::support::server::server;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

fn object(pairs: &[(&str, &str)]) -> String {
    let object: serde_json::Map<_, _> = pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    serde_json::Value::from(object).to_string()
}

#[rocket::async_test]
async fn a_token_request_in_json_is_judged_as_one_in_a_form() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let code = server.code(&app, "read:objects offline_access").await;
    let secret = app.secret.clone().expect("a secret");
    let client = [("client_id", app.id.as_str()), ("client_secret", &secret)];
    let redeem = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &app.redirect_uri)];
    let good = [&client[..], &redeem[..], &[("code_verifier", VERIFIER)]].concat();

    for (bad, error) in [
        ([&client[..], &redeem[..]].concat(), "invalid_grant"),
        ([&client[..1], &redeem[..], &[("client_secret", "wrong")]].concat(), "invalid_client"),
        ([&client[..], &[("grant_type", "password")]].concat(), "unsupported_grant_type"),
        (client.to_vec(), "invalid_request"),
        (good[1..].to_vec(), "invalid_client"),
    ] {
        let (as_form, as_json) = (
            server.post_as("/oauth/token", FORM, None, &form(&bad)).await,
            server.post_as("/oauth/token", JSON, None, &object(&bad)).await,
        );
        assert_eq!(as_json.refusal().1, error, "{}", as_json.text);
        assert_eq!((as_json.status, as_json.text), (as_form.status, as_form.text));
    }
    let tokens = server.post_as("/oauth/token", "application/json; charset=utf-8", None, &object(&good)).await;
    assert_eq!(tokens.status.code, 200, "{}", tokens.text);
    let refresh = tokens.text_of("refresh_token");
    let again = [&client[..], &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]].concat();
    let fresh = server.post_as("/oauth/token", JSON, None, &object(&again)).await;
    assert!(server.is_live(&fresh.text_of("access_token")).await, "{}", fresh.text);
}

#[rocket::async_test]
async fn a_json_body_is_one_object_of_strings_each_named_once_or_nothing_of_it_is_read() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let secret = app.secret.clone().expect("a secret");
    let good = object(&[("grant_type", "client_credentials"), ("client_id", &app.id), ("client_secret", &secret)]);
    assert_eq!(server.post_as("/oauth/token", JSON, None, &good).await.status.code, 200);
    let with = |more: &str| format!("{},{more}}}", good.trim_end_matches('}'));
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));

    for bad in [
        with(r#""scope":["read:objects"]"#),
        with(r#""scope":{"read:objects":true}"#),
        with(r#""scope":1"#),
        with(r#""scope":1.5"#),
        with(r#""scope":true"#),
        with(r#""unknown":{"nested":{}}"#),
        with(r#""resource":[["https://assets.example"]]"#),
        with(r#""resource":["https://assets.example",1]"#),
        with(r#""scope":"read:objects","scope":"write:objects""#),
        with(r#""scope":"read:objects","\u0073cope":"write:objects""#),
        with(r#""scope":"read:objects","scope":null,"scope":"write:objects""#),
        with(&format!(r#""scope":{deep}"#)),
        format!("[{good}]"),
        format!("{good}{good}"),
        format!("{good} and more"),
        good.trim_end_matches('}').to_owned(),
        format!("{}}}", with("").trim_end_matches('}')),
        "null".to_owned(),
        String::new(),
    ] {
        let refused = server.post_as("/oauth/token", JSON, None, &bad).await;
        let start: String = bad.chars().take(200).collect();
        assert_eq!(refused.refusal(), (400, "invalid_request".into()), "{start}");
    }
    let long = object(&[("grant_type", "client_credentials"), ("scope", &"x".repeat(33 * 1024))]);
    assert_eq!(server.post_as("/oauth/token", JSON, None, &long).await.status.code, 413);
}

#[rocket::async_test]
async fn a_body_is_read_as_what_it_says_it_is_and_never_guessed() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let secret = app.secret.clone().expect("a secret");
    let pairs = [("grant_type", "client_credentials"), ("client_id", app.id.as_str()), ("client_secret", &secret)];
    let (as_form, as_json) = (form(&pairs), object(&pairs));

    for (content_type, body) in [
        (JSON, &as_form),
        (FORM, &as_json),
        ("text/plain", &as_json),
        ("text/json", &as_json),
        ("application/jsonp", &as_json),
        ("application/json, application/x-www-form-urlencoded", &as_form),
        ("multipart/form-data; boundary=x", &as_form),
        ("application/xml", &as_form),
        ("", &as_form),
    ] {
        let refused = server.post_as("/oauth/token", content_type, None, body).await;
        assert!([400, 401].contains(&refused.status.code), "{content_type}: {}", refused.text);
        assert!(!refused.text.contains("access_token"), "{content_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_through_the_front_is_answered_by_the_same_rules() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let secret = app.secret.clone().expect("a secret");
    let front = Listening::to(&server).await;
    let say = |authorization: &str, body: &str| {
        let length = body.len();
        format!(
            "POST /oauth/token HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {authorization}Content-Length: {length}\r\n\r\n{body}"
        )
    };
    let basic = format!("Authorization: {}\r\n", crate::support::client::basic(&app.id, &secret).value());
    let alone = object(&[("grant_type", "client_credentials")]);
    let named = object(&[("grant_type", "client_credentials"), ("client_id", &app.id), ("client_secret", &secret)]);

    assert_eq!(front.say(say(&basic, &alone)).await.0, 200);
    assert_eq!(front.say(say("", &named)).await.0, 200);
    assert_eq!(front.say(say(&basic, &named)).await.0, 400, "two ways to authenticate at once");
    assert_eq!(front.say(say("", &alone)).await.0, 401);
}
