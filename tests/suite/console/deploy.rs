//! Deploying a manifest on a page, and what is told of one that has faults.

use hallmark::apps::deployment::MOST_APPS;
use hallmark::domain::event::Actor;

use crate::support::apps::{APP, manifest, manifest_with};
use crate::support::listening::Listening;
use crate::support::people::PASSWORD;
use crate::support::server::server;

const DEPLOY: &str = "/console/deploy";

#[rocket::async_test]
async fn a_first_deployment_shows_the_client_and_its_secret_once() {
    let server = server().await.with_resources().await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;

    let text = manifest(&["read:objects"]);
    let fields = [("manifest", text.as_str()), ("environment", "staging"), ("redirect_uris", "https://app.example/cb")];
    let shown = dev.open_and_fill(DEPLOY, DEPLOY, &fields).await;

    assert!(shown.html.contains("Sprint Mailer runs version 1.0"), "{}", shown.html);
    assert!(shown.html.contains("The first version") && shown.html.contains("Asks for read:objects."));
    assert!(shown.header("Cache-Control").is_some_and(|value| value.contains("no-store")));
    let secret = shown.html.split('"').find(|text| text.starts_with("hmk_")).expect("a secret").to_owned();
    let page = dev.open(&format!("/console/apps/{APP}/staging")).await;
    assert!(page.html.contains("https://app.example/cb") && !page.html.contains(&secret));
}

#[rocket::async_test]
async fn a_manifest_may_be_a_file() {
    let server = server().await.with_resources().await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;
    let csrf = dev.open(DEPLOY).await.field("csrf");

    let file = manifest(&["read:objects"]);
    let parts = [("csrf", csrf.as_str()), ("manifest", ""), ("environment", "development"), ("redirect_uris", "")];
    let shown = dev.upload(DEPLOY, &parts, Some(("file", &file))).await;
    assert!(shown.html.contains("Sprint Mailer runs version 1.0"), "{}", shown.html);

    let parts = [("csrf", csrf.as_str()), ("manifest", file.as_str()), ("environment", "development")];
    let shown = dev.upload(DEPLOY, &parts, Some(("file", ""))).await;
    assert!(shown.html.contains("Sprint Mailer runs version 1.1"), "no file was chosen: {}", shown.html);

    let long = "#".repeat(50 * 1024);
    assert_eq!(dev.upload(DEPLOY, &[("csrf", &csrf)], Some(("file", &long))).await.status.code, 413);
    let twice = [("csrf", csrf.as_str()), ("manifest", ""), ("manifest", "")];
    assert_eq!(dev.upload(DEPLOY, &twice, None).await.status.code, 400);
    assert_eq!(dev.upload(DEPLOY, &[("csrf", "x")], Some(("file", &file))).await.status.code, 403);
}

#[rocket::async_test]
async fn every_fault_is_told_with_its_line_and_what_was_meant() {
    let server = server().await.with_resources().await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;

    let text = format!("{}# </textarea><img src=x>\n", manifest(&["raed:objects"]));
    let fields = [("manifest", text.as_str()), ("environment", "staging"), ("redirect_uris", "http://app.example/cb")];
    let shown = dev.open_and_fill(DEPLOY, DEPLOY, &fields).await;

    for told in [
        "role=\"alert\"",
        "Line 6, column 7",
        "permissions.scopes[0]",
        "- raed:objects",
        "Did you mean <span class=\"mono\">read:objects</span>?",
        "http://app.example/cb: a redirection URI is https",
        "name: Sprint Mailer",
        "value=\"staging\" checked",
    ] {
        assert!(shown.html.contains(told), "{told}: {}", shown.html);
    }
    assert!(!shown.html.contains("<img"), "what was sent is text: {}", shown.html);
    assert!(server.core.store.apps().await.expect("a store").is_empty());
}

#[rocket::async_test]
async fn keys_that_are_not_known_are_told_and_left_alone() {
    let server = server().await.with_resources().await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;

    let text = format!("{}modlues: {{}}\n", manifest(&["read:objects"]));
    let shown = dev.open_and_fill(DEPLOY, DEPLOY, &[("manifest", &text)]).await;

    assert!(shown.html.contains("Not read") && shown.html.contains("modlues"), "{}", shown.html);
}

