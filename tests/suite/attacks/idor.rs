//! Whoever names what belongs to somebody else gets what they would get if it did not exist.

use hallmark::accounts::sessions;
use hallmark::domain::site::SiteStanding;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn nobody_sees_or_ends_what_another_person_allowed() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let owner = server.user("owner@example.com", PASSWORD).await;
    server.user("other@example.com", PASSWORD).await;
    let code = server.code_of(&owner, &app, "read:objects", &[]).await;
    let token = app.redeem(&server, &code, &[]).await.text_of("access_token");
    let grant = server.core.store.grants_of(owner.id).await.expect("a store").remove(0).0.id;
    let mut other = server.visitor();
    other.log_in("other@example.com", PASSWORD).await;
    let csrf = other.open("/logout").await.field("csrf");

    assert_eq!(other.open(&format!("/account/apps/{grant}")).await.status.code, 404);
    let ended = other.submit(&format!("/account/apps/{grant}/remove"), &[("csrf", &csrf)]).await;

    assert_eq!(ended.status.code, 404);
    let site = server.core.site.id;
    let narrowed = other.submit(&format!("/account/apps/{grant}/sites/{site}/remove"), &[("csrf", &csrf)]).await;
    assert_eq!(narrowed.status.code, 404);
    assert!(server.is_live(&token).await);
}

#[rocket::async_test]
async fn an_admin_of_one_site_is_nobody_on_another_and_nobody_among_people() {
    let server = server().await;
    let boss = server.user("boss@example.com", PASSWORD).await;
    let member = server.user("member@example.com", PASSWORD).await;
    let (own, other) = (server.site("own").await.id, server.core.site.id);
    server.join_as(&boss, own, SiteStanding::Admin).await;
    let mut browser = server.signed_in(&boss).await;
    let csrf = browser.open("/logout").await.field("csrf");

    // Of the default site they are a plain member, of the third they are nothing.
    let third = server.site("third").await.id;
    for (site, status) in [(other, 403), (third, 404)] {
        let path = format!("/admin/sites/{site}");
        assert_eq!(browser.open(&path).await.status.code, status, "{path}");
        let of_member = format!("members/{}", member.id);
        for action in ["change", "members", &format!("{of_member}/standing"), &format!("{of_member}/remove")] {
            let fields = [("csrf", csrf.as_str()), ("email", "boss@example.com"), ("standing", "admin"), ("name", "X")];
            let answer = browser.submit(&format!("{path}/{action}"), &fields).await;
            assert_eq!(answer.status.code, status, "{path}/{action}");
        }
        let of_member = format!("roles-of?subject=user:{}", member.id);
        for page in ["groups", "groups/x", "groups/x/remove", "roles", "roles/assets", &of_member] {
            assert_eq!(browser.open(&format!("{path}/{page}")).await.status.code, status, "{path}/{page}");
        }
        let groups = ["groups", "groups/x/members", "groups/x/members/remove", "groups/x/remove"];
        for action in groups.into_iter().chain(["roles/assets/give", "roles/assets/take"]) {
            let fields =
                [("csrf", csrf.as_str()), ("name", "X"), ("user", ""), ("role", "user"), ("object", "schema:4")];
            let answer = browser.submit(&format!("{path}/{action}"), &fields).await;
            assert_eq!(answer.status.code, status, "{path}/{action}");
        }
    }
    for path in ["/admin", "/admin/people", &format!("/admin/people/{}", member.id)] {
        assert_eq!(browser.open(path).await.status.code, 403, "{path}");
    }
    assert_eq!(browser.submit("/admin/sites", &[("csrf", &csrf), ("name", "X")]).await.status.code, 403);
    // Whom they name in the path of their own site must be a member of it.
    let foreign = format!("/admin/sites/{own}/members/{}/remove", member.id);
    assert_eq!(browser.open(&foreign).await.status.code, 404);
    assert_eq!(browser.submit(&foreign, &[("csrf", &csrf)]).await.status.code, 404);
    assert!(server.core.store.member(other, member.id).await.expect("a store").is_some());
}

#[rocket::async_test]
async fn nobody_ends_the_session_of_another_person() {
    let server = server().await;
    let owner = server.user("owner@example.com", PASSWORD).await;
    server.user("other@example.com", PASSWORD).await;
    let (mut theirs, mut other) = (server.visitor(), server.visitor());
    theirs.log_in("owner@example.com", PASSWORD).await;
    other.log_in("other@example.com", PASSWORD).await;
    let (key, _) = sessions::list(&server.core, owner.id).await.expect("a store").remove(0);
    let csrf = other.open("/logout").await.field("csrf");

    let fields = [("csrf", csrf.as_str()), ("session", &sessions::reference(key))];
    let answer = other.submit("/account/sessions/end", &fields).await;

    assert_eq!(answer.status.code, 404);
    assert!(theirs.is_signed_in().await);
}

#[rocket::async_test]
async fn what_an_admin_ends_must_belong_to_the_person_in_the_path() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    server.admin("admin@example.com", PASSWORD).await;
    let owner = server.user("owner@example.com", PASSWORD).await;
    let another = server.user("another@example.com", PASSWORD).await;
    let code = server.code_of(&owner, &app, "read:objects", &[]).await;
    let token = app.redeem(&server, &code, &[]).await.text_of("access_token");
    let grant = server.core.store.grants_of(owner.id).await.expect("a store").remove(0).0.id.to_string();
    let mut theirs = server.visitor();
    theirs.log_in("owner@example.com", PASSWORD).await;
    let (key, _) = sessions::list(&server.core, owner.id).await.expect("a store").remove(0);
    let mut admin = server.visitor();
    admin.log_in("admin@example.com", PASSWORD).await;
    let csrf = admin.open("/logout").await.field("csrf");

    let path = format!("/admin/people/{}", another.id);
    for (action, name, value) in
        [("apps/end", "grant", grant.as_str()), ("sessions/end", "session", &sessions::reference(key))]
    {
        let answer = admin.submit(&format!("{path}/{action}"), &[("csrf", &csrf), (name, value)]).await;
        assert_eq!(answer.status.code, 404, "{action}");
    }
    assert!(server.is_live(&token).await && theirs.is_signed_in().await);
}
