//! Guessing is slowed down, and nobody can use that to lock a person out.

use std::sync::Arc;

use hallmark::accounts::networks::{self, Attempt, Uncounted};
use hallmark::authorization_server::AuthorizationServer;
use hallmark::config::throttle::Rate;
use hallmark::domain::time::Lifetime;
use hallmark::secrets::seal::SealingKey;

use crate::support::faulty_store::Faults;
use crate::support::people::PASSWORD;
use crate::support::race::race;
use crate::support::server::{server, server_with, server_with_faults};

const EMAIL: &str = "person@example.com";

#[rocket::async_test]
async fn guesses_for_one_account_are_slowed_down_wherever_they_come_from() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut statuses = Vec::new();

    for number in 0..102 {
        let mut browser = server.visitor();
        browser.address = Some(format!("203.0.113.{number}:4000").parse().expect("an address"));
        statuses.push(browser.log_in(EMAIL, "wrong horse battery").await.status.code);
    }

    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 100);
    assert_eq!(statuses[100..], [429, 429]);
    server.core.clock.advance(Lifetime::seconds(10));
    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 303);
}

#[rocket::async_test]
async fn guesses_from_one_address_are_slowed_down_and_lock_nobody_out_at_another() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let at = |host: &str| Some(format!("{host}:4000").parse().expect("an address"));
    let mut statuses = Vec::new();
    for _ in 0..30 {
        let mut attacker = server.visitor();
        attacker.address = at("203.0.113.9");
        statuses.push(attacker.log_in(EMAIL, "wrong horse battery").await.status.code);
    }
    assert_eq!((statuses[9], statuses[10], statuses[29]), (200, 429, 429));

    let mut person = server.visitor();
    person.address = at("198.51.100.7");
    assert_eq!(person.log_in(EMAIL, PASSWORD).await.status.code, 303, "a browser never seen before");
}

#[rocket::async_test]
async fn another_rate_holds_from_the_next_guess_on() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 200);

    let mut config = server.core.config.clone();
    config.throttle.sign_in_per_account = Rate { burst: 1, per_minute: 1 };
    server.core.adopt(&config);

    assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 200);
    assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 429);
}

#[rocket::async_test]
async fn a_stranger_who_is_refused_again_and_again_does_not_fill_the_audit_trail() {
    let server = server().await.with_resources().await;
    for _ in 0..100 {
        let body = "grant_type=client_credentials&client_id=nobody&client_secret=nothing";
        let refused = server.post("/oauth/token", None, body).await;
        assert_eq!(refused.refusal(), (401, "invalid_client".into()));
    }
    let kept = |event: &hallmark::domain::event::Recorded| {
        matches!(event.event, hallmark::domain::event::Event::ClientRefused { .. })
    };
    let events = server.core.store.newest_events(1000).await.expect("a store");
    assert_eq!(events.iter().filter(|event| kept(event)).count(), 60);
}

#[rocket::async_test]
async fn an_address_that_nobody_has_is_slowed_down_just_so() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut answers = Vec::new();

    for email in [EMAIL, "nobody@example.com"] {
        let mut statuses = Vec::new();
        for _ in 0..12 {
            statuses.push(server.visitor().log_in(email, "wrong horse battery").await.status.code);
        }
        answers.push(statuses);
    }

    assert_eq!(answers[0], answers[1]);
}

#[rocket::async_test]
async fn who_is_told_to_wait_is_told_how_long() {
    let server = server().await;
    for _ in 0..10 {
        server.visitor().log_in(EMAIL, "wrong horse battery").await;
    }

    let page = server.visitor().log_in(EMAIL, "wrong horse battery").await;

    assert_eq!((page.status.code, page.header("Retry-After")), (429, Some("10")));
    assert!(page.html.contains("Too many attempts") && page.html.contains("Try again in 10 seconds."));
}

#[rocket::async_test]
async fn guessing_elsewhere_does_not_lock_a_person_out_of_a_browser_they_used_before() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut known = server.visitor();
    known.log_in(EMAIL, PASSWORD).await;
    known.open_and_fill("/logout", "/logout", &[("where", "here")]).await;
    for _ in 0..100 {
        server.visitor().log_in(EMAIL, "wrong horse battery").await;
    }

    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 429, "a new browser waits");
    assert_eq!(known.log_in(EMAIL, PASSWORD).await.status.code, 303);
}

#[rocket::async_test]
async fn the_mark_of_a_known_browser_is_good_for_its_person_only_and_bounds_guesses_too() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    server.user("attacker@example.com", PASSWORD).await;
    let mut attacker = server.visitor();
    attacker.log_in("attacker@example.com", PASSWORD).await;
    for _ in 0..10 {
        server.visitor().log_in(EMAIL, "wrong horse battery").await;
    }

    let mut browser = server.visitor();
    browser.keep("__Host-hallmark-device", &attacker.cookie("__Host-hallmark-device"));
    assert_eq!(browser.log_in(EMAIL, PASSWORD).await.status.code, 429, "another person's mark");

    let mut stolen = server.visitor();
    stolen.keep("__Host-hallmark-device", &attacker.cookie("__Host-hallmark-device"));
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(stolen.log_in("attacker@example.com", "wrong horse battery").await.status.code);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

