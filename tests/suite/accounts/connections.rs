//! What a person allowed to apps.

use hallmark::domain::time::Lifetime;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::server;

const EMAIL: &str = "person@example.com";

#[rocket::async_test]
async fn a_person_sees_what_they_allowed_and_takes_it_back() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let code = server.code_of(&user, &app, "read:objects write:objects offline_access", &[]).await;
    let tokens = app.redeem(&server, &code, &[]).await;
    assert!(server.is_live(&tokens.text_of("access_token")).await);
    server.core.clock.advance(Lifetime::minutes(30));
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    let list = browser.open("/account/apps").await;
    for told in ["Sprint Mailer", "by Example Labs", "Change objects and 1 more", "Can change", "30 minutes ago"] {
        assert!(list.html.contains(told), "{told} in {}", list.html);
    }
    let grant = server.core.store.grants_of(user.id).await.expect("a store").remove(0).0.id;
    let path = format!("/account/apps/{grant}");
    let page = browser.open(&path).await;
    for told in ["Read objects", "Private data", "Keep access when you are not using it", "can no longer act for you"] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    let answer = browser.fill(&page, &format!("{path}/remove"), &[]).await;

    assert_eq!((answer.status.code, answer.leads_to().as_str()), (303, "/account/apps?done=access-removed"));
    let empty = browser.open(&answer.leads_to()).await;
    assert!(empty.html.contains("Access was removed. It ended at once.") && empty.html.contains("No connected apps"));
    assert!(!server.is_live(&tokens.text_of("access_token")).await);
    assert_eq!(app.refresh(&server, &tokens.text_of("refresh_token"), &[]).await.refusal().1, "invalid_grant");
}

#[rocket::async_test]
async fn access_that_was_removed_already_is_told_so() {
    let server = server().await;
    server.user(EMAIL, PASSWORD).await;
    let mut browser = server.visitor();
    browser.log_in(EMAIL, PASSWORD).await;

    for path in ["/account/apps/00000000000000000000000000000000", "/account/apps/nonsense", "/account/apps/%00"] {
        let page = browser.open(path).await;
        assert!(page.status.code == 404 && page.html.contains("There is no such app"), "{path}");
    }
}

#[rocket::async_test]
async fn a_person_takes_access_to_one_site_back_and_keeps_it_on_the_other() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let (home, acme) = (server.core.site.id, server.site("acme").await.id);
    server.join(&user, acme).await;
    let code = server.code_of(&user, &app, "read:objects", &[]).await;
    let token = app.redeem(&server, &code, &[]).await.text_of("access_token");
    server.allow_on(&user, acme).await;
    let grant = server.core.store.grants_of(user.id).await.expect("a store").remove(0).0.id;
    let (path, mut browser) = (format!("/account/apps/{grant}"), server.signed_in(&user).await);

    let page = browser.open(&path).await;
    for told in ["Default site, acme", "Remove access to one site", "Remove access to all sites"] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    let answer = browser.fill(&page, &format!("{path}/sites/{home}/remove"), &[]).await;

    assert_eq!((answer.status.code, answer.leads_to()), (303, format!("{path}?done=site-removed")));
    assert!(!server.is_live(&token).await);
    assert_eq!(server.introspect_on(&token, &acme.to_string()).await.json()["active"], true);
    let page = browser.open(&answer.leads_to()).await;
    assert!(page.html.contains("Access on that site was removed") && !page.html.contains("Remove access to one site"));

    // With its last site all of it goes.
    let csrf = page.field("csrf");
    let last = browser.submit(&format!("{path}/sites/{acme}/remove"), &[("csrf", &csrf)]).await;
    assert_eq!(last.leads_to(), "/account/apps?done=access-removed");
    assert_eq!(server.introspect_on(&token, &acme.to_string()).await.json()["active"], false);
}
