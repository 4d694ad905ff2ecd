//! The consent page: who gets what, deny as easy as allow, remembered only where safe.

use hallmark::domain::time::Lifetime;

use crate::support::oauth::{confidential, native, scope};
use crate::support::server::{server, server_with};

#[rocket::async_test]
async fn allowing_leads_back_to_the_app_with_a_code() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let done = browser.decide(&page, "allow", &[]).await;

    assert_eq!(done.status.code, 200, "a POST that redirects to another origin is blocked by form-action");
    assert!(done.leads_to().starts_with("https://app.example/cb?code=hmc_"), "{}", done.leads_to());
    assert_eq!(done.answer("state").as_deref(), Some("state-of-the-app"));
    assert_eq!(done.answer("iss").as_deref(), Some("https://hallmark.test"));
    let code = done.answer("code").expect("a code");
    assert_eq!(app.redeem(&server, &code, &[]).await.status.code, 200);
}

#[rocket::async_test]
async fn the_page_says_who_gets_what_and_where_it_leads() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects write:objects offline_access", &[])).await;

    for told in [
        "Sprint Mailer",
        "Example Labs",
        "person@example.com",
        "Read objects",
        "Private data",
        "Change objects",
        "Can change",
        "Keep access when you are not using it",
        "https://app.example",
        "See your password",
        "sprint-mailer",
    ] {
        assert!(page.html.contains(told), "{told}");
    }
    let (write, read) = (page.html.find("Change objects"), page.html.find("Read objects"));
    assert!(write < read, "the riskiest comes first");
    let (deny, allow) = (page.html.find("value=\"deny\""), page.html.find("value=\"allow\""));
    assert!(deny < allow && !page.html.contains("autofocus"));
}

#[rocket::async_test]
async fn denying_tells_the_app_and_shares_nothing() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let done = browser.decide(&page, "deny", &[]).await;

    assert_eq!(done.answer("error").as_deref(), Some("access_denied"));
    assert_eq!(done.answer("iss").as_deref(), Some("https://hallmark.test"));
    assert_eq!(done.answer("code"), None);
    assert!(server.core.store.grants_of(user.id).await.expect("a store").is_empty());
}

#[rocket::async_test]
async fn an_optional_scope_is_given_only_if_it_is_ticked() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.scope = scope("read:objects");
    client.optional_scope = scope("write:objects offline_access");
    let app = server.register(client).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let authorize = app.authorize("read:objects write:objects offline_access", &[]);

    let page = browser.consent_page(&authorize).await;
    assert!(page.html.contains("type=\"checkbox\"") && !page.html.contains("checked"));
    let done = browser.decide(&page, "allow", &[("scope", "write:objects")]).await;
    let tokens = app.redeem(&server, &done.answer("code").expect("a code"), &[]).await;

    assert_eq!(tokens.text_of("scope"), "read:objects write:objects");
    assert!(tokens.json().get("refresh_token").is_none(), "offline_access was not ticked");
}

#[rocket::async_test]
async fn a_scope_that_was_not_asked_for_cannot_be_ticked() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.optional_scope = scope("delete:objects");
    let app = server.register(client).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let done = browser.decide(&page, "allow", &[("scope", "delete:objects"), ("scope", "read:bills")]).await;
    let tokens = app.redeem(&server, &done.answer("code").expect("a code"), &[]).await;

    assert_eq!(tokens.text_of("scope"), "read:objects");
}

#[rocket::async_test]
async fn a_confidential_client_is_remembered_and_only_what_is_new_is_asked() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    browser.decide(&page, "allow", &[]).await;

    let again = browser.open(&app.authorize("read:objects", &[])).await;
    assert!(again.answer("code").is_some(), "nothing new: no question");

    let more = browser.consent_page(&app.authorize("read:objects write:objects", &[])).await;
    let question = more.html.split("Already allowed").next().unwrap_or_default();
    assert!(question.contains("Change objects") && !question.contains("Read objects"));
    assert!(more.html.contains("Already allowed"));

    let everything = browser.consent_page(&app.authorize("read:objects", &[("prompt", "consent")])).await;
    assert!(everything.html.contains("Read objects"));
}

