//! A one-time link works once, for what it was made for, and looking at it does not use it up.

use std::sync::Arc;

use hallmark::accounts::people;
use hallmark::domain::event::Actor;
use hallmark::domain::time::Lifetime;
use hallmark::domain::user::Standing;
use rocket::http::Method;

use crate::support::people::{PASSWORD, new_user, path_of};
use crate::support::race::race;
use crate::support::server::{TestServer, server, server_with};

/// A link of each kind: set-up, invitation, reset.
async fn links(server: &TestServer) -> [String; 3] {
    let (core, by) = (&server.core, Actor::Operator);
    let user = server.user("person@example.com", PASSWORD).await;
    let invited = people::invite(core, new_user("new@example.com", Standing::Member), by).await.expect("a link").1;
    let reset = people::reset_link(core, user.id, by).await.expect("a link");
    [people::setup_link(core, by).await.expect("a link"), invited, reset].map(|link| path_of(&link))
}

const FIELDS: [(&str, &str); 2] = [("email", "admin@example.com"), ("password", "a new horse")];

#[rocket::async_test]
async fn looking_at_a_link_does_not_use_it_up() {
    let server = server().await;

    for link in links(&server).await {
        for method in [Method::Get, Method::Head, Method::Get] {
            let answer = server.local.req(method, link.clone()).dispatch().await;
            assert_eq!(answer.status().code, 200, "{method} {link}");
        }
        assert_eq!(server.visitor().open_and_fill(&link, &link, &FIELDS).await.status.code, 303, "{link}");
    }
}

#[rocket::async_test]
async fn a_link_works_once() {
    let server = server().await;

    for link in links(&server).await {
        let mut browser = server.visitor();
        let page = browser.open(&link).await;
        assert_eq!(browser.fill(&page, &link, &FIELDS).await.status.code, 303, "{link}");
        let (sent, opened) = (browser.fill(&page, &link, &FIELDS).await, browser.open(&link).await);
        for answer in [sent, opened] {
            assert!(answer.status.code == 404 && answer.html.contains("This link cannot be used"), "{link}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_at_once_one_wins() {
    let settings = "[default.passwords]\nmemory_kib = 64\niterations = 1\nqueue = 100";
    for kind in 0..3 {
        let server = Arc::new(server_with(settings).await);
        let link = links(&server).await[kind].clone();
        let mut browser = server.visitor();
        let csrf = browser.open(&link).await.field("csrf");
        let cookie = browser.cookie("__Host-hallmark-browser");

        let statuses = race(64, |_| {
            let (server, link, csrf, cookie) = (server.clone(), link.clone(), csrf.clone(), cookie.clone());
            async move {
                let mut browser = server.visitor();
                browser.keep("__Host-hallmark-browser", &cookie);
                let fields = [("csrf", csrf.as_str()), FIELDS[0], FIELDS[1]];
                browser.submit(&link, &fields).await.status.code
            }
        })
        .await;

        let winners = statuses.iter().filter(|status| **status == 303).count();
        assert_eq!(winners, 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 303 | 404 | 410 | 200)), "{statuses:?}");
        let admins = people::list(&server.core).await.expect("a store");
        assert!(admins.iter().filter(|user| user.standing == Standing::Admin).count() <= 1);
    }
}

#[rocket::async_test]
async fn a_link_is_good_for_what_it_was_made_for() {
    let server = server().await;
    let [setup, invite, reset] = links(&server).await;

    for (link, made_for) in [(&setup, "/setup/"), (&invite, "/invite/"), (&reset, "/reset/")] {
        for other in ["/setup/", "/invite/", "/reset/"].iter().filter(|other| **other != made_for) {
            let elsewhere = link.replace(made_for, other);
            assert_eq!(server.visitor().open(&elsewhere).await.status.code, 404, "{elsewhere}");
        }
    }
}

#[rocket::async_test]
async fn a_mistyped_or_invented_link_is_told_so() {
    let server = server().await;
    let [_, _, reset] = links(&server).await;

    for bad in [
        "/reset/x",
        "/reset/hml_",
        &reset.to_uppercase().replace("/RESET/HML_", "/reset/hml_"),
        &reset[..reset.len() - 1],
        &format!("{reset}x"),
        "/reset/%ff",
        "/reset/%00",
        "/invite/..%2f..",
    ] {
        let page = server.visitor().open(bad).await;
        assert!(page.status.code == 404 && page.html.contains("This link cannot be used"), "{bad}");
    }
}

#[rocket::async_test]
async fn a_link_that_lies_around_is_dead_once_the_person_chose_a_password_otherwise() {
    let server = server().await;
    let [_, invite, reset] = links(&server).await;
    server.core.clock.advance(Lifetime::seconds(1));

    for (email, link) in [("new@example.com", invite), ("person@example.com", reset)] {
        let user = people::find(&server.core, &email.parse().expect("an address")).await.expect("a store");
        let user = user.expect("a person").id;
        let password = crate::support::people::password("chosen elsewhere");
        people::set_password(&server.core, user, password, Actor::Operator).await.expect("a person");
        assert_eq!(server.visitor().open(&link).await.status.code, 404, "{link}");
    }
}

#[rocket::async_test]
async fn a_suspended_person_does_not_come_back_by_a_link() {
    let server = server().await;
    let [_, _, reset] = links(&server).await;
    let mut browser = server.visitor();
    let page = browser.open(&reset).await;
    let user = people::find(&server.core, &"person@example.com".parse().expect("an address")).await;
    let user = user.expect("a store").expect("a person").id;
    people::suspend(&server.core, user, Actor::Operator).await.expect("a person");

    let answer = browser.fill(&page, &reset, &FIELDS).await;

    assert!(answer.status.code == 403 && answer.html.contains("This account is suspended"));
}
