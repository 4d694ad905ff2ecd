//! A session that somebody planted is never the one that a person signs in to.

use hallmark::domain::time::Lifetime;
use hallmark::secrets::token::{TokenKind, mint};

use crate::support::people::PASSWORD;
use crate::support::server::server;

const COOKIE: &str = "__Host-hallmark-session";

#[rocket::async_test]
async fn sign_in_makes_a_new_session_and_ends_the_one_before() {
    let server = server().await;
    server.user("attacker@example.com", PASSWORD).await;
    server.user("victim@example.com", PASSWORD).await;
    let (mut attacker, mut victim) = (server.visitor(), server.visitor());
    attacker.log_in("attacker@example.com", PASSWORD).await;
    let planted = attacker.cookie(COOKIE);
    victim.open("/login").await;
    let form = victim.open("/login").await;
    victim.keep(COOKIE, &planted);

    victim.fill(&form, "/login", &[("email", "victim@example.com"), ("password", PASSWORD)]).await;

    assert_ne!(victim.cookie(COOKIE), planted);
    assert!(victim.open("/account").await.html.contains("victim@example.com"));
    assert!(!attacker.is_signed_in().await, "the session that was planted is over");
}

#[rocket::async_test]
async fn a_well_formed_session_that_was_never_begun_is_none() {
    let server = server().await;
    let mut browser = server.visitor();

    let invented = mint(TokenKind::Session, server.core.now() + Lifetime::days(7));
    browser.keep(COOKIE, invented.token.expose());

    assert!(!browser.is_signed_in().await);
}
