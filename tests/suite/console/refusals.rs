//! What a client was refused, told to its developers with what to do.

use hallmark::apps::installations;
use hallmark::domain::event::Actor;
use hallmark::domain::scope::Scope;

use crate::support::apps::{APP, manifest};
use crate::support::client::{App, form};
use crate::support::people::PASSWORD;
use crate::support::server::server;

#[rocket::async_test]
async fn the_last_refusals_of_a_client_are_told_to_its_developers() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    let deployed = server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await;
    let app = App {
        id: deployed.client_id.to_string(),
        secret: Some(deployed.secret.expect("a secret").expose().clone()),
        redirect_uri: "https://app.example/cb".into(),
    };
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;
    let page = format!("/console/apps/{APP}/production");
    assert!(dev.open(&page).await.html.contains("<p>None.</p>"));

    let stranger = App { secret: Some("wrong".into()), ..app.clone() };
    stranger.redeem(&server, "hmc_none", &[]).await;
    app.redeem(&server, "hmc_none", &[]).await;
    app.post(&server, "/oauth/par", &[("response_type", "code"), ("redirect_uri", "https://evil.example/")]).await;
    app.post(&server, "/oauth/revoke", &[]).await;
    dev.open(&app.authorize("read:bills", &[])).await;
    let elsewhere = App { redirect_uri: "https://elsewhere.example/".into(), ..app.clone() };
    dev.open(&elsewhere.authorize("read:objects", &[])).await;

    let shown = dev.open(&page).await;
    for told in [
        "no such client, or its secret is wrong",
        "Send the newest secret of this environment.",
        "this code or token is unknown",
        "let the person begin again.",
        "Add the address to the redirection URIs of this environment",
        "&#34;https://elsewhere.example/&#34; is not a redirection URI of Sprint Mailer",
        "Add the parameter that is named.",
        "Add the scope to the manifest, and deploy it.",
        "/oauth/authorize",
        "/oauth/token",
        "/oauth/par",
        "/oauth/revoke",
    ] {
        assert!(shown.html.contains(told), "{told}: {}", shown.html);
    }
    assert!(!shown.html.contains("hmc_none") && !shown.html.contains(">wrong<"), "nothing that was sent is told");
}

#[rocket::async_test]
async fn a_client_that_does_not_exist_is_not_remembered() {
    let server = server().await.with_resources().await;
    let nobody = App { id: "nobody".into(), secret: Some("x".into()), redirect_uri: "https://app.example/cb".into() };

    nobody.redeem(&server, "hmc_none", &[]).await;

    assert_eq!(server.core.telemetry.last_refusals.of(&"nobody".parse().expect("an id")), []);
}

#[rocket::async_test]
async fn an_invocation_that_is_refused_because_of_the_app_is_told_to_its_developers() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    let deployed = server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await;
    let place = (server.core.site.id, deployed.deployment);
    let installed = installations::install(&server.core, place, &Scope::default(), Actor::Operator).await;
    let installation = installed.unwrap_or_else(|error| panic!("{error}"));
    installations::suspend(&server.core, installation.id, Actor::Operator).await.expect("an installation");
    let product = server.host_product().await;
    let call = |module: &str| form(&[("installation", installation.id.ari().as_str()), ("module", module)]);

    let refused = server.post("/forge/invocations", Some(product.clone()), &call("panel")).await;
    assert_eq!(refused.refusal().1, "invalid_grant", "{}", refused.text);
    server.post("/forge/invocations", Some(product), "").await;

    let remembered = server.core.telemetry.last_refusals.of(&deployed.client_id);
    assert_eq!(remembered.len(), 1, "what the product did wrong is none of theirs: {remembered:?}");
    assert!(remembered[0].remedy.contains("why they suspended the app"));
}
