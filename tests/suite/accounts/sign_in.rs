//! Signing in, alone and on the way to an app.

use std::sync::Arc;

use hallmark::domain::event::{Actor, Event};
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::Standing;

use crate::support::oauth::confidential;
use crate::support::people::{PASSWORD, new_user};
use crate::support::race::race;
use crate::support::server::{server, server_with};

const EMAIL: &str = "person@example.com";

#[rocket::async_test]
async fn a_person_signs_in_with_address_and_password() {
    let server = server().await;
    let user = server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();

    let answer = browser.log_in(" Person@Example.com", PASSWORD).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/account"));
    let page = browser.open("/account").await;
    assert!(page.status.code == 200 && page.html.contains(EMAIL));
    assert_eq!(server.facts().await[0], Event::SignedIn { user_id: user.id, address: None });
}

#[rocket::async_test]
async fn the_cookies_are_bound_to_this_host_and_out_of_reach_of_scripts() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;

    let answer = server.visitor().log_in(EMAIL, PASSWORD).await;

    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for (cookie, name) in cookies.iter().zip(["__Host-hallmark-device=hmd_", "__Host-hallmark-session=hms_"]) {
        let known = cookies.iter().find(|cookie| cookie.starts_with(name));
        assert!(known.is_some(), "{name} in {cookies:?}");
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain") && cookie.len() < 4096, "{cookie}");
    }
    let session = cookies.iter().find(|cookie| cookie.contains("session")).expect("a session");
    assert!(!session.contains("Max-Age") && !session.contains("Expires"), "it ends with the browser: {session}");
}

#[rocket::async_test]
async fn over_plain_http_on_loopback_the_cookies_have_neither_prefix_nor_secure() {
    let server = server_with("[default.issuer]\nurl = \"http://127.0.0.1:8000\"").await;

    let page = server.visitor().open("/login").await;

    let cookies = page.set_cookies();
    assert!(cookies[0].starts_with("hallmark-browser=hmb_") && !cookies[0].contains("Secure"), "{cookies:?}");
    assert_eq!(page.header("Strict-Transport-Security"), None);
}

#[rocket::async_test]
async fn nobody_learns_which_part_was_wrong() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let suspended = server.user("suspended@example.com", PASSWORD).await;
    hallmark::accounts::people::suspend(&server.core, suspended.id, Actor::Operator).await.expect("a person");
    let invited = new_user("invited@example.com", Standing::Member);
    hallmark::accounts::people::invite(&server.core, invited, Actor::Operator).await.expect("a person");

    let mut browser = server.visitor();
    let mut answers = Vec::new();
    for (email, password) in [
        (EMAIL, "wrong horse battery staple"),
        ("nobody@example.com", PASSWORD),
        ("suspended@example.com", PASSWORD),
        ("invited@example.com", PASSWORD),
        ("no address at all", PASSWORD),
        (EMAIL, "short"),
        (EMAIL, ""),
    ] {
        let answer = browser.log_in(email, password).await;
        assert!(!browser.is_signed_in().await, "{email}");
        assert!(!answer.html.contains(password) || password.is_empty());
        let shown = answer.html.replace(&format!("value=\"{email}\""), "value=\"\"");
        answers.push((answer.status.code, answer.set_cookies().len(), shown));
    }

    assert_eq!(answers[0].0, 200);
    assert!(answers[0].2.contains("role=\"alert\"") && answers[0].2.contains("did not match"));
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[rocket::async_test]
async fn the_audit_trail_says_which_part_was_wrong() {
    let server = server().await;
    let user = server.user(EMAIL, PASSWORD).await;

    server.visitor().log_in(EMAIL, "wrong horse battery staple").await;
    server.visitor().log_in("nobody@example.com", PASSWORD).await;

    let refused = |user_id, reason: &str| Event::SignInRefused { user_id, address: None, reason: reason.into() };
    let facts = server.facts().await;
    assert_eq!(facts[0], refused(None, "unknown address"));
    assert_eq!(facts[1], refused(Some(user.id), "wrong password"));
}

#[rocket::async_test]
async fn a_long_password_is_welcome_and_one_without_end_is_not_hashed() {
    let server = server().await;
    let long = "é".repeat(128);
    server.user(EMAIL, &long).await;

    assert_eq!(server.visitor().log_in(EMAIL, &long).await.status.code, 303);
    assert_eq!(server.visitor().log_in(EMAIL, &"x".repeat(129)).await.status.code, 200);
    assert_eq!(server.visitor().log_in(EMAIL, &"x".repeat(20_000)).await.status.code, 200);
    assert_eq!(server.visitor().log_in(EMAIL, &"x".repeat(40_000)).await.status.code, 413);
}

