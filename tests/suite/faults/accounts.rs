//! A person's own pages.

use hallmark::accounts::people;
use hallmark::domain::event::Actor;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::Standing;

use crate::support::faults::{Attempt, at_every_call, at_every_call_of_a_new_server};
use crate::support::people::{PASSWORD, new_user, path_of};

const NEW_PASSWORD: &str = "another battery of correct staples";

/// Whether that address and password sign in.
async fn opens(attempt: &Attempt<'_>, email: &str, password: &str) -> bool {
    attempt.server.visitor().log_in(email, password).await.status.code == 303
}

#[rocket::async_test]
async fn a_right_password_signs_in_or_the_page_says_try_again() {
    at_every_call(async |attempt| {
        let user = attempt.person().await;
        let mut browser = attempt.server.visitor();
        let page = browser.open("/login").await;
        let fields = [("email", user.email.as_str()), ("password", PASSWORD)];

        let shown = attempt.under_fault(browser.fill(&page, "/login", &fields)).await;

        if attempt.unavailable_page(&shown) {
            browser.log_in(user.email.as_str(), PASSWORD).await;
        } else {
            assert_eq!((shown.status.code, shown.leads_to().as_str()), (303, "/account"), "{}", shown.html);
        }
        assert!(browser.is_signed_in().await);
    })
    .await;
}

#[rocket::async_test]
async fn signed_out_everywhere_is_said_only_once_it_is_so() {
    at_every_call(async |attempt| {
        let user = attempt.person().await;
        let mut elsewhere = attempt.server.signed_in(&user).await;
        let mut browser = attempt.server.signed_in(&user).await;
        let page = browser.open("/logout").await;

        let shown = attempt.under_fault(browser.fill(&page, "/logout", &[("where", "everywhere")])).await;

        if attempt.unavailable_page(&shown) {
            if browser.is_signed_in().await {
                browser.open_and_fill("/logout", "/logout", &[("where", "everywhere")]).await;
            }
        } else {
            assert_eq!(shown.leads_to(), "/login?done=signed-out-everywhere");
        }
        assert!(!browser.is_signed_in().await && !elsewhere.is_signed_in().await);
    })
    .await;
}

#[rocket::async_test]
async fn signed_out_is_said_only_once_it_is_so() {
    at_every_call(async |attempt| {
        let mut browser = attempt.server.signed_in(&attempt.person().await).await;
        let session = browser.cookie("__Host-hallmark-session");
        let page = browser.open("/logout").await;

        let shown = attempt.under_fault(browser.fill(&page, "/logout", &[])).await;

        let told = !attempt.unavailable_page(&shown);
        browser.keep("__Host-hallmark-session", &session);
        if !told && browser.is_signed_in().await {
            browser.open_and_fill("/logout", "/logout", &[]).await;
            browser.keep("__Host-hallmark-session", &session);
        }
        assert!(!browser.is_signed_in().await, "a copy of the cookie opens nothing");
    })
    .await;
}

#[rocket::async_test]
async fn one_password_opens_the_account_and_a_new_one_ends_what_the_old_one_opened() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let user = attempt.person().await;
        let code = server.code_of(&user, &app, "read:objects", &[]).await;
        let access = app.redeem(server, &code, &[]).await.text_of("access_token");
        let mut elsewhere = server.signed_in(&user).await;
        let mut browser = server.signed_in(&user).await;
        let page = browser.open("/account/password").await;
        // A session of the very second in which the password changes counts as begun with the new one.
        server.core.clock.advance(Lifetime::seconds(1));

        let fields = [("current", PASSWORD), ("password", NEW_PASSWORD)];
        let shown = attempt.under_fault(browser.fill(&page, "/account/password", &fields)).await;

        let changed = opens(attempt, user.email.as_str(), NEW_PASSWORD).await;
        if !attempt.unavailable_page(&shown) {
            assert_eq!(shown.leads_to(), "/account/password?done=password-changed");
            assert!(changed && browser.is_signed_in().await);
        }
        assert_ne!(changed, opens(attempt, user.email.as_str(), PASSWORD).await);
        assert_ne!(changed, server.is_live(&access).await);
        assert_ne!(changed, elsewhere.is_signed_in().await);
    })
    .await;
}

