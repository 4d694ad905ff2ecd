//! The list of a developer's apps, and who develops and uses one.

use hallmark::domain::event::{Actor, Event};

use crate::support::apps::{APP, manifest};
use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn who_has_no_app_is_told_how_to_begin() {
    let server = server().await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;

    let page = dev.open("/console").await;

    assert!(page.html.contains("You have no apps yet") && page.html.contains("ari:cloud:ecosystem::app/"));
    assert!(page.html.contains("aria-current=\"page\">Developer console"));
    assert_eq!(server.visitor().open("/console").await.leads_to(), "/login?next=/console");
}

#[rocket::async_test]
async fn a_developer_sees_their_own_apps_alone() {
    let server = server().await.with_resources().await;
    let owner = server.user("owner@example.com", PASSWORD).await;
    server.user("other@example.com", PASSWORD).await;
    server.deploy(&manifest(&["read:objects"]), Actor::User(owner.id)).await;
    let (mut owner, mut other) = (server.visitor(), server.visitor());
    owner.log_in("owner@example.com", PASSWORD).await;
    other.log_in("other@example.com", PASSWORD).await;

    let list = owner.open("/console").await;
    assert!(list.html.contains("Sprint Mailer") && list.html.contains("production 1.0"), "{}", list.html);
    assert!(!other.open("/console").await.html.contains("Sprint Mailer"));
    let csrf = other.open("/logout").await.field("csrf");
    for path in ["", "/production"] {
        assert_eq!(other.open(&format!("/console/apps/{APP}{path}")).await.status.code, 404, "{path}");
    }
    let fields = [("csrf", csrf.as_str()), ("email", "other@example.com"), ("distribution", "shared")];
    for action in
        ["distribution", "contributors", "contributors/remove", "production/redirect-uris", "production/secrets"]
    {
        let path = format!("/console/apps/{APP}/{action}");
        assert_eq!(other.submit(&path, &fields).await.status.code, 404, "{path}");
    }
    for path in
        ["/console/apps/nonsense", &format!("/console/apps/{APP}/moon"), &format!("/console/apps/{APP}/staging")]
    {
        assert_eq!(owner.open(path).await.status.code, 404, "{path}");
    }
}

#[rocket::async_test]
async fn an_owner_shares_an_app_and_takes_that_back() {
    let server = server().await.with_resources().await;
    let owner = server.user("owner@example.com", PASSWORD).await;
    server.deploy(&manifest(&["read:objects"]), Actor::User(owner.id)).await;
    let mut owner = server.visitor();
    owner.log_in("owner@example.com", PASSWORD).await;
    let page = format!("/console/apps/{APP}");

    let action = format!("{page}/distribution");
    let shared = owner.open_and_fill(&page, &action, &[]).await;
    let shown = owner.open(&shared.leads_to()).await;
    assert!(shown.html.contains("The app is shared") && shown.html.contains("Stop sharing"), "{}", shown.html);
    let unshared = owner.fill(&shown, &action, &[]).await;
    assert!(owner.open(&unshared.leads_to()).await.html.contains("Share this app"));
    assert!(matches!(server.facts().await[0], Event::AppShared { .. }));
}

#[rocket::async_test]
async fn a_contributor_deploys_and_does_not_share() {
    let server = server().await.with_resources().await;
    let owner = server.user("owner@example.com", PASSWORD).await;
    server.user("friend@example.com", PASSWORD).await;
    server.deploy(&manifest(&["read:objects"]), Actor::User(owner.id)).await;
    let (mut owner, mut friend) = (server.visitor(), server.visitor());
    owner.log_in("owner@example.com", PASSWORD).await;
    friend.log_in("friend@example.com", PASSWORD).await;
    let page = format!("/console/apps/{APP}");
    let add = format!("{page}/contributors");

    let elsewhere = server.user("elsewhere@example.com", PASSWORD).await;
    server.core.store.remove_member(server.core.site.id, elsewhere.id).await.expect("a store");
    for nobody in ["nobody@example.com", "elsewhere@example.com", "nonsense"] {
        let refused = owner.open_and_fill(&page, &add, &[("email", nobody)]).await;
        assert!(refused.html.contains("Nobody on a site with you has that e-mail address."), "{}", refused.html);
    }
    let added = owner.open_and_fill(&page, &add, &[("email", "Friend@example.com")]).await;
    assert!(owner.open(&added.leads_to()).await.html.contains("friend@example.com"));

    let theirs = friend.open(&page).await;
    assert!(theirs.html.contains("Contributor") && !theirs.html.contains("Share this app"), "{}", theirs.html);
    let csrf = friend.open("/logout").await.field("csrf");
    let fields = [("csrf", csrf.as_str()), ("email", "owner@example.com"), ("distribution", "shared")];
    for action in ["distribution", "contributors", "contributors/remove"] {
        assert_eq!(friend.submit(&format!("{page}/{action}"), &fields).await.status.code, 404, "{action}");
    }
    let text = manifest(&["read:objects"]);
    let fields = [("manifest", text.as_str()), ("environment", "production")];
    let deployed = friend.open_and_fill("/console/deploy", "/console/deploy", &fields).await;
    assert!(deployed.html.contains("version 1.1"), "{}", deployed.html);

    owner.open_and_fill(&page, &format!("{add}/remove"), &[]).await;
    assert_eq!(friend.open(&page).await.status.code, 404);
}
