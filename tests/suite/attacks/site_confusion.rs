//! A token of one site says nothing on another: neither there where it was never allowed, nor where its person is no member.

use crate::support::oauth::confidential;
use crate::support::server::server;

const INACTIVE: &str = "{\"active\":false}";

#[rocket::async_test]
async fn a_token_of_one_site_is_nothing_on_a_site_where_the_app_was_never_allowed() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (of_person, _) = server.tokens(&app, "read:objects").await;
    let of_app = app.token_for_itself(&server, &[("scope", "read:objects")]).await.text_of("access_token");
    let (user, other) = (server.person().await, server.site("acme").await);
    server.join(&user, other.id).await;

    for token in [of_person, of_app] {
        for site in [&other.id.to_string(), "https://acme.example", "https://acme.example.evil", "nonsense", "*", "."] {
            assert_eq!(server.introspect_on(&token, site).await.text, INACTIVE, "{site}");
        }
        assert!(server.is_live(&token).await);
    }
}

#[rocket::async_test]
async fn what_was_allowed_on_a_site_is_nothing_without_a_membership() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (access, _) = server.tokens(&app, "read:objects").await;
    let (user, other) = (server.person().await, server.site("acme").await);

    server.allow_on(&user, other.id).await;
    assert_eq!(server.introspect_on(&access, "https://acme.example").await.text, INACTIVE);

    // Whoever becomes a member begins anew, whatever was written before.
    server.join(&user, other.id).await;
    assert_eq!(server.introspect_on(&access, "https://acme.example").await.text, INACTIVE);
    server.allow_on(&user, other.id).await;
    assert_eq!(server.introspect_on(&access, "https://acme.example").await.json()["active"], true);
}
