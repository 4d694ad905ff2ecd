//! Apps on a site: what members ask for, and what admins install, approve, suspend and uninstall.

use hallmark::domain::event::{Actor, Event};
use hallmark::domain::installation::InstallationState;
use hallmark::domain::site::{Site, SiteStanding};
use hallmark::domain::user::User;

use crate::support::apps::{APP, manifest, manifest_with};
use crate::support::oauth::scope;
use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server};
use crate::support::visitor::Visitor;

/// A version that asks for everything that there is to ask for.
const MANY: &str = "  scopes:
    read:objects:
      purpose: To show your servers in mails.
    write:objects:
      allowImpersonation: true
    delete:objects:
      optional: true
      purpose: To tidy up.
  external:
    fetch:
      backend:
        - api.mailer.example
";

/// A member who is an admin of the site alone, and a browser in which they are signed in.
async fn site_admin(server: &TestServer) -> (User, Visitor<'_>) {
    let user = server.user("admin@example.com", PASSWORD).await;
    server.stand(&user, SiteStanding::Admin).await;
    let visitor = server.signed_in(&user).await;
    (user, visitor)
}

fn apps(server: &TestServer) -> String {
    format!("/admin/sites/{}/apps", server.core.site.id)
}

/// Opens the page that asks whether to install the app, and says yes.
async fn install(server: &TestServer, admin: &mut Visitor<'_>, scopes: &[(&str, &str)]) -> String {
    let action = format!("{}/install", apps(server));
    let installed = admin.open_and_fill(&format!("{action}?app={APP}&environment=production"), &action, scopes).await;
    assert_eq!(installed.status.code, 303, "{}", installed.html);
    installed.leads_to()
}

#[rocket::async_test]
async fn an_admin_of_a_site_installs_an_app_and_sees_what_it_can_do() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest_with(MANY), Actor::Operator).await;
    let (user, mut admin) = site_admin(&server).await;

    let list = admin.open(&format!("{}/add", apps(&server))).await;
    assert!(list.html.contains("Sprint Mailer") && list.html.contains("Made by your organisation"), "{}", list.html);
    let question = admin.open(&format!("{}/install?app={APP}&environment=production", apps(&server))).await;
    for told in [
        "Install Sprint Mailer for everyone on Default site?",
        "For everyone on Default site, it will be able to",
        "Read objects",
        "Sprint Mailer says: <q dir=\"auto\">To show your servers in mails.</q>",
        "Private data",
        "May act for people who are away",
        "api.mailer.example",
        "value=\"delete:objects\">",
        "Not now",
        "1 member",
    ] {
        assert!(question.html.contains(told), "{told}: {}", question.html);
    }

    let page = install(&server, &mut admin, &[]).await;
    let shown = admin.open(&page).await;
    assert!(shown.html.contains("The app was installed.") && shown.html.contains("by admin@example.com"));
    assert!(shown.html.contains("app:") && !shown.html.contains("Delete objects"), "{}", shown.html);
    let installation = server.installation().await.expect("an installation");
    assert_eq!(installation.approval.scope, scope("read:objects write:objects"));
    assert_eq!(installation.approval.by, Actor::User(user.id));
    let again = admin.open(&format!("{}/install?app={APP}&environment=production", apps(&server))).await;
    assert!(again.status.code == 409 && again.html.contains("installed on the site already"));
    assert!(admin.open(&format!("{}/add", apps(&server))).await.html.contains("No app to add"));
}

#[rocket::async_test]
async fn an_optional_scope_is_had_if_it_is_ticked() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest_with(MANY), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;

    install(&server, &mut admin, &[("scope", "delete:objects")]).await;

    let installation = server.installation().await.expect("an installation");
    assert_eq!(installation.approval.scope, scope("read:objects write:objects delete:objects"));
}

