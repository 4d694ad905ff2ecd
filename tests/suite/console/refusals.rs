//! What a client was refused, told to its developers with what to do.

use hallmark::domain::event::Actor;

use crate::support::apps::{APP, manifest};
use crate::support::client::App;
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
