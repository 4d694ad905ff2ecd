//! The list of people, and inviting somebody.

use crate::support::people::{PASSWORD, path_of};
use crate::support::server::server;

#[rocket::async_test]
async fn an_admin_sees_everybody_and_invites_somebody() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    server.user("person@example.com", PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;

    let fields = [("email", "new@example.com"), ("name", "New Person"), ("standing", "admin")];
    let shown = admin.open_and_fill("/admin/people", "/admin/people", &fields).await;
    assert!(shown.status.code == 200 && shown.html.contains("This link is shown once"));
    assert!(shown.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
    let link = shown.html.split('"').find(|text| text.contains("/invite/hml_")).expect("a link").to_owned();
    let list = admin.open("/admin/people").await;
    for told in ["admin@example.com", "person@example.com", "New Person", "Invited", "Active", "Administrator"] {
        assert!(list.html.contains(told), "{told}");
    }
    assert!(!list.html.contains("hml_"), "the link is shown once");

    let mut invited = server.visitor();
    let link = path_of(&link);
    invited.open_and_fill(&link, &link, &[("password", PASSWORD)]).await;
    invited.log_in("new@example.com", PASSWORD).await;
    assert_eq!(invited.open("/admin").await.leads_to(), "/admin/people");
}

#[rocket::async_test]
async fn an_address_that_is_taken_or_none_is_told() {
    let server = server().await;
    server.admin("admin@example.com", PASSWORD).await;
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;

    for (email, told) in [
        ("ADMIN@example.com", "admin@example.com has an account already."),
        ("nonsense", "An e-mail address is name@host, without spaces."),
    ] {
        let answer = admin.open_and_fill("/admin/people", "/admin/people", &[("email", email)]).await;
        assert!(answer.status.code == 200 && answer.html.contains(told), "{told}");
    }
}

#[rocket::async_test]
async fn a_member_cannot_open_the_pages_for_admins() {
    let server = server().await;
    server.user("person@example.com", PASSWORD).await;
    let other = server.user("other@example.com", PASSWORD).await;
    let mut member = server.visitor();
    member.log_in("person@example.com", PASSWORD).await;
    let csrf = member.open("/logout").await.field("csrf");

    let person = format!("/admin/people/{}", other.id);
    for path in ["/admin", "/admin/people", &person] {
        let page = member.open(path).await;
        assert!(page.status.code == 403 && page.html.contains("You cannot do this"), "{path}");
    }
    for action in ["", "/link", "/suspend", "/resume", "/apps/end", "/sessions/end", "/sessions/end-all"] {
        let path = if action.is_empty() { "/admin/people".to_owned() } else { format!("{person}{action}") };
        let fields = [("csrf", csrf.as_str()), ("email", "x@example.com")];
        assert_eq!(member.submit(&path, &fields).await.status.code, 403, "{path}");
    }
    let mut nobody = server.visitor();
    assert_eq!(nobody.open("/admin/people").await.leads_to(), "/login?next=/admin/people");
}
