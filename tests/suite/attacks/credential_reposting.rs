//! RFC 9700 section 4.12: no answer to a form makes a browser send the form, and the password in it, somewhere else.

use hallmark::accounts::people;
use hallmark::domain::event::Actor;

use crate::support::oauth::confidential;
use crate::support::people::{PASSWORD, path_of};
use crate::support::server::server;

const EMAIL: &str = "person@example.com";

#[rocket::async_test]
async fn every_answer_to_a_password_is_303_or_a_page() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let setup = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));
    let reset = path_of(&people::reset_link(&server.core, user.id, Actor::Operator).await.expect("a link"));
    let mut browser = server.visitor();
    let mut answers = Vec::new();

    answers.push(browser.log_in(EMAIL, "wrong horse battery").await);
    answers.push(browser.log_in(EMAIL, PASSWORD).await);
    let begun = browser.open(&app.authorize("read:objects", &[("prompt", "login")])).await.leads_to();
    let page = browser.open(&begun).await;
    answers.push(browser.fill(&page, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await);
    let question = browser.open(&answers[2].leads_to()).await;
    answers.push(browser.decide(&question, "allow", &[]).await);
    for (path, fields) in [
        ("/account/password", [("current", "wrong horse battery"), ("password", "a new horse")]),
        ("/account/password", [("current", PASSWORD), ("password", "a new horse")]),
        (&reset, [("password", "short"), ("x", "")]),
        (&setup, [("email", "admin@example.com"), ("password", PASSWORD)]),
    ] {
        answers.push(browser.open_and_fill(path, path, &fields).await);
    }

    for answer in &answers {
        assert!(matches!(answer.status.code, 200 | 303), "{}", answer.status);
        assert!(answer.location.as_ref().is_none_or(|place| place.starts_with('/') && !place.starts_with("//")));
        assert!(!answer.html.contains(PASSWORD), "a password comes back");
    }
}

#[rocket::async_test]
async fn the_next_page_is_one_of_ours_whatever_the_query_says() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;

    for next in [
        "https://evil.example",
        "//evil.example",
        "/%5Cevil.example",
        "/account%2F%2Fevil.example",
        "javascript:alert(1)",
    ] {
        let mut browser = server.visitor();
        let path = format!("/login?next={next}");
        let page = browser.open(&path).await;
        let answer = browser.fill(&page, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await;
        assert_eq!(answer.leads_to(), "/account", "{next}");
        assert_eq!(browser.open(&path).await.leads_to(), "/account", "{next}");
    }
}
