//! What admins decide about apps on their site, and developers about their own.

use hallmark::domain::app::{Deployment, Environment};
use hallmark::domain::event::Actor;
use hallmark::domain::id::AppId;
use hallmark::domain::installation::{Installation, InstallationState};

use crate::support::apps::{APP, manifest};
use crate::support::client::App;
use crate::support::faults::{Attempt, at_every_call};
use crate::support::people::PASSWORD;
use crate::support::visitor::Visitor;

/// The name of an app of this attempt's own.
fn app_id(attempt: &Attempt<'_>) -> String {
    format!("{}{:012}", &APP[..24], attempt.number)
}

/// Deploys a version of the app of this attempt.
async fn deploy(attempt: &Attempt<'_>, scopes: &[&str], by: Actor) -> Option<App> {
    let text = manifest(scopes).replace(APP, &app_id(attempt));
    let deployed = attempt.server.deploy(&text, by).await;
    let (id, secret) = (deployed.client_id.to_string(), deployed.secret?.expose().clone());
    Some(App { id, secret: Some(secret), redirect_uri: "https://app.example/cb".into() })
}

async fn admin<'a>(attempt: &Attempt<'a>) -> Visitor<'a> {
    let user = attempt.server.admin(&attempt.email("admin"), PASSWORD).await;
    attempt.server.signed_in(&user).await
}

fn apps(attempt: &Attempt<'_>) -> String {
    format!("/admin/sites/{}/apps", attempt.server.core.site.id)
}

async fn installation(attempt: &Attempt<'_>) -> Option<Installation> {
    let app_id: AppId = app_id(attempt).parse().expect("an app");
    let deployment = Deployment { app_id, environment: Environment::Production };
    let (store, site) = (&attempt.server.core.store, attempt.server.core.site.id);
    let found = store.installation_on(site, deployment).await.expect("a store");
    found.map(|installation| Installation::clone(&installation))
}

/// Installs the app of this attempt; its page.
async fn install(attempt: &Attempt<'_>, admin: &mut Visitor<'_>) -> String {
    let action = format!("{}/install", apps(attempt));
    let page = format!("{action}?app={}&environment=production", app_id(attempt));
    let page = admin.open_and_fill(&page, &action, &[]).await.leads_to();
    page.split('?').next().expect("a path").to_owned()
}

#[rocket::async_test]
async fn installed_is_said_only_once_it_is_so() {
    at_every_call(async |attempt| {
        deploy(attempt, &["read:objects"], Actor::Operator).await;
        let mut admin = admin(attempt).await;
        let action = format!("{}/install", apps(attempt));
        let page = admin.open(&format!("{action}?app={}&environment=production", app_id(attempt))).await;

        let shown = attempt.under_fault(admin.fill(&page, &action, &[])).await;

        if attempt.unavailable_page(&shown) {
            let again = admin.fill(&page, &action, &[]).await;
            assert!(matches!(again.status.code, 303 | 409), "{}", again.html);
        }
        assert!(installation(attempt).await.is_some());
    })
    .await;
}

#[rocket::async_test]
async fn approved_is_said_only_once_it_is_so() {
    at_every_call(async |attempt| {
        deploy(attempt, &["read:objects"], Actor::Operator).await;
        let mut admin = admin(attempt).await;
        let action = format!("{}/approve", install(attempt, &mut admin).await);
        deploy(attempt, &["read:objects", "write:objects"], Actor::Operator).await;
        let page = admin.open(&action).await;

        let shown = attempt.under_fault(admin.fill(&page, &action, &[("decision", "approve")])).await;

        if attempt.unavailable_page(&shown) {
            let again = admin.fill(&page, &action, &[("decision", "approve")]).await;
            assert_eq!(again.status.code, 303, "{}", again.html);
        }
        let approval = installation(attempt).await.expect("an installation").approval;
        assert!(approval.scope.contains("write:objects"));
    })
    .await;
}

#[rocket::async_test]
async fn suspended_and_uninstalled_are_said_only_once_they_are_so() {
    at_every_call(async |attempt| {
        deploy(attempt, &["read:objects"], Actor::Operator).await;
        let mut admin = admin(attempt).await;
        let page = install(attempt, &mut admin).await;
        let (suspend, uninstall) = (format!("{page}/suspend"), format!("{page}/uninstall"));
        let (question, last) = (admin.open(&suspend).await, admin.open(&uninstall).await);

        let shown = attempt.under_fault(admin.fill(&question, &suspend, &[])).await;
        if attempt.unavailable_page(&shown) {
            assert_eq!(admin.fill(&question, &suspend, &[]).await.status.code, 303);
        }
        assert_eq!(installation(attempt).await.map(|found| found.state), Some(InstallationState::Suspended));
        let gone = admin.fill(&last, &uninstall, &[]).await;
        assert!(gone.status.code == 303 && installation(attempt).await.is_none(), "{}", gone.html);
    })
    .await;
}

#[rocket::async_test]
async fn a_secret_that_is_shown_is_good() {
    at_every_call(async |attempt| {
        let developer = attempt.person().await;
        let app = deploy(attempt, &["read:objects"], Actor::User(developer.id)).await.expect("a secret");
        let mut browser = attempt.server.signed_in(&developer).await;
        let path = format!("/console/apps/{}/production", app_id(attempt));
        let action = format!("{path}/secrets");
        let page = browser.open(&path).await;

        let mut shown = attempt.under_fault(browser.fill(&page, &action, &[])).await;

        if attempt.unavailable_page(&shown) {
            shown = browser.fill(&page, &action, &[]).await;
        }
        let made = shown.html.split('"').find(|text| text.starts_with("hmk_")).expect("a secret").to_owned();
        let app = App { secret: Some(made), ..app };
        assert_eq!(app.redeem(attempt.server, "hmc_none", &[]).await.refusal().1, "invalid_grant");
    })
    .await;
}

#[rocket::async_test]
async fn deployed_is_said_only_once_the_version_runs() {
    at_every_call(async |attempt| {
        let developer = attempt.person().await;
        let mut browser = attempt.server.signed_in(&developer).await;
        let page = browser.open("/console/deploy").await;
        let text = manifest(&["read:objects"]).replace(APP, &app_id(attempt));
        let fields = [("manifest", text.as_str()), ("environment", "production")];

        let mut shown = attempt.under_fault(browser.fill(&page, "/console/deploy", &fields)).await;

        if attempt.unavailable_page(&shown) {
            shown = browser.fill(&page, "/console/deploy", &fields).await;
        }
        assert!(shown.html.contains("runs version 1."), "{}", shown.html);
        let app = browser.open(&format!("/console/apps/{}", app_id(attempt))).await;
        assert!(app.html.contains("production"), "{}", app.html);
    })
    .await;
}