#[rocket::async_test]
async fn a_member_asks_and_an_admin_reviews_or_declines() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects"]), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    let member = server.user("member@example.com", PASSWORD).await;
    let mut member = server.signed_in(&member).await;
    let action = format!("/sites/{}/apps/request", server.core.site.id);
    let page = format!("{action}?app={APP}&environment=production");

    assert!(member.open(&format!("/sites/{}/apps", server.core.site.id)).await.html.contains("Ask for it"));
    let question = member.open(&page).await;
    assert!(question.html.contains("Your admin must allow Sprint Mailer first"), "{}", question.html);
    let long = "x".repeat(501);
    let refused = member.fill(&question, &action, &[("reason", &long)]).await;
    assert!(refused.html.contains("it has at most 500 characters"), "{}", refused.html);
    let sent = member.fill(&question, &action, &[("reason", "For <b>mails</b>.")]).await;
    let waiting = member.open(&sent.leads_to()).await;
    for told in ["Your request was sent.", "Your request waits for an admin", "For &#60;b&#62;mails&#60;/b&#62;."] {
        assert!(waiting.html.contains(told), "{told}: {}", waiting.html);
    }

    let list = admin.open(&apps(&server)).await;
    assert!(list.html.contains("member@example.com") && list.html.contains("For &#60;b&#62;mails"), "{}", list.html);
    let declined = admin.fill(&list, &format!("{}/decline", apps(&server)), &[]).await;
    assert!(admin.open(&declined.leads_to()).await.html.contains("Nobody asks for an app."));
    assert!(!member.open(&page).await.html.contains("Your request waits"));
    assert!(matches!(server.facts().await[0], Event::InstallationDeclined { .. }));

    member.open_and_fill(&page, &action, &[]).await;
    let install_page = admin.open(&page).await.leads_to();
    assert!(install_page.starts_with(&format!("{}/install?", apps(&server))), "an admin need not ask");
    install(&server, &mut admin, &[]).await;
    assert!(admin.open(&apps(&server)).await.html.contains("Nobody asks for an app."), "it was answered");
    assert_eq!(member.open(&page).await.status.code, 409);
}

#[rocket::async_test]
async fn an_approval_shows_what_changed_and_nothing_else() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects", "read:bills"]), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    let page = install(&server, &mut admin, &[]).await;
    let page = page.split('?').next().expect("a path").to_owned();
    let action = format!("{page}/approve");
    assert_eq!(admin.open(&action).await.leads_to(), page, "nothing waits");
    server.deploy(&manifest_with(MANY), Actor::Operator).await;

    assert!(admin.open(&apps(&server)).await.html.contains("Version 2.0 waits for you"));
    let question = admin.open(&action).await;
    for told in [
        "Version 1.0 was approved.",
        "it would also be able to",
        "Change objects",
        "May act for people who are away",
        "api.mailer.example",
        "value=\"delete:objects\">",
        "To tidy up.",
        "No longer asks for read:bills.",
    ] {
        assert!(question.html.contains(told), "{told}: {}", question.html);
    }
    assert!(!question.html.contains("<strong>Read objects"), "that was approved before: {}", question.html);
    let (refuse, approve) = (question.html.find(">Refuse<"), question.html.find(">Approve<"));
    assert!(refuse.is_some() && refuse < approve);

    let approved = admin.fill(&question, &action, &[("decision", "approve")]).await;
    assert!(admin.open(&approved.leads_to()).await.html.contains("The new version was approved."));
    let installation = server.installation().await.expect("an installation");
    assert_eq!(installation.approval.scope, scope("read:objects write:objects"));
    assert_eq!(installation.approval.impersonation, scope("write:objects"));
}

#[rocket::async_test]
async fn an_optional_scope_that_was_had_stays_when_more_is_approved() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest_with(MANY), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    install(&server, &mut admin, &[("scope", "delete:objects")]).await;
    let installation = server.installation().await.expect("an installation");
    let more = MANY.replace("  external:", "    read:bills:\n      optional: true\n  external:");
    server.deploy(&manifest_with(&more), Actor::Operator).await;

    let action = format!("{}/{}/approve", apps(&server), installation.id);
    admin.open_and_fill(&action, &action, &[("decision", "approve")]).await;

    let approved = server.installation().await.expect("an installation").approval;
    assert_eq!(approved.scope, scope("read:objects write:objects delete:objects"));
}

