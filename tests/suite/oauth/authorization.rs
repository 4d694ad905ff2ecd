//! The authorization endpoint, RFC 6749 section 4.1.

use crate::support::client::{CHALLENGE, form};
use crate::support::oauth::{confidential, native, scope};
use crate::support::server::server;

#[rocket::async_test]
async fn who_is_not_signed_in_is_led_to_sign_in() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;

    let redirect = server.visitor().open(&app.authorize("read:objects", &[])).await;

    assert_eq!(redirect.status.code, 303);
    assert!(redirect.leads_to().starts_with("/login?txn=hmx_"));
}

#[rocket::async_test]
async fn the_alias_and_post_do_the_same() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let query = app.authorize("read:objects", &[]).split_once('?').expect("a query").1.to_owned();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();

    assert!(server.visitor().open(&format!("/authorize?{query}")).await.leads_to().starts_with("/login?txn="));
    for path in ["/oauth/authorize", "/authorize"] {
        let mut visitor = server.visitor();
        let posted = visitor.submit_with(path, &fields, &[("Origin", "https://app.example")]).await;
        assert_eq!((posted.status.code, posted.header("Set-Cookie")), (303, None), "{path}");
        assert!(
            visitor.open(&posted.leads_to()).await.leads_to().starts_with("/login?txn="),
            "{path}: {}",
            posted.html
        );
    }
}

#[rocket::async_test]
async fn a_post_of_another_site_finds_the_person_who_is_signed_in_and_spoils_no_other_tab() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let query = app.authorize("read:objects", &[]).split_once('?').expect("a query").1.to_owned();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();

    // A browser leaves Lax cookies out of a form of another site; it sends them where that is led on.
    let posted = server.visitor().submit_with("/oauth/authorize", &fields, &[("Origin", "https://app.example")]).await;
    assert_eq!(posted.header("Set-Cookie"), None);
    assert!(browser.open(&posted.leads_to()).await.leads_to().starts_with("/consent?txn="));
    assert_eq!(browser.decide(&page, "allow", &[]).await.status.code, 200, "the question in the other tab stands");
}

#[rocket::async_test]
async fn what_is_wrong_is_told_to_the_app_with_state_and_issuer() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let mut browser = server.visitor();

    for (more, error) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("scope", "nonsense"), "invalid_scope"),
        (("scope", "delete:objects"), "invalid_scope"),
        (("scope", "offline_access"), "invalid_scope"),
        (("scope", "bad\u{7f}scope"), "invalid_scope"),
        (("resource", "https://nowhere.example"), "invalid_target"),
        (("resource", "https://billing.example"), "invalid_target"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "create"), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("request", "eyJ"), "request_not_supported"),
        (("request_uri", "https://app.example/request"), "request_uri_not_supported"),
    ] {
        let answer = browser.open(&app.authorize("read:objects", &[more])).await;
        assert_eq!(answer.status.code, 303, "{more:?}: {}", answer.html);
        assert!(answer.leads_to().starts_with("https://app.example/cb?"), "{more:?}: {}", answer.leads_to());
        assert_eq!(answer.answer("error").as_deref(), Some(error), "{more:?}");
        assert!(answer.answer("error_description").is_some_and(|text| text.len() > 10), "{more:?}");
        assert_eq!(answer.answer("state").as_deref(), Some("state-of-the-app"), "{more:?}");
        assert_eq!(answer.answer("iss").as_deref(), Some("https://hallmark.test"), "{more:?}");
    }
}

#[rocket::async_test]
async fn prompt_none_answers_without_a_page_either_way() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let silent = app.authorize("read:objects", &[("prompt", "none")]);

    assert_eq!(browser.open(&silent).await.answer("error").as_deref(), Some("consent_required"));
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    browser.decide(&page, "allow", &[]).await;
    assert!(browser.open(&silent).await.answer("code").is_some());
}

#[rocket::async_test]
async fn prompt_login_and_select_account_ask_even_who_is_signed_in() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    for prompt in ["login", "select_account", "login consent"] {
        let redirect = browser.open(&app.authorize("read:objects", &[("prompt", prompt)])).await;
        let login = redirect.leads_to();
        assert!(login.starts_with("/login?txn="), "{prompt}: {login}");
        let around = browser.open(&login.replace("/login", "/consent")).await;
        assert!(around.leads_to().starts_with("/login?txn="), "{prompt}: the page cannot be walked around");
    }
}

#[rocket::async_test]
async fn a_redirect_uri_may_be_left_out_where_there_is_only_one() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;

    let code = server.code_of(&user, &app, "read:objects", &[("redirect_uri", "")]).await;

    assert_eq!(app.redeem(&server, &code, &[("redirect_uri", "")]).await.status.code, 200);
    let mut two = confidential();
    two.id = "two".parse().expect("an identifier");
    two.redirect_uris.push("https://app.example/other".parse().expect("a URI"));
    let two = server.register(two).await;
    let page = server.visitor().open(&two.authorize("read:objects", &[("redirect_uri", "")])).await;
    assert_eq!((page.status.code, page.location), (400, None));
}

#[rocket::async_test]
async fn without_a_scope_the_registered_one_is_asked_for() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.scope = scope("read:objects");
    let app = server.register(client).await;
    let user = server.person().await;

    let code = server.code_of(&user, &app, "", &[("scope", "")]).await;

    assert_eq!(app.redeem(&server, &code, &[]).await.text_of("scope"), "read:objects");
}

#[rocket::async_test]
async fn a_native_app_listens_on_any_port() {
    let server = server().await.with_resources().await;
    let app = server.register(native()).await;
    let user = server.person().await;
    let here = [("redirect_uri", "http://127.0.0.1:51004/cb")];

    let code = server.code_of(&user, &app, "read:objects", &here).await;

    assert_eq!(app.redeem(&server, &code, &here).await.status.code, 200);
}

#[rocket::async_test]
async fn a_code_for_several_resources_names_each_by_resource() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.scope = client.scope.union(&scope("read:bills"));
    let app = server.register(client).await;
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &app.id),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "read:objects read:bills"),
        ("resource", "https://assets.example"),
        ("resource", "https://billing.example"),
    ]);

    let redirect = server.visitor().open(&format!("/oauth/authorize?{query}")).await;

    assert!(redirect.leads_to().starts_with("/login?txn="), "{}", redirect.leads_to());
}