#[rocket::async_test]
async fn access_is_called_removed_only_once_it_is_over() {
    at_every_call(async |attempt| {
        let (server, app) = (attempt.server, attempt.app().await);
        let user = attempt.person().await;
        let code = server.code_of(&user, &app, "read:objects", &[]).await;
        let access = app.redeem(server, &code, &[]).await.text_of("access_token");
        let grants = server.core.store.grants_of(user.id).await.expect("a store");
        let path = format!("/account/apps/{}", grants[0].0.id);
        let mut browser = server.signed_in(&user).await;
        let page = browser.open(&path).await;

        let shown = attempt.under_fault(browser.fill(&page, &format!("{path}/remove"), &[])).await;

        if attempt.unavailable_page(&shown) {
            let again = browser.fill(&page, &format!("{path}/remove"), &[]).await;
            let told = again.status.code == 303 || again.html.contains("Its access was removed already");
            assert!(told, "{}", again.html);
        } else {
            assert_eq!(shown.leads_to(), "/account/apps?done=access-removed");
        }
        assert!(!server.is_live(&access).await);
    })
    .await;
}

#[rocket::async_test]
async fn an_invited_person_gets_in_by_the_link_or_by_the_next_one() {
    at_every_call(async |attempt| {
        let core = &attempt.server.core;
        let new = new_user(&attempt.email("new"), Standing::Member);
        let (user, link) = people::invite(core, new, Actor::Operator).await.expect("a link");
        let link = path_of(&link);
        let mut browser = attempt.server.visitor();
        let page = browser.open(&link).await;

        let shown = attempt.under_fault(browser.fill(&page, &link, &[("password", PASSWORD)])).await;

        if attempt.unavailable_page(&shown) {
            // A link that may have been used is good for nobody who finds it; the person asks for another.
            let again = browser.fill(&page, &link, &[("password", PASSWORD)]).await;
            if again.status.code != 303 && !opens(attempt, user.email.as_str(), PASSWORD).await {
                assert!(again.html.contains("Ask an administrator for a new link"), "{}", again.html);
                let next = path_of(&people::reset_link(core, user.id, Actor::Operator).await.expect("a link"));
                browser.open_and_fill(&next, &next, &[("password", PASSWORD)]).await;
            }
        } else {
            assert_eq!(shown.leads_to(), "/login?done=password-chosen");
        }
        assert!(opens(attempt, user.email.as_str(), PASSWORD).await);
        assert_eq!(browser.open(&link).await.status.code, 404, "it opens nothing any more");
    })
    .await;
}

#[rocket::async_test]
async fn the_first_admin_is_made_once_by_the_link_or_by_the_next_one() {
    at_every_call_of_a_new_server(async |attempt| {
        let core = &attempt.server.core;
        let link = path_of(&people::setup_link(core, Actor::Operator).await.expect("a link"));
        let mut browser = attempt.server.visitor();
        let page = browser.open(&link).await;
        let fields = [("email", "admin@example.com"), ("name", "Ada"), ("password", PASSWORD)];

        let shown = attempt.under_fault(browser.fill(&page, &link, &fields)).await;

        if attempt.unavailable_page(&shown) {
            if let Ok(next) = people::setup_link(core, Actor::Operator).await {
                let next = path_of(&next);
                browser.open_and_fill(&next, &next, &fields).await;
            }
        } else {
            assert_eq!(shown.leads_to(), "/login?done=set-up");
        }
        assert!(opens(attempt, "admin@example.com", PASSWORD).await);
        assert_eq!(people::list(core).await.expect("a store").len(), 1);
        assert!(people::setup_link(core, Actor::Operator).await.is_err());
    })
    .await;
}
