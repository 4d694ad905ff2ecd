//! What an admin does about other people.

use hallmark::accounts::people;
use hallmark::domain::event::Actor;
use hallmark::domain::user::User;

use crate::support::faults::{Attempt, at_every_call};
use crate::support::people::PASSWORD;
use crate::support::visitor::Visitor;

/// A browser in which an admin of this attempt's own signed in.
async fn admin<'a>(attempt: &Attempt<'a>) -> Visitor<'a> {
    let user = attempt.server.admin(&attempt.email("admin"), PASSWORD).await;
    attempt.server.signed_in(&user).await
}

async fn person_with_a_token(attempt: &Attempt<'_>) -> (User, String) {
    let (user, app) = (attempt.person().await, attempt.app().await);
    let code = attempt.server.code_of(&user, &app, "read:objects", &[]).await;
    let access = app.redeem(attempt.server, &code, &[]).await.text_of("access_token");
    (user, access)
}

#[rocket::async_test]
async fn suspended_is_said_only_once_nothing_of_the_person_is_honoured() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        let (user, access) = person_with_a_token(attempt).await;
        let (mut admin, mut person) = (admin(attempt).await, server.signed_in(&user).await);
        let path = format!("/admin/people/{}", user.id);
        let page = admin.open(&path).await;

        let shown = attempt.under_fault(admin.fill(&page, &format!("{path}/suspend"), &[])).await;

        if attempt.unavailable_page(&shown) {
            let again = admin.fill(&page, &format!("{path}/suspend"), &[]).await;
            assert_eq!(again.status.code, 303, "{}", again.html);
        }
        assert!(!server.is_live(&access).await && !person.is_signed_in().await);
        assert!(!server.visitor().log_in(user.email.as_str(), PASSWORD).await.leads_to().starts_with("/account"));
    })
    .await;
}

#[rocket::async_test]
async fn resumed_is_said_only_once_the_person_can_come_back() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        let (user, access) = person_with_a_token(attempt).await;
        people::suspend(&server.core, user.id, Actor::Operator).await.expect("a person");
        let mut admin = admin(attempt).await;
        let path = format!("/admin/people/{}", user.id);
        let page = admin.open(&path).await;

        let shown = attempt.under_fault(admin.fill(&page, &format!("{path}/resume"), &[])).await;

        if attempt.unavailable_page(&shown) {
            let again = admin.fill(&page, &format!("{path}/resume"), &[]).await;
            assert_eq!(again.status.code, 303, "{}", again.html);
        }
        assert!(server.is_live(&access).await);
        assert_eq!(server.visitor().log_in(user.email.as_str(), PASSWORD).await.status.code, 303);
    })
    .await;
}

#[rocket::async_test]
async fn an_invitation_is_shown_with_a_link_that_works_or_another_is_made() {
    at_every_call(async |attempt| {
        let (server, email) = (attempt.server, attempt.email("new"));
        let mut admin = admin(attempt).await;
        let page = admin.open("/admin/people").await;

        let mut shown = attempt.under_fault(admin.fill(&page, "/admin/people", &[("email", &email)])).await;

        if attempt.unavailable_page(&shown) {
            shown = admin.fill(&page, "/admin/people", &[("email", &email)]).await;
            if shown.html.contains("has an account already") {
                let added = people::find(&server.core, &email.parse().expect("an address")).await.expect("a store");
                let path = format!("/admin/people/{}", added.expect("somebody").id);
                shown = admin.open_and_fill(&path, &format!("{path}/link"), &[]).await;
            }
        }
        let (_, link) = shown.html.split_once("https://hallmark.test/invite/").expect("a link");
        let link: String = link.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let link = format!("/invite/{link}");
        server.visitor().open_and_fill(&link, &link, &[("password", PASSWORD)]).await;
        assert_eq!(server.visitor().log_in(&email, PASSWORD).await.status.code, 303);
    })
    .await;
}

#[rocket::async_test]
async fn all_sessions_of_a_person_are_over_once_that_is_said() {
    at_every_call(async |attempt| {
        let user = attempt.person().await;
        let (mut admin, mut person) = (admin(attempt).await, attempt.server.signed_in(&user).await);
        let path = format!("/admin/people/{}", user.id);
        let page = admin.open(&path).await;
        let action = format!("{path}/sessions/end-all");

        let shown = attempt.under_fault(admin.fill(&page, &action, &[])).await;

        if attempt.unavailable_page(&shown) {
            let again = admin.fill(&page, &action, &[]).await;
            assert_eq!(again.status.code, 303, "{}", again.html);
        }
        assert!(!person.is_signed_in().await);
    })
    .await;
}

#[rocket::async_test]
async fn removed_from_a_site_is_said_only_once_nothing_of_them_is_honoured_there() {
    at_every_call(async |attempt| {
        let server = attempt.server;
        let (user, access) = person_with_a_token(attempt).await;
        let (mut admin, site) = (admin(attempt).await, server.core.site.id);
        let path = format!("/admin/sites/{site}/members/{}/remove", user.id);
        let page = admin.open(&path).await;

        let shown = attempt.under_fault(admin.fill(&page, &path, &[])).await;

        if attempt.unavailable_page(&shown) {
            // Perhaps it was done all the same: then there is no such member any more.
            let again = admin.fill(&page, &path, &[]).await;
            assert!([303, 404].contains(&again.status.code), "{}", again.html);
        }
        assert!(!server.is_live(&access).await);
        assert_eq!(server.core.store.grants_of(user.id).await.expect("a store"), []);
    })
    .await;
}
