//! The audit trail cannot be written and everything else can: what was done is done, and is said so.

use crate::support::faulty_store::Faults;
use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::server_with_faults;

#[rocket::async_test]
async fn an_audit_trail_that_cannot_be_written_makes_no_answer_a_lie() {
    let faults = Faults::default();
    let server = server_with_faults(faults.clone()).await.with_resources().await;
    let app = server.register(confidential()).await;
    let user = server.user("person@example.com", PASSWORD).await;
    let before = server.facts().await;
    faults.fail_verb("append_event");

    let mut browser = server.visitor();
    assert_eq!(browser.log_in(user.email.as_str(), PASSWORD).await.status.code, 303);
    let page = browser.consent_page(&app.authorize("read:objects offline_access", &[])).await;
    let code = browser.decide(&page, "allow", &[]).await.answer("code").expect("a code");
    let first = app.redeem(&server, &code, &[]).await;
    let second = app.refresh(&server, &first.text_of("refresh_token"), &[]).await;
    let access = second.text_of("access_token");

    assert!(browser.is_signed_in().await && server.is_live(&access).await);
    assert_eq!(app.revoke(&server, &second.text_of("refresh_token")).await.status.code, 200);
    assert!(!server.is_live(&access).await);
    let out = browser.open_and_fill("/logout", "/logout", &[]).await;
    assert_eq!(out.leads_to(), "/login?done=signed-out");
    assert!(!browser.is_signed_in().await);

    faults.heal();
    assert_eq!(server.facts().await, before, "not one event was written");
}