#[rocket::async_test]
async fn a_version_says_why_it_is_minor_or_major_and_who_must_approve_it() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    server.admin("admin@example.com", PASSWORD).await;
    let app = server.deploy(&manifest(&["read:objects"]), Actor::User(dev.id)).await.app;
    server.share(app.id).await;
    let (mut dev, mut admin) = (server.visitor(), server.visitor());
    dev.log_in("dev@example.com", PASSWORD).await;
    admin.log_in("admin@example.com", PASSWORD).await;
    let path = format!("/admin/sites/{}/apps/install", server.core.site.id);
    admin.open_and_fill(&format!("{path}?app={APP}&environment=production"), &path, &[]).await;

    let text = manifest(&["read:objects"]);
    let minor = dev.open_and_fill(DEPLOY, DEPLOY, &[("manifest", &text), ("environment", "production")]).await;
    assert!(minor.html.contains("version 1.1") && minor.html.contains("A minor version"), "{}", minor.html);
    let text = manifest(&["read:objects", "write:objects"]);
    let major = dev.open_and_fill(DEPLOY, DEPLOY, &[("manifest", &text), ("environment", "production")]).await;
    assert!(major.html.contains("version 2.0") && major.html.contains("A major version"), "{}", major.html);
    assert!(major.html.contains("Asks for write:objects.") && major.html.contains("<strong>1 site</strong>"));
    assert!(!major.html.contains("hmk_"), "the client has its secret");
}

#[rocket::async_test]
async fn nobody_owns_apps_without_end() {
    let server = server().await.with_resources().await;
    let dev = server.user("dev@example.com", PASSWORD).await;
    let another = |number: usize| manifest(&["read:objects"]).replace(APP, &format!("{}{number:012}", &APP[..24]));
    for number in 0..MOST_APPS {
        server.deploy(&another(number), Actor::User(dev.id)).await;
    }
    let mut dev = server.signed_in(&dev).await;

    let (more, again) = (another(MOST_APPS), another(0));
    let refused = dev.open_and_fill(DEPLOY, DEPLOY, &[("manifest", &more), ("environment", "production")]).await;
    let version = dev.open_and_fill(DEPLOY, DEPLOY, &[("manifest", &again), ("environment", "production")]).await;

    assert!(refused.html.contains("you own 100 apps already"), "{}", refused.html);
    assert!(version.html.contains("runs version 1.1"), "{}", version.html);
}

#[rocket::async_test]
async fn the_app_of_somebody_else_cannot_be_deployed() {
    let server = server().await.with_resources().await;
    server.deploy(&manifest(&["read:objects"]), Actor::Operator).await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;

    let text = manifest_with("  scopes: []\n");
    let shown = dev.open_and_fill(DEPLOY, DEPLOY, &[("manifest", &text), ("environment", "production")]).await;

    assert!(shown.html.contains("belongs to somebody else"), "{}", shown.html);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_longer_than_the_front_reads_is_told_to_be_too_long() {
    let server = server().await;
    server.user("dev@example.com", PASSWORD).await;
    let mut dev = server.visitor();
    dev.log_in("dev@example.com", PASSWORD).await;
    let csrf = dev.open(DEPLOY).await.field("csrf");
    let session = dev.cookie("__Host-hallmark-session");
    let front = Listening::to(&server).await;

    for length in [60_000, 70_000, 300_000] {
        let part =
            |head: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n");
        let file = part("name=\"file\"; filename=\"manifest.yml\"", &"#".repeat(length));
        let body = format!("{}{file}--x--\r\n", part("name=\"csrf\"", &csrf));
        let head = format!(
            "POST {DEPLOY} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\nOrigin: https://hallmark.test\r\n\
             Cookie: __Host-hallmark-session={session}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        let (status, answer) = front.say(format!("{head}{body}")).await;
        assert!(status == 413 && answer.contains("That was too large"), "{length}: {answer}");
    }
}
