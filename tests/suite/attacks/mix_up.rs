//! RFC 9700 section 4.4 and RFC 9207: every answer says which server it is from.

use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn every_answer_names_the_issuer_whatever_it_says() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;

    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let denied = browser.decide(&page, "deny", &[]).await;
    let page = browser.consent_page(&app.authorize("read:objects", &[])).await;
    let allowed = browser.decide(&page, "allow", &[]).await;
    let remembered = browser.open(&app.authorize("read:objects", &[])).await;
    let refused = browser.open(&app.authorize("nonsense", &[])).await;

    for answer in [denied, allowed, remembered, refused] {
        assert_eq!(answer.answer("iss").as_deref(), Some("https://hallmark.test"), "{}", answer.leads_to());
    }
}
