//! RFC 9700 section 4.1: the answer is sent to a registered redirection URI, character by character, or nowhere.

use crate::support::oauth::{confidential, native};
use crate::support::server::server;

/// What an attacker makes of `https://app.example/cb`.
const MUTATIONS: [&str; 44] = [
    "https://app.example/cb/",
    "https://app.example/cb//",
    "https://app.example/CB",
    "https://app.example/cB",
    "https://APP.example/cb",
    "https://app.EXAMPLE/cb",
    "HTTPS://app.example/cb",
    "https://app.example/cb?x=1",
    "https://app.example/cb?",
    "https://app.example/cb#",
    "https://app.example/cb#x",
    "https://app.example/cb%2e",
    "https://app.example/%63b",
    "https://app.example/./cb",
    "https://app.example/x/../cb",
    "https://app.example/cb/..",
    "https://app.example/cb/%2e%2e/x",
    "https://app.example//cb",
    "https://app.example/cb;x",
    "https://app.example:443/cb",
    "https://app.example:8443/cb",
    "https://app.example./cb",
    "https://user@app.example/cb",
    "https://user:pass@app.example/cb",
    "https://app.example@evil.example/cb",
    "https://app.example.evil.example/cb",
    "https://evil.example/app.example/cb",
    "https://evilapp.example/cb",
    "https://sub.app.example/cb",
    "https://app.example\\@evil.example/cb",
    "https:/app.example/cb",
    "https:\\\\app.example/cb",
    "https://app.example/cb\t",
    "https://app.example/cb\r\nX: y",
    " https://app.example/cb",
    "https://app.example/cb ",
    "https://app.example/cb\0",
    "https://app.exаmple/cb",
    "https://xn--app-example/cb",
    "http://app.example/cb",
    "//app.example/cb",
    "/cb",
    "javascript:alert(1)//https://app.example/cb",
    "data:text/html,https://app.example/cb",
];

#[rocket::async_test]
async fn no_mutation_of_a_registered_uri_is_answered_with_a_redirect() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    for mutation in MUTATIONS {
        for more in [&[("redirect_uri", mutation)][..], &[("redirect_uri", mutation), ("scope", "nonsense")][..]] {
            let page = browser.open(&app.authorize("read:objects", more)).await;
            assert_eq!((page.status.code, page.location.as_deref()), (400, None), "{mutation:?}");
            assert!(!page.html.contains("http-equiv"), "{mutation:?}");
            assert!(page.html.contains("Nothing was shared"), "{mutation:?}");
        }
    }
}

#[rocket::async_test]
async fn only_the_port_of_a_native_apps_loopback_address_may_differ() {
    let server = server().await.with_resources().await;
    let app = server.register(native()).await;
    let mut browser = server.visitor();

    for (requested, status) in [
        ("http://127.0.0.1:51004/cb", 303),
        ("http://127.0.0.1/cb", 303),
        ("http://127.0.0.1:51004/cb/", 400),
        ("http://127.0.0.1:51004/other", 400),
        ("http://127.0.0.1:0x50/cb", 400),
        ("http://127.0.0.1:51004@evil.example/cb", 400),
        ("http://127.1:51004/cb", 400),
        ("http://2130706433:51004/cb", 400),
        ("http://localhost:51004/cb", 400),
        ("http://[::1]:51004/cb", 400),
        ("https://127.0.0.1:51004/cb", 400),
    ] {
        let answer = browser.open(&app.authorize("read:objects", &[("redirect_uri", requested)])).await;
        assert_eq!(answer.status.code, status, "{requested}");
    }
}

#[rocket::async_test]
async fn the_port_of_a_confidential_client_is_part_of_its_uri() {
    let server = server().await.with_resources().await;
    let mut client = confidential();
    client.redirect_uris = vec!["http://127.0.0.1:3000/cb".parse().expect("a URI")];
    let app = server.register(client).await;

    let other = [("redirect_uri", "http://127.0.0.1:3001/cb")];
    assert_eq!(server.visitor().open(&app.authorize("read:objects", &other)).await.status.code, 400);
}

#[rocket::async_test]
async fn an_unknown_client_is_told_on_a_page_and_leads_nowhere() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;

    for id in ["nobody", "", "sprint-mailer ", "\"><img src=x>", "a:b", &"x".repeat(4000)] {
        let page = server.visitor().open(&app.authorize("read:objects", &[("client_id", id)])).await;
        assert_eq!((page.status.code, page.location), (400, None), "{id}");
        assert!(!page.html.contains("<img"));
    }
}
