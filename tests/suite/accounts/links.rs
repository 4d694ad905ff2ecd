//! Set-up, invitation and password reset.

use hallmark::accounts::people::{self, PeopleError};
use hallmark::domain::event::Actor;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::Standing;

use crate::support::people::{PASSWORD, new_user, path_of};
use crate::support::server::server;

#[rocket::async_test]
async fn the_first_admin_is_made_by_the_set_up_link_and_no_second_one() {
    let server = server().await;
    let link = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));
    let mut browser = server.visitor();

    let fields = [("email", "Admin@example.com"), ("name", "Ada"), ("password", PASSWORD)];
    let answer = browser.open_and_fill(&link, &link, &fields).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/login?done=set-up"));
    assert_eq!(browser.log_in("admin@example.com", PASSWORD).await.status.code, 303);
    assert_eq!(browser.open("/admin/people").await.status.code, 200);
    let again = people::setup_link(&server.core, Actor::Operator).await;
    assert!(matches!(again, Err(PeopleError::AdminExists)));
    assert_eq!(server.visitor().open(&link).await.status.code, 404);
}

#[rocket::async_test]
async fn a_set_up_link_is_refused_once_an_admin_was_added_otherwise() {
    let server = server().await;
    let link = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));
    let mut browser = server.visitor();
    let page = browser.open(&link).await;
    server.admin("admin@example.com", PASSWORD).await;

    let fields = [("email", "thief@example.com"), ("password", PASSWORD)];
    let answer = browser.fill(&page, &link, &fields).await;

    assert!(answer.status.code == 410 && answer.html.contains("This server is set up already"));
    assert_eq!(people::list(&server.core).await.expect("a store").len(), 1);
}

#[rocket::async_test]
async fn a_new_set_up_link_voids_the_former() {
    let server = server().await;
    let first = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));
    let second = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));

    assert_eq!(server.visitor().open(&first).await.status.code, 404);
    assert_eq!(server.visitor().open(&second).await.status.code, 200);
}

#[rocket::async_test]
async fn an_invited_person_chooses_a_password() {
    let server = server().await;
    let new = new_user("new@example.com", Standing::Member);
    let (_, link) = people::invite(&server.core, new, Actor::Operator).await.expect("a link");
    let link = path_of(&link);
    let mut browser = server.visitor();

    let page = browser.open(&link).await;
    assert!(page.html.contains("new@example.com") && page.html.contains("Choose a password"));
    let answer = browser.fill(&page, &link, &[("password", PASSWORD)]).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/login?done=password-chosen"));
    assert_eq!(browser.log_in("new@example.com", PASSWORD).await.status.code, 303);
}

#[rocket::async_test]
async fn a_reset_link_gives_a_new_password_and_ends_every_session() {
    let server = server().await;
    let user = server.user("person@example.com", PASSWORD).await;
    let mut there = server.visitor();
    there.log_in("person@example.com", PASSWORD).await;
    let link = path_of(&people::reset_link(&server.core, user.id, Actor::Operator).await.expect("a link"));

    let answer = server.visitor().open_and_fill(&link, &link, &[("password", "a new horse")]).await;

    assert_eq!(answer.status.code, 303);
    assert!(!there.is_signed_in().await);
    assert_eq!(server.visitor().log_in("person@example.com", PASSWORD).await.status.code, 200);
    assert_eq!(server.visitor().log_in("person@example.com", "a new horse").await.status.code, 303);
}

#[rocket::async_test]
async fn what_is_wrong_with_a_form_does_not_use_the_link_up() {
    let server = server().await;
    let link = path_of(&people::setup_link(&server.core, Actor::Operator).await.expect("a link"));
    server.user("taken@example.com", PASSWORD).await;
    let mut browser = server.visitor();

    for (email, password, told) in [
        ("nonsense", PASSWORD, "An e-mail address is name@host"),
        ("admin@example.com", "short", "A password has at least 8 characters"),
        ("admin@example.com", &"x".repeat(129), "A password has at most 128 characters"),
        ("taken@example.com", PASSWORD, "taken@example.com has an account already"),
    ] {
        let answer = browser.open_and_fill(&link, &link, &[("email", email), ("password", password)]).await;
        assert!(answer.status.code == 200 && answer.html.contains(told), "{told}: {}", answer.html);
        assert!(!answer.html.contains(&format!("value=\"{password}\"")));
    }
    let fields = [("email", "admin@example.com"), ("password", PASSWORD)];
    assert_eq!(browser.open_and_fill(&link, &link, &fields).await.status.code, 303);
}

#[rocket::async_test]
async fn an_expired_link_says_so_and_what_to_do() {
    let server = server().await;
    let user = server.user("person@example.com", PASSWORD).await;
    let link = path_of(&people::reset_link(&server.core, user.id, Actor::Operator).await.expect("a link"));
    let mut browser = server.visitor();
    let page = browser.open(&link).await;

    server.core.clock.advance(Lifetime::hours(1));
    let (opened, sent) = (browser.open(&link).await, browser.fill(&page, &link, &[("password", "a new horse")]).await);

    for answer in [opened, sent] {
        assert!(answer.status.code == 410 && answer.html.contains("This link has expired"));
        assert!(answer.html.contains("Ask an administrator for a new link."));
    }
}
