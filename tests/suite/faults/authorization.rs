//! From an app's request to its code, in a person's browser.

use crate::support::client::{Answer, App, CHALLENGE, form};
use crate::support::faults::{Attempt, at_every_call};
use crate::support::people::PASSWORD;
use crate::support::visitor::Visitor;

const SCOPE: &str = "read:objects";

/// Pushes a request of the app.
async fn push(attempt: &Attempt<'_>, app: &App) -> Answer {
    let request = [
        ("response_type", "code"),
        ("redirect_uri", &app.redirect_uri),
        ("scope", SCOPE),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    app.post(attempt.server, "/oauth/par", &request).await
}

/// The address at which a browser brings a pushed request.
fn brought(app: &App, pushed: &Answer) -> String {
    assert_eq!(pushed.status.code, 201, "{}", pushed.text);
    let query = form(&[("request_uri", &pushed.text_of("request_uri")), ("client_id", &app.id)]);
    format!("/oauth/authorize?{query}")
}

/// Begins at the app once more, consents if asked, and gets tokens: the way out for a person whose request broke off.
async fn assert_the_app_gets_its_tokens(attempt: &Attempt<'_>, browser: &mut Visitor<'_>, app: &App) {
    let shown = browser.open(&app.authorize(SCOPE, &[])).await;
    let code = match shown.answer("code") {
        Some(code) => code,
        None => {
            let page = browser.open(&shown.leads_to()).await;
            browser.decide(&page, "allow", &[]).await.answer("code").expect("a code")
        }
    };
    let tokens = app.redeem(attempt.server, &code, &[]).await;
    assert!(attempt.server.is_live(&tokens.text_of("access_token")).await, "{}", tokens.text);
}

#[rocket::async_test]
async fn a_pushed_request_is_kept_or_refused() {
    at_every_call(async |attempt| {
        let app = attempt.app().await;
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;

        let mut pushed = attempt.under_fault(push(attempt, &app)).await;

        if attempt.unavailable(&pushed) {
            pushed = push(attempt, &app).await;
        }
        browser.consent_page(&brought(&app, &pushed)).await;
    })
    .await;
}

#[rocket::async_test]
async fn a_pushed_request_leads_to_the_question_or_is_used_up_and_made_again_by_the_app() {
    at_every_call(async |attempt| {
        let app = attempt.app().await;
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;
        let address = brought(&app, &push(attempt, &app).await);

        let shown = attempt.under_fault(browser.open(&address)).await;

        if !attempt.unavailable_page(&shown) {
            assert!(shown.leads_to().starts_with("/consent?txn="), "{}", shown.leads_to());
            return;
        }
        let again = browser.open(&address).await;
        assert!(again.status.code == 303 || again.html.contains("This request was used or has expired"));
        browser.consent_page(&brought(&app, &push(attempt, &app).await)).await;
    })
    .await;
}

#[rocket::async_test]
async fn who_signs_in_for_an_app_gets_to_the_question_or_can_go_on() {
    at_every_call(async |attempt| {
        let (app, user) = (attempt.app().await, attempt.person().await);
        let mut browser = attempt.server.visitor();
        let sign_in = browser.open(&app.authorize(SCOPE, &[])).await.leads_to();
        let page = browser.open(&sign_in).await;
        let fields = [("email", user.email.as_str()), ("password", PASSWORD)];

        let shown = attempt.under_fault(browser.fill(&page, "/login", &fields)).await;

        if attempt.unavailable_page(&shown) {
            // What failed last was noting who signed in: then the page asks only whether to go on.
            let again = browser.open(&sign_in).await;
            let action = if browser.is_signed_in().await { "/login/continue" } else { "/login" };
            browser.fill(&again, action, &fields).await;
        }
        let question = browser.open(&sign_in.replace("/login?", "/consent?")).await;
        assert!(browser.decide(&question, "allow", &[]).await.answer("code").is_some());
    })
    .await;
}

#[rocket::async_test]
async fn a_request_leads_to_the_question_or_to_a_page_that_says_try_again() {
    at_every_call(async |attempt| {
        let app = attempt.app().await;
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;

        let shown = attempt.under_fault(browser.open(&app.authorize(SCOPE, &[]))).await;

        if !attempt.unavailable_page(&shown) {
            assert!(shown.leads_to().starts_with("/consent?txn="), "{}", shown.leads_to());
        }
        assert_the_app_gets_its_tokens(attempt, &mut browser, &app).await;
    })
    .await;
}

#[rocket::async_test]
async fn who_is_signed_in_is_never_taken_for_nobody_because_the_store_failed() {
    at_every_call(async |attempt| {
        let app = attempt.app().await;
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;

        let shown = attempt.under_fault(browser.open(&app.authorize(SCOPE, &[("prompt", "none")]))).await;

        if !attempt.unavailable_page(&shown) {
            assert_eq!(shown.answer("error").as_deref(), Some("consent_required"));
        }
    })
    .await;
}

#[rocket::async_test]
async fn the_question_is_shown_or_can_be_asked_again() {
    at_every_call(async |attempt| {
        let app = attempt.app().await;
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;
        let question = browser.open(&app.authorize(SCOPE, &[])).await.leads_to();

        let mut page = attempt.under_fault(browser.open(&question)).await;

        if attempt.unavailable_page(&page) {
            page = browser.open(&question).await;
        }
        assert!(browser.decide(&page, "allow", &[]).await.answer("code").is_some());
    })
    .await;
}

#[rocket::async_test]
async fn who_allows_gets_a_code_that_redeems_or_begins_again_at_the_app() {
    at_every_call(async |attempt| {
        let app = attempt.app().await;
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;
        let page = browser.consent_page(&app.authorize(SCOPE, &[])).await;

        let shown = attempt.under_fault(browser.decide(&page, "allow", &[])).await;

        if attempt.unavailable_page(&shown) {
            assert_eq!(shown.answer("code"), None);
            return assert_the_app_gets_its_tokens(attempt, &mut browser, &app).await;
        }
        let code = shown.answer("code").expect("a code");
        let tokens = app.redeem(attempt.server, &code, &[]).await;
        assert!(attempt.server.is_live(&tokens.text_of("access_token")).await, "{}", tokens.text);
    })
    .await;
}

#[rocket::async_test]
async fn who_denies_is_believed_only_once_the_request_is_over() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let user = attempt.person().await;
        let mut browser = server.signed_in(&user).await;
        let page = browser.consent_page(&app.authorize(SCOPE, &[])).await;

        let shown = attempt.under_fault(browser.decide(&page, "deny", &[])).await;

        if !attempt.unavailable_page(&shown) {
            assert_eq!(shown.answer("error").as_deref(), Some("access_denied"));
            let allowed = browser.decide(&page, "allow", &[]).await;
            assert_eq!(allowed.status.code, 400, "it is over: {}", allowed.html);
        }
        let granted = server.core.store.grants_of(user.id).await.expect("a store");
        assert!(granted.is_empty(), "nothing was allowed");
    })
    .await;
}
