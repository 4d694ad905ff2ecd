//! What clients with the Atlassian profile rely on beyond the RFCs.

use hallmark::domain::client::Client;
use hallmark::domain::event::Actor;
use hallmark::domain::scope::Risk;
use hallmark::domain::time::Lifetime;

use crate::support::client::{Answer, App, basic, form};
use crate::support::oauth::{add_resource, confidential, entry, three_legged};
use crate::support::server::{TestServer, server, server_with};

const SCOPE: &str = "read:objects read:me offline_access";
const NO_CHALLENGE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];

async fn world() -> (TestServer, App) {
    let server = server().await.with_resources().await;
    let app = server.register(three_legged()).await;
    (server, app)
}

/// The one answer to a refresh that is refused.
fn is_refused(answer: &Answer) -> bool {
    let told = serde_json::json!({
        "error": "invalid_grant", "error_description": "Unknown or invalid refresh token.",
    });
    (answer.status.code, answer.json()) == (403, told)
}

#[rocket::async_test]
async fn a_refused_refresh_is_403_in_the_words_that_clients_read_whatever_the_reason() {
    let (server, app) = world().await;
    let other = server.register(confidential()).await;
    let (_, foreign) = server.tokens(&other, "read:objects offline_access").await;
    let (_, revoked) = server.tokens(&app, SCOPE).await;
    assert_eq!(app.revoke(&server, &revoked).await.status.code, 200);
    let (_, withdrawn) = server.tokens(&app, SCOPE).await;
    let user = server.person().await;
    let grant = server.core.store.grant_between(user.id, &app.id.parse().expect("an id")).await;
    let grant = grant.expect("a store").expect("a grant").id;
    let by = Actor::Operator;
    assert!(
        hallmark::accounts::connections::withdraw(&server.core, user.id, grant, by).await.expect("a store").is_some()
    );

    for token in ["nonsense", &foreign, &revoked, &withdrawn] {
        let answer = app.refresh(&server, token, &[]).await;
        assert!(is_refused(&answer), "{}", answer.text);
    }
    assert_eq!(other.refresh(&server, "nonsense", &[]).await.refusal(), (400, "invalid_grant".into()));
    assert_eq!(app.redeem(&server, "nonsense", &[]).await.refusal(), (400, "invalid_grant".into()));
    assert_eq!(app.post(&server, "/oauth/token", &[("grant_type", "refresh_token")]).await.status.code, 400);
}

#[rocket::async_test]
async fn a_refresh_may_be_repeated_for_ten_minutes_and_no_longer() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, SCOPE).await;
    let second = app.refresh(&server, &first, &[]).await;

    for wait in [31, 568] {
        server.core.clock.advance(Lifetime::seconds(wait));
        server.sweep().await;
        let again = app.refresh(&server, &first, &[]).await;
        assert_eq!(again.text_of("refresh_token"), second.text_of("refresh_token"), "{}", again.text);
    }
    server.core.clock.advance(Lifetime::seconds(1));

    assert!(is_refused(&app.refresh(&server, &first, &[]).await));
    assert!(is_refused(&app.refresh(&server, &second.text_of("refresh_token"), &[]).await), "the family is over");
}

#[rocket::async_test]
async fn each_profile_has_a_leeway_of_its_own() {
    let settings = "[default.lifetimes]\nrefresh_token_leeway_atlassian = 0";
    let server = server_with(settings).await.with_resources().await;
    for (client, repeated) in [(three_legged(), 403), (confidential(), 200)] {
        let app = server.register(client).await;
        let (_, first) = server.tokens(&app, "read:objects offline_access").await;
        assert_eq!(app.refresh(&server, &first, &[]).await.status.code, 200);
        assert_eq!(app.refresh(&server, &first, &[]).await.status.code, repeated, "{}", app.id);
    }
}

#[rocket::async_test]
async fn a_refresh_that_repeats_its_scope_goes_on_and_without_offline_access_there_is_none() {
    let (server, app) = world().await;
    let (_, first) = server.tokens(&app, SCOPE).await;

    let second = app.refresh(&server, &first, &[("scope", SCOPE)]).await;

    assert_eq!(second.text_of("scope"), "read:me read:objects offline_access");
    let third = app.refresh(&server, &second.text_of("refresh_token"), &[("scope", "read:objects")]).await;
    assert_eq!(third.text_of("scope"), "read:objects offline_access");
    assert_eq!(server.tokens(&app, "read:objects").await.1, "");
}

