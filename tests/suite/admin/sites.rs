//! The pages of sites, and who is a member of them.

use hallmark::domain::event::{Actor, Event};
use hallmark::domain::site::SiteStanding;

use crate::support::oauth::confidential;
use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn an_admin_of_the_server_adds_a_site_and_changes_it() {
    let server = server().await;
    let admin = server.admin("admin@example.com", PASSWORD).await;
    let mut browser = server.signed_in(&admin).await;

    let fields = [("name", "Acme"), ("url", "https://Acme.example/")];
    let added = browser.open_and_fill("/admin/sites", "/admin/sites", &fields).await;
    assert_eq!(added.status.code, 303, "{}", added.html);
    let page = browser.open(&added.leads_to()).await;
    for told in ["The site was added.", "https://acme.example", "Nobody is a member of this site yet"] {
        assert!(page.html.contains(told), "{told} in {}", page.html);
    }
    let path = added.leads_to().split('?').next().unwrap_or_default().to_owned();
    let changed = browser.fill(&page, &format!("{path}/change"), &[("name", "Zenith"), ("url", "")]).await;

    assert_eq!(changed.leads_to(), format!("{path}?done=site-changed"));
    let list = browser.open("/admin/sites").await;
    assert!(list.html.contains("Zenith") && list.html.contains("Default site") && !list.html.contains("Acme"));
}

#[rocket::async_test]
async fn what_cannot_be_done_about_a_site_is_told_on_its_page() {
    let server = server().await;
    let admin = server.admin("admin@example.com", PASSWORD).await;
    let acme = server.site("acme").await.id;
    let mut browser = server.signed_in(&admin).await;
    let own = format!("/admin/sites/{}", server.core.site.id);

    for (page, action, fields, told) in [
        ("/admin/sites", "/admin/sites", [("name", " "), ("url", "")], "A site needs a name."),
        ("/admin/sites", "/admin/sites", [("name", "A"), ("url", "acme")], "the URL of a site is http"),
        ("/admin/sites", "/admin/sites", [("name", "A"), ("url", "https://acme.example")], "Another site has the URL"),
        (&own, &format!("{own}/change"), [("name", "A"), ("url", "https://acme.example")], "Another site has the URL"),
        (&own, &format!("{own}/members"), [("email", "nonsense"), ("x", "")], "An e-mail address is name@host"),
        (&own, &format!("{own}/members"), [("email", "no@example.com"), ("x", "")], "Nobody here signs in as no@"),
        (&own, &format!("{own}/members"), [("email", "admin@example.com"), ("x", "")], "is a member already"),
    ] {
        let answer = browser.open_and_fill(page, action, &fields).await;
        assert!(answer.status.code == 200 && answer.html.contains(told), "{told} in {}", answer.html);
        assert!(answer.html.contains("role=\"alert\"") && answer.html.contains("aria-invalid"), "{told}");
    }
    assert_eq!(server.core.store.sites().await.expect("a store").len(), 2);
    assert_eq!(server.core.store.members(acme).await.expect("a store"), []);
}

#[rocket::async_test]
async fn an_admin_of_a_site_says_who_is_a_member() {
    let server = server().await;
    let boss = server.user("boss@example.com", PASSWORD).await;
    let user = server.user("new@example.com", PASSWORD).await;
    let site = server.site("acme").await.id;
    server.join_as(&boss, site, SiteStanding::Admin).await;
    let mut browser = server.signed_in(&boss).await;
    let path = format!("/admin/sites/{site}");
    let standing = async || {
        let member = server.core.store.member(site, user.id).await.expect("a store");
        member.map(|member| member.standing)
    };

    let added = browser.open_and_fill(&path, &format!("{path}/members"), &[("email", "NEW@example.com")]).await;
    assert_eq!((added.leads_to(), standing().await), (format!("{path}?done=member-added"), Some(SiteStanding::Member)));
    let page = browser.open(&path).await;
    let raised = browser.fill(&page, &format!("{path}/members/{}/standing", user.id), &[]).await;
    assert_eq!(raised.leads_to(), format!("{path}?done=member-changed"));
    assert_eq!(standing().await, Some(SiteStanding::Admin));
    let removal = format!("{path}/members/{}/remove", user.id);
    let asked = browser.open(&removal).await;
    assert!(asked.html.contains("allowed apps on this site ends at once") && !asked.html.contains("only admin"));
    let removed = browser.fill(&asked, &removal, &[]).await;
    assert_eq!((removed.leads_to(), standing().await), (format!("{path}?done=member-removed"), None));

    let by = Actor::User(boss.id);
    let facts = server.facts().await;
    assert_eq!(facts[0], Event::MemberRemoved { site_id: site, user_id: user.id, by });
    assert_eq!(facts[1], Event::MemberChanged { site_id: site, user_id: user.id, standing: SiteStanding::Admin, by });
}

#[rocket::async_test]
async fn who_takes_away_the_last_admin_is_told_what_that_means() {
    let server = server().await;
    let boss = server.user("boss@example.com", PASSWORD).await;
    let site = server.site("acme").await.id;
    server.join_as(&boss, site, SiteStanding::Admin).await;
    let mut browser = server.signed_in(&boss).await;
    let removal = format!("/admin/sites/{site}/members/{}/remove", boss.id);

    let asked = browser.open(&removal).await;
    assert!(asked.html.contains("They are the only admin of this site") && asked.html.contains("This is you"));
    let removed = browser.fill(&asked, &removal, &[]).await;

    // They do not see the site any more.
    assert_eq!(removed.leads_to(), "/admin/sites?done=no-admin-left");
    let list = browser.open(&removed.leads_to()).await;
    assert!(list.html.contains("Nobody on the site is its admin now") && !list.html.contains("acme"));
}

#[rocket::async_test]
async fn a_person_sees_the_sites_that_they_are_on_and_no_other() {
    let server = server().await;
    let user = server.user("person@example.com", PASSWORD).await;
    server.site("secret").await;
    let mut browser = server.signed_in(&user).await;

    let list = browser.open("/admin/sites").await;
    assert!(list.html.contains("Default site") && !list.html.contains("secret"), "{}", list.html);
    assert!(!list.html.contains("Add a site") && !list.html.contains(&format!("/admin/sites/{}", server.core.site.id)));
    server.leave(&user, server.core.site.id).await;
    assert!(browser.open("/admin/sites").await.html.contains("You are a member of no site"));
    assert_eq!(server.visitor().open("/admin/sites").await.leads_to(), "/login?next=/admin/sites");
}

#[rocket::async_test]
async fn removed_on_the_page_is_dead_at_the_next_introspection() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let admin = server.admin("admin@example.com", PASSWORD).await;
    let (token, _) = server.tokens(&app, "read:objects").await;
    let (user, mut browser) = (server.person().await, server.signed_in(&admin).await);
    let removal = format!("/admin/sites/{}/members/{}/remove", server.core.site.id, user.id);

    let answer = browser.open_and_fill(&removal, &removal, &[]).await;

    assert_eq!(answer.status.code, 303, "{}", answer.html);
    assert!(!server.is_live(&token).await);
}
