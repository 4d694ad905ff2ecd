//! POST /tokens/leaked: whoever found a token in public ends it, and whoever it was of is told.

use hallmark::accounts::activity;
use hallmark::accounts::people;
use hallmark::domain::event::{Actor, Event, LeakedKind};
use hallmark::domain::site::SiteStanding;

use crate::support::client::{Answer, form};
use crate::support::faulty_store::Faults;
use crate::support::oauth::confidential;
use crate::support::people::path_of;
use crate::support::server::{TestServer, server, server_with, server_with_faults};

async fn report(server: &TestServer, token: &str) -> Answer {
    server.post("/tokens/leaked", None, &form(&[("token", token)])).await
}

/// What a person was told of leaked tokens: the kind of each, newest first.
async fn told(server: &TestServer) -> Vec<LeakedKind> {
    let facts = activity::list(&server.core, server.person().await.id).await.expect("a store");
    let kind = |fact| match fact {
        Event::LeakedTokenEnded { kind, .. } => Some(kind),
        _ => None,
    };
    facts.into_iter().filter_map(|recorded| kind(recorded.event)).collect()
}

#[rocket::async_test]
async fn a_token_of_any_kind_is_over_and_its_owner_is_told() {
    let server = server().await.with_resources().await.with_imports().await;
    let app = server.register(confidential()).await;
    let user = server.person().await;
    server.join_as(&user, server.core.site.id, SiteStanding::Admin).await;
    let (first, _) = server.tokens(&app, "read:objects offline_access").await;
    let (second, refresh) = server.tokens(&app, "read:objects offline_access").await;
    let api = server.api_token(&user, "read:objects").await;
    let source = server.import_source("Hosts").await;
    let container = server.container_token(&source).await;

    for token in [&first, &refresh, &api, &container] {
        let answer = report(&server, token).await;
        assert_eq!((answer.status.code, answer.text.as_str()), (202, ""), "{token}");
    }

    for dead in [&first, &second, &api] {
        assert!(!server.is_live(dead).await, "{dead}");
    }
    assert_eq!(app.refresh(&server, &refresh, &[]).await.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(server.ask("/jsm/assets/v1/imports/info", &container).await.status.code, 401);
    assert_eq!(told(&server).await, [LeakedKind::ApiToken, LeakedKind::RefreshToken, LeakedKind::AccessToken]);
}

#[rocket::async_test]
async fn what_is_unknown_mistyped_or_over_gets_the_same_answer() {
    let server = server().await.with_resources().await;
    let user = server.person().await;
    let api = server.api_token(&user, "read:objects").await;
    let live = report(&server, &api).await;

    let unknown = hallmark::secrets::token::mint(hallmark::secrets::token::TokenKind::Api, server.core.now());
    for other in [api.as_str(), unknown.token.expose(), "hmp_nonsense", "nonsense", "correct horse"] {
        let answer = report(&server, other).await;
        assert_eq!((answer.status, &answer.text), (live.status, &live.text), "{other}");
        let own = |headers: &[(String, String)]| {
            let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
            names.sort();
            names
        };
        assert_eq!(own(&answer.headers), own(&live.headers));
    }
    assert_eq!(told(&server).await.len(), 1);
}

#[rocket::async_test]
async fn a_used_refresh_token_ends_its_family_as_well() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (_, first) = server.tokens(&app, "read:objects offline_access").await;
    let rotated = app.refresh(&server, &first, &[]).await;
    let (access, second) = (rotated.text_of("access_token"), rotated.text_of("refresh_token"));

    assert_eq!(report(&server, &first).await.status.code, 202);

    assert!(!server.is_live(&access).await);
    assert_eq!(app.refresh(&server, &second, &[]).await.refusal(), (400, "invalid_grant".to_owned()));
}

#[rocket::async_test]
async fn a_store_that_failed_is_never_a_202() {
    for verb in ["revoke_api_token", "api_token", "settled"] {
        let faults = Faults::default();
        let server = server_with_faults(faults.clone()).await.with_resources().await;
        let user = server.person().await;
        let api = server.api_token(&user, "read:objects").await;
        let token = if verb == "settled" { "nonsense" } else { api.as_str() };
        faults.fail_verb(verb);

        let answer = report(&server, token).await;

        assert_eq!(answer.status.code, 503, "{verb}");
        assert!(answer.header("Retry-After").is_some());
    }
}

#[rocket::async_test]
async fn a_report_is_a_form_or_json_with_one_token() {
    let server = server().await.with_resources().await;
    let user = server.person().await;
    let api = server.api_token(&user, "read:objects").await;
    for body in ["", "token=", "other=x", "token=a&token=b"] {
        assert_eq!(server.post("/tokens/leaked", None, body).await.status.code, 400, "{body}");
    }
    let body = serde_json::json!({ "token": api }).to_string();
    assert_eq!(server.post_as("/tokens/leaked", "application/json", None, &body).await.status.code, 202);
    assert!(!server.is_live(&api).await);
}

#[rocket::async_test]
async fn reports_from_one_place_are_slowed_down_and_those_from_elsewhere_are_not() {
    let settings = "[default.throttle]\nleaks_per_address = { burst = 2, per_minute = 1 }\n[default.proxies]\ntrusted = [\"127.0.0.0/8\"]\n";
    let server = server_with(settings).await;
    let report_from = async |address: &str| {
        let request = server.local.post("/tokens/leaked").remote("127.0.0.1:5000".parse().expect("an address"));
        let request = request
            .header(rocket::http::Header::new("X-Forwarded-For", address.to_owned()))
            .header(rocket::http::ContentType::Form)
            .body("token=nonsense");
        let response = request.dispatch().await;
        (response.status().code, response.headers().get_one("Retry-After").is_some())
    };

    let first = [report_from("192.0.2.1").await, report_from("192.0.2.1").await, report_from("192.0.2.1").await];
    assert_eq!(first, [(202, false), (202, false), (429, true)]);
    assert_eq!(report_from("192.0.2.2").await, (202, false));
}

#[rocket::async_test]
async fn a_session_and_a_link_that_were_found_are_over_too() {
    let server = server().await;
    let user = server.person().await;
    let mut browser = server.signed_in(&user).await;
    let link = people::reset_link(&server.core, user.id, Actor::Operator).await.expect("a link");
    let secret = link.rsplit_once('/').expect("a path").1.to_owned();

    assert_eq!(report(&server, &secret).await.status.code, 202);
    let cookie = browser.cookie("__Host-hallmark-session");
    assert_eq!(report(&server, &cookie).await.status.code, 202);

    assert!(!browser.is_signed_in().await);
    assert_eq!(server.visitor().open(&path_of(&link)).await.status.code, 404);
    assert_eq!(told(&server).await, [LeakedKind::Session, LeakedKind::OneTimeLink]);
}
