//! One person, as an admin sees them.

use crate::support::oauth::confidential;
use crate::support::people::{PASSWORD, path_of};
use crate::support::server::server;

const EMAIL: &str = "person@example.com";

#[rocket::async_test]
async fn suspending_ends_sessions_and_tokens_and_resuming_lets_them_in_again() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.admin("admin@example.com", PASSWORD).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let code = server.code_of(&user, &app, "read:objects", &[]).await;
    let token = app.redeem(&server, &code, &[]).await.text_of("access_token");
    let (mut admin, mut person) = (server.visitor(), server.visitor());
    admin.log_in("admin@example.com", PASSWORD).await;
    person.log_in(EMAIL, PASSWORD).await;
    let path = format!("/admin/people/{}", user.id);

    let answer = admin.open_and_fill(&path, &format!("{path}/suspend"), &[]).await;
    assert_eq!((answer.status.code, answer.leads_to()), (303, format!("{path}?done=suspended")));
    assert!(!person.is_signed_in().await && !server.is_live(&token).await);
    assert_eq!(person.log_in(EMAIL, PASSWORD).await.status.code, 200);

    admin.open_and_fill(&path, &format!("{path}/resume"), &[]).await;
    assert!(!person.is_signed_in().await, "the sessions are over");
    assert_eq!(person.log_in(EMAIL, PASSWORD).await.status.code, 303);
    assert!(server.is_live(&token).await);
}

#[rocket::async_test]
async fn an_admin_sees_and_ends_grants_and_sessions() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.admin("admin@example.com", PASSWORD).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let code = server.code_of(&user, &app, "read:objects", &[]).await;
    let token = app.redeem(&server, &code, &[]).await.text_of("access_token");
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;
    let (mut here, mut there) = (server.visitor(), server.visitor());
    here.log_in(EMAIL, PASSWORD).await;
    there.log_in(EMAIL, PASSWORD).await;
    let path = format!("/admin/people/{}", user.id);

    let page = admin.open(&path).await;
    assert!(page.html.contains("Sprint Mailer") && page.html.contains("Read objects"));
    admin.fill(&page, &format!("{path}/apps/end"), &[]).await;
    assert!(!server.is_live(&token).await);

    admin.fill(&page, &format!("{path}/sessions/end"), &[]).await;
    assert!(here.is_signed_in().await != there.is_signed_in().await, "one of the two");
    admin.fill(&page, &format!("{path}/sessions/end-all"), &[]).await;
    assert!(!here.is_signed_in().await && !there.is_signed_in().await);
    assert!(admin.is_signed_in().await);
}

#[rocket::async_test]
async fn an_admin_hands_out_a_link_and_never_sees_a_password() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    let user = server.user(EMAIL, PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;
    let path = format!("/admin/people/{}", user.id);

    let shown = admin.open_and_fill(&path, &format!("{path}/link"), &[]).await;

    let link = shown.html.split('"').find(|text| text.contains("/reset/hml_")).expect("a link").to_owned();
    let link = path_of(&link);
    assert_eq!(server.visitor().open_and_fill(&link, &link, &[("password", "a new horse")]).await.status.code, 303);
    assert_eq!(server.visitor().log_in(EMAIL, "a new horse").await.status.code, 303);
    assert!(!admin.open(&path).await.html.contains("$argon2"));
}

#[rocket::async_test]
async fn an_admin_cannot_lock_themselves_out_or_skip_their_own_password() {
    let server = server().await;
    let myself = server.admin("admin@example.com", PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;
    let path = format!("/admin/people/{}", myself.id);
    let page = admin.open(&path).await;
    assert!(!page.html.contains("/suspend") && page.html.contains("This is your own account"));
    let csrf = admin.open("/logout").await.field("csrf");

    for action in ["suspend", "link"] {
        let answer = admin.submit(&format!("{path}/{action}"), &[("csrf", &csrf)]).await;
        assert_eq!(answer.status.code, 409, "{action}");
    }
    assert!(admin.is_signed_in().await);
}

#[rocket::async_test]
async fn somebody_who_is_not_there_is_not_found() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;

    for id in ["00000000000000000000000000000000", "nonsense"] {
        let page = admin.open(&format!("/admin/people/{id}")).await;
        assert!(page.status.code == 404 && page.html.contains("There is no such person"), "{id}");
    }
}
