//! A Connect app as an admin of a site sees it: beside all others, with what it was told.

use hallmark::apps::connect::registration;
use hallmark::apps::installations;
use hallmark::domain::event::Actor;
use hallmark::domain::scope::Scope;
use hallmark::domain::site::SiteStanding;

use crate::support::client::{basic, form};
use crate::support::connect::{Listener, claims, descriptor, signed, without_apps};
use crate::support::people::PASSWORD;
use crate::support::server::TestServer;
use crate::support::visitor::Visitor;

async fn site_admin(server: &TestServer) -> Visitor<'_> {
    let user = server.user("admin@example.com", PASSWORD).await;
    server.stand(&user, SiteStanding::Admin).await;
    server.signed_in(&user).await
}

/// Registers the app; the page that asks whether to install it, and where that is answered.
async fn offered(server: &TestServer, listener: &Listener) -> (String, String) {
    let declared = descriptor(&listener.base_url, "WRITE ACT_AS_USER");
    let registered = registration::register(&server.core, declared, None, Actor::Operator).await.expect("registered");
    let action = format!("/admin/sites/{}/apps/install", server.core.site.id);
    (format!("{action}?app={}&environment=production", registered.app.id), action)
}

#[rocket::async_test]
async fn an_admin_installs_a_connect_app_and_sees_what_it_was_told() {
    let (server, listener) = without_apps().await;
    let mut admin = site_admin(&server).await;
    let (question, action) = offered(&server, &listener).await;

    let asked = admin.open(&question).await;
    for told in ["Create and change data", "Act as any member of this site", &listener.base_url] {
        assert!(asked.html.contains(told), "{told}: {}", asked.html);
    }
    let page = admin.fill(&asked, &action, &[]).await.leads_to();
    let shown = admin.open(&page).await;
    let site = server.core.site.id.to_string();
    for told in ["The app was installed.", "Connect app", "com.example.helper", &site, "enabled", "taken"] {
        assert!(shown.html.contains(told), "{told}: {}", shown.html);
    }
    let secret = listener.told()[0].body["sharedSecret"].as_str().expect("a secret").to_owned();
    assert!(!shown.html.contains(&secret), "a secret is shown nowhere");
    let list = admin.open(&format!("/admin/sites/{site}/apps")).await;
    assert!(list.html.contains("Helper") && list.html.contains(">Connect<"), "{}", list.html);
}

#[rocket::async_test]
async fn an_admin_reads_why_an_app_is_not_installed() {
    let (server, listener) = without_apps().await;
    let mut admin = site_admin(&server).await;
    let (question, action) = offered(&server, &listener).await;
    listener.will_answer(&[500]);

    let refused = admin.open_and_fill(&question, &action, &[]).await;
    assert_eq!(refused.status.code, 502, "{}", refused.html);
    assert!(refused.html.contains("500") && refused.html.contains("Nothing was installed"), "{}", refused.html);
    assert!(server.installation().await.is_none());
}

#[rocket::async_test]
async fn an_admin_tells_an_app_again_and_rotates_its_secret() {
    let (server, listener) = without_apps().await;
    let mut admin = site_admin(&server).await;
    let (question, action) = offered(&server, &listener).await;
    let page = admin.open_and_fill(&question, &action, &[]).await.leads_to();
    let page = page.split('?').next().unwrap_or_default().to_owned();

    listener.will_answer(&[418]);
    let (suspend, tell) = (format!("{page}/suspend"), format!("{page}/tell"));
    admin.open_and_fill(&suspend, &suspend, &[]).await;
    let shown = admin.open(&page).await;
    assert!(shown.html.contains("could not be told") && shown.html.contains("418"), "{}", shown.html);
    let list = admin.open(page.rsplit_once('/').expect("a path").0).await;
    assert!(list.html.contains("Suspended") && list.html.contains("Could not be told"), "{}", list.html);
    let told = admin.fill(&shown, &tell, &[]).await;
    let shown = admin.open(&told.leads_to()).await;
    assert!(shown.html.contains("The app was told.") && !shown.html.contains("could not"), "{}", shown.html);
    admin.fill(&shown, &format!("{page}/resume"), &[]).await;

    let rotate = format!("{page}/rotate");
    listener.told();
    listener.will_answer(&[400]);
    let refused = admin.open_and_fill(&rotate, &rotate, &[]).await.leads_to();
    let shown = admin.open(&refused).await;
    assert!(shown.html.contains("could not be told") && shown.html.contains("400"), "{}", shown.html);
    let rotated = admin.fill(&shown, &tell, &[]).await.leads_to();
    assert!(admin.open(&rotated).await.html.contains("The app was told."));
    assert_eq!(listener.told().len(), 2);
    let rotated = admin.open_and_fill(&rotate, &rotate, &[]).await.leads_to();
    assert!(admin.open(&rotated).await.html.contains("new shared secret"));

    let uninstall = format!("{page}/uninstall");
    listener.will_answer(&[500]);
    let gone = admin.open_and_fill(&uninstall, &uninstall, &[]).await.leads_to();
    assert!(admin.open(&gone).await.html.contains("could not be told of that"));
}

#[rocket::async_test]
async fn a_developer_reads_why_a_signed_request_was_refused_and_is_offered_no_secret_of_a_client() {
    let (server, listener) = without_apps().await;
    let developer = server.user("dev@example.com", PASSWORD).await;
    let declared = descriptor(&listener.base_url, "READ");
    let registered = registration::register(&server.core, declared, None, Actor::User(developer.id)).await;
    let deployment = registered.expect("registered").deployment;
    let place = (server.core.site.id, deployment);
    installations::install(&server.core, place, &Scope::default(), Actor::Operator).await.expect("installed");
    let secret = listener.told()[0].body["sharedSecret"].as_str().expect("a secret").to_owned();
    let (jwt, site) = (signed(&claims("GET", "/objects", ""), &secret), server.core.site.id.to_string());
    let asked =
        [("token", jwt.as_str()), ("request_method", "GET"), ("request_target", "/objects?all"), ("site", &site)];
    let resource = Some(basic("assets", "assets-secret-of-many-characters"));
    assert_eq!(server.post("/oauth/introspect", resource, &form(&asked)).await.json()["active"], false);

    let mut developer = server.signed_in(&developer).await;
    let shown = developer.open(&format!("/console/apps/{}/production", deployment.app_id)).await;
    for told in ["com.example.helper", "invalid_token", "GET&#38;/objects&#38;all=", "/console/connect"] {
        assert!(shown.html.contains(told), "{told}: {}", shown.html);
    }
    for told in ["Redirection URIs", "Make a new secret", "Deploy a new version"] {
        assert!(!shown.html.contains(told), "{told}: {}", shown.html);
    }
}
