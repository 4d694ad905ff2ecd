//! RFC 9700 section 4.13: what a header says of where a request came from is believed only from a trusted proxy.

use hallmark::domain::event::Event;

use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server_with};

const EMAIL: &str = "person@example.com";
const PEER: &str = "198.51.100.7:4000";
const PROXY: &str = "10.0.0.1:4000";

async fn address_of_sign_in(server: &TestServer, peer: &str, headers: &[(&str, &str)]) -> String {
    let mut browser = server.visitor();
    browser.address = Some(peer.parse().expect("an address"));
    browser.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    browser.log_in(EMAIL, PASSWORD).await;
    match server.facts().await.remove(0) {
        Event::SignedIn { address, .. } => address.expect("an address").to_string(),
        other => panic!("{other:?}"),
    }
}

#[rocket::async_test]
async fn a_caller_cannot_say_where_it_is() {
    let server = server_with("[default.proxies]\ntrusted = [\"10.0.0.0/8\"]").await;
    server.user(EMAIL, PASSWORD).await;

    for name in ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP"] {
        for value in ["203.0.113.9", "for=203.0.113.9", "10.0.0.2"] {
            let address = address_of_sign_in(&server, PEER, &[(name, value)]).await;
            assert_eq!(address, "198.51.100.7", "{name}: {value}");
        }
    }
}

#[rocket::async_test]
async fn a_trusted_proxy_is_believed_about_whom_it_saw_and_about_nothing_else() {
    let server = server_with("[default.proxies]\ntrusted = [\"10.0.0.0/8\"]").await;
    server.user(EMAIL, PASSWORD).await;
    let seen = |headers| address_of_sign_in(&server, PROXY, headers);

    assert_eq!(seen(&[("X-Forwarded-For", "203.0.113.9")]).await, "203.0.113.9");
    assert_eq!(seen(&[("X-Forwarded-For", "6.6.6.6, 203.0.113.9")]).await, "203.0.113.9");
    assert_eq!(seen(&[("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "203.0.113.9")]).await, "203.0.113.9");
    assert_eq!(seen(&[("X-Real-IP", "6.6.6.6")]).await, "10.0.0.1");
    assert_eq!(seen(&[("X-Forwarded-For", "nonsense")]).await, "10.0.0.1");
}

#[rocket::async_test]
async fn another_forged_address_for_each_guess_buys_no_further_guess() {
    let server = server_with("[default.throttle]\nsign_in_per_address = { burst = 3, per_minute = 1 }").await;
    let mut statuses = Vec::new();

    for number in 0..5 {
        let mut browser = server.visitor();
        browser.address = Some(PEER.parse().expect("an address"));
        browser.headers.push(("X-Forwarded-For".into(), format!("203.0.113.{number}")));
        browser.headers.push(("X-Real-IP".into(), format!("203.0.113.{number}")));
        statuses.push(browser.log_in(&format!("person{number}@example.com"), PASSWORD).await.status.code);
    }

    assert_eq!(statuses, [200, 200, 200, 429, 429]);
}
