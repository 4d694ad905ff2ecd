//! The page that tells people what happened to their account.

use hallmark::accounts::{api_tokens, leaked};
use hallmark::domain::event::Actor;
use hallmark::domain::time::Lifetime;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::server;

const EMAIL: &str = "person@example.com";
const ACTIVITY: &str = "/account/activity";

#[rocket::async_test]
async fn a_person_is_told_of_sign_ins_apps_and_tokens_newest_first() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.address = Some("192.0.2.7:4000".parse().expect("an address"));
    browser.log_in(EMAIL, PASSWORD).await;
    server.core.clock.advance(Lifetime::hours(1));
    server.code_of(&user, &app, "read:objects", &[]).await;
    server.api_token(&user, "read:objects").await;
    api_tokens::revoke_all(&server.core, user.id, Actor::Operator).await.expect("a store");

    let page = browser.open(ACTIVITY).await;

    let told = [
        "An operator of this server revoked one API token of yours.",
        "You made the API token “Nightly export” for every site that you are on.",
        "You allowed Sprint Mailer to act for you.",
        "You signed in from 192.0.2.7.",
    ];
    let places: Vec<_> = told.iter().map(|words| page.html.find(words).unwrap_or_else(|| panic!("{words}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.html.contains("1 hour ago") && page.html.contains("Something here was not you?"));
    for path in ["/account/sessions", "/account/password", "/account/tokens", "/account/apps"] {
        assert!(page.html.contains(&format!("href=\"{path}\"")), "{path}");
    }
}

#[rocket::async_test]
async fn a_leaked_token_is_told_with_advice_and_on_the_overview_for_a_month() {
    let server = server().await.with_resources().await;
    let user = server.user(EMAIL, PASSWORD).await;
    let token = server.api_token(&user, "read:objects").await;
    let mut browser = server.signed_in(&user).await;
    assert!(!browser.open("/account").await.html.contains("found in public"));

    leaked::end(&server.core, &token, Some("198.51.100.9".parse().expect("an address"))).await.expect("a store");

    let page = browser.open(ACTIVITY).await;
    assert!(page.html.contains("Somebody found your API token “Nightly export” in public, and it was ended."));
    assert!(page.html.contains("198.51.100.9") && page.html.contains("Find out where it stood"));
    assert!(browser.open("/account").await.html.contains("found in public"));
    server.core.clock.advance(Lifetime::days(31));
    assert!(!server.signed_in(&user).await.open("/account").await.html.contains("found in public"));
}

#[rocket::async_test]
async fn nobody_is_told_of_the_account_of_another() {
    let server = server().await.with_resources().await;
    let user = server.user(EMAIL, PASSWORD).await;
    server.api_token(&user, "read:objects").await;
    let other = server.admin("other@example.com", PASSWORD).await;

    let page = server.signed_in(&other).await.open(ACTIVITY).await;

    assert!(!page.html.contains("Nightly export") && page.html.contains("Nothing yet"), "{}", page.html);
}

#[rocket::async_test]
async fn what_an_admin_did_to_an_account_is_told_as_that() {
    let server = server().await.with_resources().await;
    let user = server.user(EMAIL, PASSWORD).await;
    let admin = server.admin("admin@example.com", PASSWORD).await;
    let mut browser = server.signed_in(&admin).await;
    let path = format!("/admin/people/{}", user.id);
    for action in ["suspend", "resume"] {
        browser.open_and_fill(&path, &format!("{path}/{action}"), &[]).await;
    }

    let page = server.signed_in(&user).await.open(ACTIVITY).await;

    for told in ["An administrator suspended your account.", "An administrator resumed your account."] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    assert!(!page.html.contains("admin@example.com"));
}
