//! The client of an environment: its redirection URIs, its secrets, its versions and installations.

use hallmark::apps::installations;
use hallmark::domain::app::{Deployment, Environment};
use hallmark::domain::event::{Actor, Event};
use hallmark::domain::scope::Scope;
use hallmark::domain::site::Site;

use crate::support::apps::{APP, manifest};
use crate::support::client::App;
use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn redirection_uris_are_replaced_if_each_of_them_can_be_one() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;
    let page = format!("/console/apps/{APP}/production");
    let action = format!("{page}/redirect-uris");

    let bad = "https://new.example/cb\nhttps://new.example/#x\nhttps://*.example/cb";
    let refused = dev.open_and_fill(&page, &action, &[("redirect_uris", bad)]).await;
    for told in ["role=\"alert\"", "https://new.example/#x: ", "https://*.example/cb: ", "no fragment."] {
        assert!(refused.html.contains(told), "{told}: {}", refused.html);
    }
    assert!(dev.open(&page).await.html.contains("https://app.example/cb"), "nothing was replaced");

    let good = "https://new.example/cb\r\ncom.example.app:/cb";
    let saved = dev.open_and_fill(&page, &action, &[("redirect_uris", good)]).await;
    let shown = dev.open(&saved.leads_to()).await;
    assert!(shown.html.contains("The redirection URIs were saved.") && shown.html.contains("com.example.app:/cb"));
    assert!(!shown.html.contains("https://app.example/cb"));
    assert!(matches!(server.facts().await[0], Event::RedirectUrisReplaced { .. }));
}

#[rocket::async_test]
async fn two_secrets_are_good_at_a_time_and_a_third_ends_the_oldest() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    let deployed = server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await;
    let mut secrets = vec![deployed.secret.expect("a secret").expose().clone()];
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;
    let page = format!("/console/apps/{APP}/production");

    for _ in 0..2 {
        let made = dev.open_and_fill(&page, &format!("{page}/secrets"), &[]).await;
        assert!(made.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
        secrets.push(made.html.split('"').find(|text| text.starts_with("hmk_")).expect("a secret").to_owned());
        assert!(!dev.open(&page).await.html.contains("hmk_"), "a secret is shown once");
    }

    let mut answers = Vec::new();
    for secret in secrets {
        let app = App {
            id: deployed.client_id.to_string(),
            secret: Some(secret),
            redirect_uri: "https://app.example/cb".into(),
        };
        answers.push(app.redeem(&server, "hmc_none", &[]).await.refusal().1);
    }
    assert_eq!(answers, ["invalid_client", "invalid_grant", "invalid_grant"]);
}

#[rocket::async_test]
async fn versions_and_installations_are_told_and_no_site_of_others() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    let app = server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await.app;
    server.deploy(&manifest(&["write:objects"]), Actor::User(dev.id)).await;
    let elsewhere = Site {
        id: hallmark::secrets::random::site_id(),
        name: "Secret Project".into(),
        url: Some("https://secret.example".into()),
        workspace_id: hallmark::secrets::random::site_id(),
    };
    server.core.store.add_site(&elsewhere).await.expect("a store");
    let deployment = Deployment { app_id: app.id, environment: Environment::Production };
    for site in [server.core.site.id, elsewhere.id] {
        let place = (site, deployment);
        installations::install(&server.core, place, &Scope::default(), Actor::Operator).await.expect("an installation");
    }
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;

    let page = dev.open(&format!("/console/apps/{APP}/production")).await;

    for told in ["2.0", "Asks for write:objects.", "No longer asks for read:objects.", "Default site", "Active"] {
        assert!(page.html.contains(told), "{told}: {}", page.html);
    }
    assert!(page.html.contains("A site that you are not on") && !page.html.contains("Secret Project"));
}