#[rocket::async_test]
async fn a_version_that_is_refused_leaves_what_was_approved() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects"]), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    install(&server, &mut admin, &[]).await;
    let installation = server.installation().await.expect("an installation");
    server.deploy(&manifest(&["read:objects", "write:objects"]), Actor::Operator).await;
    let page = format!("{}/{}", apps(&server), installation.id);
    let action = format!("{page}/approve");

    let question = admin.open(&action).await;
    let unclear = admin.fill(&question, &action, &[("decision", "perhaps")]).await;
    assert_eq!(unclear.status.code, 400);
    let refused = admin.fill(&question, &action, &[("decision", "refuse")]).await;

    assert!(admin.open(&refused.leads_to()).await.html.contains("What version 2.0 asks for was refused."));
    assert_eq!(server.installation().await.expect("an installation").approval, installation.approval);
    assert!(admin.open(&action).await.html.contains("You can still approve it."));
}

#[rocket::async_test]
async fn a_version_that_was_not_shown_is_neither_installed_nor_approved() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects"]), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    let action = format!("{}/install", apps(&server));
    let old = admin.open(&format!("{action}?app={APP}&environment=production")).await;
    server.deploy(&manifest(&["read:objects", "write:objects"]), Actor::Operator).await;

    let again = admin.fill(&old, &action, &[]).await;
    assert!(again.status.code == 409 && again.html.contains("nothing was installed"), "{}", again.html);
    assert!(again.html.contains("Change objects") && server.installation().await.is_none());

    admin.fill(&again, &action, &[]).await;
    let installation = server.installation().await.expect("an installation");
    server.deploy(&manifest(&["read:objects", "read:bills"]), Actor::Operator).await;
    let action = format!("{}/{}/approve", apps(&server), installation.id);
    let old = admin.open(&action).await;
    server.deploy(&manifest(&["read:objects", "delete:objects"]), Actor::Operator).await;
    for decision in ["approve", "refuse"] {
        let again = admin.fill(&old, &action, &[("decision", decision)]).await;
        assert!(again.status.code == 409 && again.html.contains("Your answer was not taken."), "{}", again.html);
        assert!(again.html.contains("Delete objects"), "{}", again.html);
    }
    assert_eq!(server.installation().await, Some(installation));
}

#[rocket::async_test]
async fn an_installation_is_suspended_resumed_and_uninstalled_after_its_consequences_were_told() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects"]), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    install(&server, &mut admin, &[]).await;
    let page = format!("{}/{}", apps(&server), server.installation().await.expect("an installation").id);
    let state = async || server.installation().await.map(|installation| installation.state);

    let (suspend, resume, uninstall) =
        (format!("{page}/suspend"), format!("{page}/resume"), format!("{page}/uninstall"));
    let question = admin.open(&suspend).await;
    assert!(question.html.contains("No token of Sprint Mailer for Default site is good"), "{}", question.html);
    let suspended = admin.fill(&question, &suspend, &[]).await;
    assert_eq!(state().await, Some(InstallationState::Suspended));
    let shown = admin.open(&suspended.leads_to()).await;
    assert!(shown.html.contains("The app was suspended."), "{}", shown.html);
    admin.fill(&shown, &resume, &[]).await;
    assert_eq!(state().await, Some(InstallationState::Active));
    let question = admin.open(&uninstall).await;
    assert!(question.html.contains("each of them must allow it again"), "{}", question.html);
    let gone = admin.fill(&question, &uninstall, &[]).await;
    assert_eq!(state().await, None);
    assert!(admin.open(&gone.leads_to()).await.html.contains("The app was uninstalled."));
    assert_eq!(admin.open(&page).await.status.code, 404);
}