#[rocket::async_test]
async fn a_native_app_is_never_remembered_and_memory_ends_after_a_year() {
    let server = server().await.with_resources().await;
    let (native, app) = (server.register(native()).await, server.register(confidential()).await);
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    for app in [&native, &app] {
        let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
        browser.decide(&page, "allow", &[]).await;
    }

    browser.consent_page(&native.authorize("read:objects", &[])).await;
    server.core.clock.advance(Lifetime::days(366));
    browser.sign_in(&user).await;
    browser.consent_page(&app.authorize("read:objects", &[])).await;
}

#[rocket::async_test]
async fn an_operator_says_how_long_consent_is_remembered_and_a_password_proves_enough() {
    let settings = "[default.lifetimes]\nremembered_consent = \"1h\"\nstep_up = \"1min\"";
    let server = server_with(settings).await.with_resources().await;
    let mut client = confidential();
    client.scope = scope("read:objects delete:objects");
    let app = server.register(client).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    browser.decide(&page, "allow", &[]).await;

    server.core.clock.advance(Lifetime::minutes(1));
    let risky = browser.open(&app.authorize("delete:objects", &[])).await;
    assert!(risky.leads_to().starts_with("/login?txn="), "{}", risky.leads_to());

    server.core.clock.advance(Lifetime::hours(1));
    browser.consent_page(&app.authorize("read:objects", &[])).await;
}

#[rocket::async_test]
async fn the_page_says_in_which_api_the_app_will_act() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.scope = scope("read:objects read:bills");
    let app = server.register(client).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects read:bills", &[])).await;

    for api in server.core.store.resources().await.expect("a store") {
        assert!(page.html.contains(&format!("In {}", api.name)), "{}: {}", api.name, page.html);
    }
}

#[rocket::async_test]
async fn a_question_is_answered_once() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    assert_eq!(browser.decide(&page, "deny", &[]).await.status.code, 200);
    let again = browser.decide(&page, "allow", &[]).await;

    assert_eq!(again.status.code, 400);
    assert!(again.html.contains("This request is over"));
}

#[rocket::async_test]
async fn another_browser_or_another_person_cannot_answer() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let mut stranger = server.signed_in(&user).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let txn = page.field("txn");

    let elsewhere = stranger.open(&format!("/consent?txn={txn}")).await;
    assert!(elsewhere.html.contains("another browser"), "{}", elsewhere.html);

    browser.sign_in(&user).await;
    let csrf = browser.open("/consent?txn=nonsense").await.field("csrf");
    assert_eq!(csrf, "");
    let stale = browser.decide(&page, "allow", &[]).await;
    assert_eq!(stale.status.code, 403, "the token of the former session is none of this one");
}

#[rocket::async_test]
async fn a_question_waits_ten_minutes() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;

    server.core.clock.advance(Lifetime::minutes(10));

    let late = browser.decide(&page, "allow", &[]).await;
    assert_eq!(late.status.code, 400);
    assert!(late.html.contains("waited too long"));
}

#[rocket::async_test]
async fn who_lets_an_app_delete_proves_again_who_they_are() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.scope = scope("delete:objects");
    let app = server.register(client).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    browser.consent_page(&app.authorize("delete:objects", &[])).await;
    server.core.clock.advance(Lifetime::minutes(5));
    let redirect = browser.open(&app.authorize("delete:objects", &[])).await;

    assert!(redirect.leads_to().starts_with("/login?txn="), "{}", redirect.leads_to());
}

#[rocket::async_test]
async fn stored_markup_stays_text() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.name = "\"><img src=x onerror=alert(1)>".into();
    client.publisher = Some("<script>alert(1)</script>".into());
    let app = server.register(client).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;

    assert!(!page.html.contains("<img") && !page.html.contains("<script"));
}