#[rocket::async_test]
async fn a_hash_of_earlier_settings_is_renewed_at_sign_in_and_ends_nothing() {
    let server = server().await;
    let user = server.user(EMAIL, PASSWORD).await;
    let cost =
        hallmark::secrets::password::Cost { memory_kib: 128, iterations: 1, parallelism: 1, concurrency: 1, queue: 1 };
    let earlier = hallmark::secrets::password::Passwords::new(cost).expect("a cost");
    let old = earlier.hash(crate::support::people::password(PASSWORD)).await.expect("a hash");
    let current = user.password.clone().expect("a password");
    server.core.store.rehash_password(user.id, &current, &old).await.expect("a store");

    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 303);

    let renewed = server.core.store.user(user.id).await.expect("a store").expect("a person");
    assert!(renewed.password.as_ref().is_some_and(|hash| hash.0.contains("m=64,")) && renewed.epoch == user.epoch);
    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_sign_ins_is_told_to_wait_and_not_kept_waiting() {
    let slow = "[default.passwords]\nmemory_kib = 8192\niterations = 4\nconcurrency = 1\nqueue = 1\n\
        [default.throttle]\nsign_in_per_account = { burst = 1, per_minute = 0 }";
    let server = Arc::new(server_with(slow).await);
    server.user(EMAIL, PASSWORD).await;

    let answers = race(24, |_| {
        let server = server.clone();
        async move {
            let answer = server.visitor().log_in(EMAIL, PASSWORD).await;
            (answer.status.code, answer.header("Retry-After").map(str::to_owned))
        }
    })
    .await;

    let busy: Vec<_> = answers.iter().filter(|(status, _)| *status == 503).collect();
    assert!(!busy.is_empty() && busy.iter().all(|(_, retry_after)| retry_after.is_some()), "{answers:?}");
    assert!(answers.iter().any(|(status, _)| *status == 303), "{answers:?}");
    assert!(answers.iter().all(|(status, _)| matches!(status, 303 | 503)), "{answers:?}");
}

#[rocket::async_test]
async fn a_page_asked_for_before_is_where_sign_in_leads() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();

    let asked = browser.open("/account/sessions").await;
    assert_eq!((asked.status.code, asked.leads_to().as_str()), (303, "/login?next=/account/sessions"));
    let page = browser.open(&asked.leads_to()).await;
    let answer = browser.fill(&page, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await;

    assert_eq!(answer.leads_to(), "/account/sessions");
    assert_eq!(browser.open("/login?next=/account/apps").await.leads_to(), "/account/apps", "nobody is asked twice");
}

#[rocket::async_test]
async fn signing_in_for_an_app_leads_on_to_the_question() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();

    let begun = browser.open(&app.authorize("read:objects", &[])).await;
    assert!(begun.leads_to().starts_with("/login?txn=hmx_"), "{}", begun.leads_to());
    let page = browser.open(&begun.leads_to()).await;
    assert!(page.html.contains("to continue to <strong>Sprint Mailer</strong>"));
    let wrong = browser.fill(&page, "/login", &[("email", EMAIL), ("password", "wrong horse")]).await;
    assert!(wrong.html.contains("to continue to <strong>Sprint Mailer</strong>"));
    let answer = browser.fill(&wrong, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await;

    assert_eq!(answer.status.code, 303);
    let question = browser.open(&answer.leads_to()).await;
    assert!(question.html.contains("Sprint Mailer wants access"), "{}", question.html);
    let done = browser.decide(&question, "allow", &[]).await;
    assert!(done.answer("code").is_some());
}

#[rocket::async_test]
async fn a_person_who_is_to_choose_can_go_on_as_who_they_are() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    let begun = browser.open(&app.authorize("read:objects", &[("prompt", "select_account")])).await;
    let page = browser.open(&begun.leads_to()).await;
    assert!(page.html.contains("Continue as person@example.com"), "{}", page.html);
    let answer = browser.fill(&page, "/login/continue", &[]).await;

    let question = browser.open(&answer.leads_to()).await;
    assert!(question.html.contains("Sprint Mailer wants access"));
}

#[rocket::async_test]
async fn where_the_password_is_demanded_a_session_does_not_do() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    let begun = browser.open(&app.authorize("read:objects", &[("prompt", "login")])).await;
    let sign_in = begun.leads_to();
    let page = browser.open(&sign_in).await;
    assert!(!page.html.contains("Continue as"));
    let fields = page.hidden_fields("/login");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = browser.submit("/login/continue", &fields).await;
    assert_eq!(refused.leads_to(), sign_in);
    let skipped = browser.open(&sign_in.replace("/login", "/consent")).await;
    assert_eq!(skipped.leads_to(), sign_in);

    let answer = browser.fill(&page, "/login", &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert!(browser.open(&answer.leads_to()).await.html.contains("Sprint Mailer wants access"));
}

#[rocket::async_test]
async fn an_app_cannot_write_an_address_on_our_page() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();

    let hint = [("prompt", "login"), ("login_hint", EMAIL)];
    let begun = browser.open(&app.authorize("read:objects", &hint)).await;
    assert!(!browser.open(&begun.leads_to()).await.html.contains(EMAIL), "nobody is signed in");
    browser.log_in(EMAIL, PASSWORD).await;
    let begun = browser.open(&app.authorize("read:objects", &hint)).await;
    assert!(browser.open(&begun.leads_to()).await.html.contains(&format!("value=\"{EMAIL}\"")), "it is their own");
    let other = [("prompt", "login"), ("login_hint", "call-0800-evil@example.com")];
    let begun = browser.open(&app.authorize("read:objects", &other)).await;
    assert!(!browser.open(&begun.leads_to()).await.html.contains("call-0800"));
}

#[rocket::async_test]
async fn a_session_ends_when_it_is_not_used_and_in_any_case() {
    let server = server_with("[default.lifetimes]\nsession_idle = \"1h\"\nsession_absolute = \"3h\"").await;
    server.user(EMAIL, PASSWORD).await;
    let (mut idle, mut busy) = (server.visitor(), server.visitor());
    idle.log_in(EMAIL, PASSWORD).await;
    busy.log_in(EMAIL, PASSWORD).await;

    for _ in 0..3 {
        server.core.clock.advance(Lifetime::minutes(50));
        assert!(busy.is_signed_in().await);
    }
    assert!(!idle.is_signed_in().await, "unused for longer than an hour");
    server.core.clock.advance(Lifetime::minutes(30));
    assert!(!busy.is_signed_in().await, "three hours are over");
}
