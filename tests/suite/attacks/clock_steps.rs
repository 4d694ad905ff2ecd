//! A clock that steps forward and back again: what was used once is used, whatever the time says.

use hallmark::domain::time::Lifetime;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::{NOW, server};

/// How far a wrong time server sends it.
const AWAY: [Lifetime; 3] = [Lifetime::hours(1), Lifetime::days(2), Lifetime::days(400)];

#[rocket::async_test]
async fn a_redeemed_code_does_not_redeem_again_when_the_clock_comes_back() {
    for away in AWAY {
        let server = server().await.with_resources().await;
        let app = server.register(confidential()).await;
        let code = server.code(&app, "read:objects offline_access").await;
        assert_eq!(app.redeem(&server, &code, &[]).await.status.code, 200);

        server.core.clock.set(NOW + away);
        server.sweep().await;
        server.core.clock.set(NOW - Lifetime::hours(1));

        assert_eq!(app.redeem(&server, &code, &[]).await.refusal(), (400, "invalid_grant".into()), "{away}");
    }
}

#[rocket::async_test]
async fn a_rotated_refresh_token_stays_used_when_the_clock_comes_back() {
    for away in AWAY {
        let server = server().await.with_resources().await;
        let app = server.register(confidential()).await;
        let (_, first) = server.tokens(&app, "read:objects offline_access").await;
        let second = app.refresh(&server, &first, &[]).await.text_of("refresh_token");
        assert_eq!(app.refresh(&server, &second, &[]).await.status.code, 200);

        server.core.clock.set(NOW + away);
        server.sweep().await;
        server.core.clock.set(NOW - Lifetime::hours(1));

        assert_eq!(app.refresh(&server, &first, &[]).await.refusal(), (400, "invalid_grant".into()), "{away}");
    }
}

#[rocket::async_test]
async fn a_revoked_token_stays_revoked_when_the_clock_comes_back() {
    for away in AWAY {
        let server = server().await.with_resources().await;
        let app = server.register(confidential()).await;
        let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;
        assert_eq!(app.revoke(&server, &refresh).await.status.code, 200);

        server.core.clock.set(NOW + away);
        server.sweep().await;
        server.core.clock.set(NOW - Lifetime::hours(1));

        assert!(!server.is_live(&access).await, "{away}");
        assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".into()), "{away}");
    }
}

#[rocket::async_test]
async fn who_guessed_while_the_clock_was_ahead_waits_no_longer_when_it_comes_back() {
    for away in AWAY {
        let server = server().await;
        server.user("person@example.com", PASSWORD).await;
        let at_sign_in = async |password: &str| {
            let mut browser = server.visitor();
            browser.address = Some("203.0.113.9:4000".parse().expect("an address"));
            browser.log_in("person@example.com", password).await.status.code
        };
        server.core.clock.set(NOW + away);
        for _ in 0..30 {
            at_sign_in("wrong horse battery").await;
        }
        assert_eq!(at_sign_in(PASSWORD).await, 429);

        server.core.clock.set(NOW);

        assert_eq!(at_sign_in(PASSWORD).await, 303, "{away}");
        for _ in 0..10 {
            at_sign_in("wrong horse battery").await;
        }
        assert_eq!(at_sign_in(PASSWORD).await, 429, "and guesses are counted as before");
    }
}