#[rocket::async_test]
async fn right_passwords_do_not_count_as_guesses() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;

    for _ in 0..40 {
        assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 303);
    }
}

#[rocket::async_test]
async fn one_address_may_try_so_often_whatever_it_tries_and_an_operator_can_raise_that() {
    for (settings, expected) in [
        ("", 429),
        ("[default.throttle]\nsign_in_per_address = { burst = 500, per_minute = 500 }", 303),
        ("[default.throttle]\nsign_in_per_address = { burst = 1, per_minute = 0 }", 303),
    ] {
        let server = server_with(settings).await;
        server.user(EMAIL, PASSWORD).await;
        let mut browser = server.visitor();
        browser.address = Some("203.0.113.9:4000".parse().expect("an address"));
        for number in 0..30 {
            browser.log_in(&format!("nobody{number}@example.com"), "wrong horse battery").await;
        }
        assert_eq!(browser.log_in(EMAIL, PASSWORD).await.status.code, expected, "{settings}");
    }
}

#[rocket::async_test]
async fn a_restart_does_not_give_a_guesser_another_burst() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut known = server.visitor();
    known.log_in(EMAIL, PASSWORD).await;
    let mark = known.cookie("__Host-hallmark-device");
    for _ in 0..10 {
        assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 200);
    }

    let server = server.restarted().await;

    assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 429);
    let mut known = server.visitor();
    known.keep("__Host-hallmark-device", &mark);
    assert_eq!(known.log_in(EMAIL, PASSWORD).await.status.code, 303, "which locks nobody out");
    server.core.clock.advance(Lifetime::seconds(10));
    assert_eq!(server.visitor().log_in(EMAIL, PASSWORD).await.status.code, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_guesses_at_once_no_more_are_tried_than_a_burst() {
    let server = Arc::new(server().await);
    server.user(EMAIL, PASSWORD).await;

    let statuses = race(64, |_| {
        let server = server.clone();
        async move { server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code }
    })
    .await;

    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 10);
}

#[rocket::async_test]
async fn a_guess_that_cannot_be_counted_is_not_tried() {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await;
    server.user(EMAIL, PASSWORD).await;

    faults.fail_verb("take_guess");
    for password in [PASSWORD, "wrong horse battery"] {
        let answer = server.visitor().log_in(EMAIL, password).await;
        assert_eq!((answer.status.code, answer.header("Retry-After")), (503, Some("5")));
    }

    faults.fail_verb("give_back_guess");
    assert_eq!(
        server.visitor().log_in(EMAIL, PASSWORD).await.status.code,
        303,
        "it counts, and was right all the same"
    );
    faults.heal();
    for _ in 0..9 {
        assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 200);
    }
    assert_eq!(server.visitor().log_in(EMAIL, "wrong horse battery").await.status.code, 429);
}

#[rocket::async_test]
async fn the_store_does_not_say_at_whose_account_was_guessed() {
    let server = server().await;
    let address = "nobody.at.all@example.com";
    server.visitor().log_in(address, "wrong horse battery").await;

    let mut snapshot = server.core.store.snapshot().expect("a store");
    let mut counts = 0;
    while let Some(records) = snapshot.next().await.expect("a store") {
        counts += if records.table == "guesses" { records.records.len() } else { 0 };
        let parts = records.records.iter().flat_map(|(key, value)| [key, value]);
        assert!(parts.into_iter().all(|part| !part.windows(6).any(|bytes| bytes == b"nobody")), "{}", records.table);
    }
    assert_eq!(counts, 2, "at this network and anywhere");
}

#[rocket::async_test]
async fn whoever_asks_another_server_of_the_same_store_has_no_more_than_who_asks_one() {
    let server = server_with("[default.throttle]\nsign_in_per_address = { burst = 3, per_minute = 1 }").await;
    let first = &server.core;
    let (config, store, clock) = (first.config.clone(), first.store.clone(), first.clock.clone());
    let second = AuthorizationServer::new(config, store, SealingKey::new([7; 32]), clock).await.expect("a server");
    let attempt = |server, host: &'static str| networks::take(server, Attempt::SignIn, host.parse().ok());

    for server in [first.as_ref(), &second, &second] {
        assert!(attempt(server, "203.0.113.9").await.is_ok());
    }

    for server in [first.as_ref(), &second] {
        let refused = attempt(server, "203.0.113.9").await;
        assert!(matches!(refused, Err(Uncounted::TooMany(wait)) if wait == Lifetime::minutes(1)), "{refused:?}");
    }
    assert!(attempt(&second, "198.51.100.7").await.is_ok(), "another network has a count of its own");
    let leak = networks::take(&second, Attempt::Leak, "203.0.113.9".parse().ok()).await;
    assert!(leak.is_ok(), "and so has another kind of attempt");
}