#[rocket::async_test]
async fn only_an_admin_of_the_site_opens_its_pages() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects"]), Actor::Operator).await;
    let (_, mut admin) = site_admin(&server).await;
    install(&server, &mut admin, &[]).await;
    let installation = server.installation().await.expect("an installation").id;
    let elsewhere = Site {
        id: hallmark::secrets::random::site_id(),
        name: "Elsewhere".into(),
        url: Some("https://elsewhere.example".into()),
        workspace_id: hallmark::secrets::random::site_id(),
    };
    server.core.store.add_site(&elsewhere).await.expect("a store");
    let member = server.user("member@example.com", PASSWORD).await;
    let mut member = server.signed_in(&member).await;
    let csrf = member.open("/logout").await.field("csrf");

    let page = format!("/{installation}");
    for path in ["", "/add", &page, &format!("{page}/approve"), &format!("{page}/uninstall")] {
        assert_eq!(member.open(&format!("{}{path}", apps(&server))).await.status.code, 403, "{path}");
        let other = format!("/admin/sites/{}/apps{path}", elsewhere.id);
        assert_eq!(member.open(&other).await.status.code, 404, "{other}");
        assert_eq!(admin.open(&other).await.status.code, 404, "an admin of another site: {other}");
    }
    for action in ["/install", "/decline", &format!("{page}/approve"), &format!("{page}/uninstall")] {
        let fields = [("csrf", csrf.as_str()), ("app", APP), ("environment", "production"), ("decision", "approve")];
        assert_eq!(member.submit(&format!("{}{action}", apps(&server)), &fields).await.status.code, 403, "{action}");
    }
    assert_eq!(member.open(&format!("/sites/{}/apps", elsewhere.id)).await.status.code, 404);
    assert_eq!(server.visitor().open(&apps(&server)).await.leads_to(), format!("/login?next={}", apps(&server)));

    let operator = server.admin("operator@example.com", PASSWORD).await;
    let mut operator = server.signed_in(&operator).await;
    assert_eq!(operator.open(&format!("/admin/sites/{}/apps", elsewhere.id)).await.status.code, 200);
    let foreign = format!("/admin/sites/{}/apps/{installation}", elsewhere.id);
    assert_eq!(operator.open(&foreign).await.status.code, 404, "the installation is on another site");
}

#[rocket::async_test]
async fn who_comes_back_from_signing_in_without_the_query_chooses_an_app() {
    let server = server().await;
    let (_, mut admin) = site_admin(&server).await;
    let member = server.user("member@example.com", PASSWORD).await;
    let mut member = server.signed_in(&member).await;

    let install = admin.open(&format!("{}/install", apps(&server))).await;
    let request = member.open(&format!("/sites/{}/apps/request", server.core.site.id)).await;

    assert_eq!(install.leads_to(), format!("{}/add", apps(&server)));
    assert_eq!(request.leads_to(), format!("/sites/{}/apps", server.core.site.id));
}

#[rocket::async_test]
async fn an_app_that_is_not_shared_is_offered_to_its_developers_alone() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await;
    let (_, mut admin) = site_admin(&server).await;
    let question = format!("{}/install?app={APP}&environment=production", apps(&server));

    assert!(!admin.open(&format!("{}/add", apps(&server))).await.html.contains("Sprint Mailer"));
    assert_eq!(admin.open(&question).await.status.code, 404);
    let mut dev_ = server.signed_in(&dev).await;
    assert!(dev_.open(&format!("/sites/{}/apps", server.core.site.id)).await.html.contains("Sprint Mailer"));

    server.share(APP.parse().expect("an app")).await;
    let shown = admin.open(&question).await;
    assert!(shown.html.contains("By dev@example.com") && shown.html.contains("Not verified"), "{}", shown.html);
    assert!(shown.html.contains("Nobody has checked who made this app."));
    for nonsense in ["app=x&environment=production", &format!("app={APP}&environment=moon")] {
        assert_eq!(admin.open(&format!("{}/install?{nonsense}", apps(&server))).await.status.code, 404, "{nonsense}");
    }
}