#[rocket::async_test]
async fn an_address_that_is_not_registered_is_unauthorized_client_on_a_page_and_for_others_a_mismatch() {
    let (server, app) = world().await;
    let other = server.register(confidential()).await;
    let elsewhere = [("redirect_uri", "https://elsewhere.example/cb")];

    let page = server.visitor().open(&app.authorize("read:objects", &elsewhere)).await;

    assert_eq!((page.status.code, page.location), (400, None));
    assert!(page.html.contains("unauthorized_client"), "{}", page.html);
    assert!(page.html.contains("redirect_uri is not registered for client: https://elsewhere.example/cb"));
    assert!(page.html.contains("Nothing was shared"), "{}", page.html);
    let page = server.visitor().open(&other.authorize("read:objects", &elsewhere)).await;
    assert!(page.html.contains("redirect_uri mismatch") && !page.html.contains("unauthorized_client"));
}

#[rocket::async_test]
async fn an_audience_is_a_resource_wherever_one_can_be_named() {
    let (server, app) = world().await;
    add_resource(
        &server.core,
        "products",
        "api.products.example",
        &[entry("read:jobs", "Read jobs", Risk::Private, "products")],
    )
    .await;
    let client = Client {
        id: "jobs".parse().expect("an id"),
        scope: "read:jobs read:bills offline_access".parse().expect("a scope"),
        ..three_legged()
    };
    let jobs = server.register(client).await;
    let user = server.person().await;
    let audience = ("audience", "api.products.example");
    let alone = server.code_of(&user, &jobs, "read:jobs offline_access", &[audience]).await;

    let tokens = jobs.redeem(&server, &alone, &[audience]).await;
    assert_eq!(tokens.text_of("scope"), "read:jobs offline_access", "{}", tokens.text);
    let fresh = jobs.refresh(&server, &tokens.text_of("refresh_token"), &[audience]).await;
    assert_eq!(fresh.status.code, 200, "{}", fresh.text);
    let billing =
        jobs.refresh(&server, &fresh.text_of("refresh_token"), &[("audience", "https://billing.example")]).await;
    assert_eq!(billing.refusal(), (400, "invalid_target".into()));

    let both = [audience, ("resource", "https://billing.example")];
    let list = server.code_of(&user, &jobs, "read:jobs read:bills", &both).await;
    assert_eq!(jobs.redeem(&server, &list, &[]).await.refusal(), (400, "invalid_target".into()), "which of the two?");
    let one = jobs.redeem(&server, &list, &[audience]).await;
    assert_eq!(one.text_of("scope"), "read:jobs", "{}", one.text);

    for (more, error) in [
        (&[("audience", "api.nowhere.example")][..], "invalid_target"),
        (&[("audience", "https://billing.example")][..], "invalid_target"),
    ] {
        let answer = server.visitor().open(&jobs.authorize("read:jobs", more)).await;
        assert_eq!(answer.answer("error").as_deref(), Some(error), "{more:?}");
    }
    let pushed = form(&[("response_type", "code"), ("redirect_uri", &app.redirect_uri), ("scope", "read:jobs")]);
    for (name, status) in [("api.products.example", 201), ("api.nowhere.example", 400)] {
        let body = format!("{pushed}&{}", form(&[("audience", name)]));
        let secret = basic("jobs", "app-secret-of-many-characters");
        assert_eq!(server.post("/oauth/par", Some(secret), &body).await.status.code, status, "{name}");
    }
}

#[rocket::async_test]
async fn the_flow_of_a_client_that_sends_no_challenge_and_its_secret_in_the_body() {
    let (server, app) = world().await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let asked = [NO_CHALLENGE[0], NO_CHALLENGE[1], ("audience", "https://assets.example"), ("prompt", "consent")];
    let request = app.authorize(SCOPE, &asked).replace("/oauth/authorize?", "/authorize?");

    let page = browser.consent_page(&request).await;
    assert!(page.html.contains("See your profile") && page.html.contains("Read objects"), "{}", page.html);
    let code = browser.decide(&page, "allow", &[]).await.answer("code").expect("a code");
    let secret = app.secret.clone().expect("a secret");
    let tokens = server
        .post(
            "/oauth/token",
            None,
            &form(&[
                ("grant_type", "authorization_code"),
                ("client_id", &app.id),
                ("client_secret", &secret),
                ("code", &code),
                ("redirect_uri", &app.redirect_uri),
            ]),
        )
        .await;

    assert_eq!(tokens.text_of("scope"), "read:me read:objects offline_access", "{}", tokens.text);
    assert!(server.is_live(&tokens.text_of("access_token")).await);
}
