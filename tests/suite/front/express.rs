//! The express lane: nobody can tell from an answer whether Rocket gave it.

use hallmark::domain::role_binding::RoleSubject;
use hallmark::front::Settings;
use rocket::figment::Figment;

use crate::support::access::{EVALUATION, READ, access_world, question};
use crate::support::client::{basic, form};
use crate::support::listening::Listening;
use crate::support::oauth::{confidential, three_legged};
use crate::support::server::{TestServer, server, server_with};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
}

fn authorization(id: &str, secret: &str) -> String {
    format!("Authorization: {}\r\n", basic(id, secret).value())
}

fn assets() -> String {
    authorization("assets", "assets-secret-of-many-characters")
}

/// Requests that are plain and good, and requests that are not.
async fn requests(server: &TestServer) -> (Vec<String>, Vec<String>) {
    let app = server.register(confidential()).await;
    let (access, refresh) = server.tokens(&app, "read:objects offline_access").await;
    let (me, plain) = (assets(), format!("{}{FORM}", assets()));
    let ask = |token: &str| post("/oauth/introspect", &plain, &form(&[("token", token)]));
    let token = form(&[("token", &access)]);
    let long = form(&[("token", &"x".repeat(33 * 1024))]);
    let hinted = form(&[("token", &access), ("token_type_hint", "refresh_token"), ("client_id", "assets")]);
    let on = |site: &str| post("/oauth/introspect", &plain, &form(&[("token", &access), ("site", site)]));
    let good = vec![
        on("https://hallmark.test"),
        on("https://elsewhere.example"),
        on("nonsense"),
        on(""),
        ask(&access),
        ask(&refresh),
        ask("nonsense"),
        ask(&"é".repeat(50)),
        post("/oauth/introspect", &plain, &hinted),
    ];
    let other = vec![
        post("/oauth/introspect", &plain, ""),
        post("/oauth/introspect", &plain, &format!("{token}&{token}")),
        post("/oauth/introspect", &plain, "token=%ff"),
        post("/oauth/introspect", &plain, &format!("{token}&site=a&site=b")),
        post("/oauth/introspect", &plain, &long),
        post("/oauth/introspect", &plain, &format!("{token}&client_secret=twice")),
        post("/oauth/introspect", &plain, &format!("{token}&client_id=other")),
        post("/oauth/introspect", FORM, &token),
        post("/oauth/introspect", &me, &token),
        post("/oauth/introspect", &format!("{plain}{}", assets()), &token),
        post(
            "/oauth/introspect",
            &format!("{me}Content-Type: application/json\r\n"),
            &format!("{{\"token\":\"{access}\"}}"),
        ),
        post("/oauth/introspect", &format!("{}{FORM}", authorization("assets", "wrong")), &token),
        post("/oauth/introspect", &format!("{}{FORM}", authorization("nobody", "wrong")), &token),
        post(
            "/oauth/introspect",
            &format!("{}{FORM}", authorization(&app.id, "app-secret-of-many-characters")),
            &token,
        ),
        post("/oauth/introspect", &format!("Authorization: Bearer {access}\r\n{FORM}"), &token),
        post("/oauth/introspect?a=b", &plain, &token),
        post("/oauth/introspect/", &plain, &token),
        post("/oauth/revoke", &plain, &token),
        post("/oauth/token", &plain, &form(&[("grant_type", "client_credentials")])),
        format!("GET /oauth/introspect HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\n{plain}\r\n"),
    ];
    (good, other)
}

/// Everything of an answer but what is its own: when it was given, and its name.
fn comparable(answer: &str) -> (Vec<String>, String) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let own = ["date:", "x-request-id:"];
    let mut lines: Vec<String> = head.lines().map(str::to_lowercase).collect();
    lines.retain(|line| !own.iter().any(|own| line.starts_with(own)));
    lines[1..].sort();
    (lines, body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_the_same_with_the_lane_and_without() {
    for server in [server().await, server_with("[default.issuer]\nurl = \"http://127.0.0.1:8000\"").await] {
        let server = server.with_resources().await;
        let rocket = hallmark::launch::rocket(server.core.clone(), Figment::from(rocket::Config::release_default()));
        let alone = Listening::with(rocket, Settings::of(&server.core.config)).await;
        let beside = Listening::to(&server).await;
        let (good, other) = requests(&server).await;

        let mut told = 0;
        for request in good.iter().chain(&other) {
            let (expected, answer) = (alone.say(request).await.1, beside.say(request).await.1);
            assert_eq!(comparable(&answer), comparable(&expected), "{request}");
            told += 2 * u64::from(answer.starts_with("HTTP/1.1 200"));
            assert!(answer.contains("x-request-id: ") || !expected.contains("x-request-id: "), "{answer}");
        }
        let counted = server.core.telemetry.requests().expect("routes").counted();
        let introspections = counted.filter(|route| route.label.template == "/oauth/introspect");
        assert_eq!(introspections.map(|route| route.statuses[1]).sum::<u64>(), told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lane_answers_what_is_plain_and_good_and_leaves_the_rest() {
    let server = server().await.with_resources().await;
    let nothing = rocket::custom(Figment::from(rocket::Config::release_default()).merge(("log_level", "off")));
    let lane = Listening::express_before(nothing, &server).await;
    let (good, other) = requests(&server).await;

    for request in &good {
        assert_eq!(lane.say(request).await.0, 200, "{request}");
    }
    for request in &other {
        assert_eq!(lane.say(request).await.0, 404, "{request}");
    }
}

/// The same without the name that the audit trail has it under.
fn untraced(answer: &str) -> (Vec<String>, String) {
    let (head, body) = comparable(answer);
    match body.split_once("\"trace\":\"") {
        Some((before, after)) => (head, format!("{before}{}", &after[22..])),
        None => (head, body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_is_answered_the_same_with_the_lane_and_without() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    let server = &world.server;
    let rocket = hallmark::launch::rocket(server.core.clone(), Figment::from(rocket::Config::release_default()));
    let alone = Listening::with(rocket, Settings::of(&server.core.config)).await;
    let nothing = rocket::custom(Figment::from(rocket::Config::release_default()).merge(("log_level", "off")));
    let lane = Listening::express_before(nothing, server).await;
    let beside = Listening::to(server).await;
    let head = format!("{}Content-Type: application/json\r\n", assets());
    let asks = |body: &str| post(EVALUATION, &head, body);
    let ask = |token: &str, operation: &str, on: &str| asks(&question(token, operation, on).to_string());
    let yes = question(&token, "GET /object/{id}", "object:88");
    let mut told = yes.clone();
    told["context"]["introspection"] = true.into();
    let mut by_name = yes.clone();
    by_name["subject"] = serde_json::json!({ "type": "user", "id": world.person.id.to_string() });
    by_name["context"] = serde_json::json!({ "site": "https://hallmark.test" });
    let good = [
        asks(&yes.to_string()),
        asks(&told.to_string()),
        ask(&token, "POST /object/aql", &world.whole()),
        ask("hma_unknown", "GET /object/{id}", "object:88"),
        ask(&token, "PUT /object/{id}", "object:88"),
        ask(&token, "GET /object/{id}", "object:200"),
    ];
    let other = [
        asks(""),
        asks("{}"),
        asks("[]"),
        asks(&by_name.to_string()),
        asks(&yes.to_string().replacen('{', "{\"subject\":null,", 1)),
        asks(&format!("{yes}{}", " ".repeat(33 * 1024))),
        ask(&token, "GET /nothing", "object:88"),
        post(EVALUATION, &format!("{}{FORM}", assets()), &yes.to_string()),
        post(EVALUATION, &assets(), &yes.to_string()),
        post(EVALUATION, "Content-Type: application/json\r\n", &yes.to_string()),
        post(EVALUATION, &format!("{}{head}", assets()), &yes.to_string()),
        post(EVALUATION, &head.replace("Basic ", "Basic x"), &yes.to_string()),
        post(&format!("{EVALUATION}?a=b"), &head, &yes.to_string()),
        post("/oauth/introspect", &head, &format!("{{\"token\":\"{token}\"}}")),
    ];

    for request in good.iter().chain(&other) {
        let (expected, answer) = (alone.say(request).await.1, beside.say(request).await.1);
        assert_eq!(untraced(&answer), untraced(&expected), "{request}");
    }
    for request in &good {
        assert_eq!(lane.say(request).await.0, 200, "{request}");
    }
    for request in &other {
        assert_eq!(lane.say(request).await.0, 404, "{request}");
    }
    let named = post(EVALUATION, &format!("{head}X-Request-Id: a-name-of-mine\r\n"), &yes.to_string());
    for front in [&alone, &lane] {
        assert!(front.say(&named).await.1.contains("x-request-id: a-name-of-mine\r\n"));
    }
}

/// What the app asks of the token endpoint: what it is refused, and what it is given each time it asks.
async fn token_requests(server: &TestServer) -> (Vec<String>, Vec<String>) {
    let app = server.register(confidential()).await;
    let user = server.person().await;
    let code = server.code_of(&user, &app, "read:objects offline_access", &[]).await;
    let (_, refresh) = server.tokens(&app, "read:objects offline_access").await;
    assert_eq!(app.revoke(server, &refresh).await.status.code, 200);
    let head = format!("{}{FORM}", authorization(&app.id, "app-secret-of-many-characters"));
    let ask = |pairs: &[(&str, &str)]| post("/oauth/token", &head, &form(pairs));
    let refused = vec![
        ask(&[]),
        ask(&[("grant_type", "password")]),
        ask(&[("grant_type", "refresh_token")]),
        ask(&[("grant_type", "refresh_token"), ("refresh_token", "nonsense")]),
        ask(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]),
        ask(&[("grant_type", "authorization_code"), ("code", "nonsense")]),
        ask(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "https://evil.example/")]),
        ask(&[("grant_type", "client_credentials"), ("scope", "read:bills")]),
        ask(&[("grant_type", "client_credentials"), ("resource", "https://nowhere.example")]),
    ];
    let given = vec![
        ask(&[("grant_type", "client_credentials")]),
        ask(&[("grant_type", "client_credentials"), ("scope", "read:objects")]),
    ];
    (refused, given)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_request_is_answered_the_same_with_the_lane_and_without() {
    let server = server().await.with_resources().await;
    let rocket = hallmark::launch::rocket(server.core.clone(), Figment::from(rocket::Config::release_default()));
    let alone = Listening::with(rocket, Settings::of(&server.core.config)).await;
    let nothing = rocket::custom(Figment::from(rocket::Config::release_default()).merge(("log_level", "off")));
    let lane = Listening::express_before(nothing, &server).await;
    let (refused, given) = token_requests(&server).await;

    for request in &refused {
        let (expected, answer) = (alone.say(request).await, lane.say(request).await);
        assert_eq!((answer.0, comparable(&answer.1)), (400, comparable(&expected.1)), "{request}");
    }
    let remembered = server.core.telemetry.last_refusals.of(&confidential().id);
    assert_eq!(remembered.len(), 2 * refused.len(), "each is told to the developers, whichever way it went");
    for request in &given {
        let (expected, answer) = (alone.say(request).await, lane.say(request).await);
        assert_eq!((answer.0, comparable(&answer.1).0), (200, comparable(&expected.1).0), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lane_leaves_tokens_alone_that_scripts_of_other_origins_may_ask_for() {
    let server = server_with("[default.cors]\norigins = [\"https://spa.example\"]").await.with_resources().await;
    let front = Listening::to(&server).await;
    let (_, given) = token_requests(&server).await;
    let (status, answer) = front.say(&given[0]).await;
    assert_eq!((status, answer.to_lowercase().contains("vary: origin\r\n")), (200, true), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_that_a_trusted_proxy_gave_is_kept_in_the_lane_too() {
    for (settings, kept) in [("[default.proxies]\ntrusted = [\"127.0.0.1/32\"]", true), ("", false)] {
        let server = server_with(settings).await.with_resources().await;
        let front = Listening::to(&server).await;
        let named = format!("{}{FORM}X-Request-Id: named-by-the-proxy\r\n", assets());
        let (status, answer) = front.say(post("/oauth/introspect", &named, "token=nonsense")).await;
        assert_eq!((status, answer.contains("x-request-id: named-by-the-proxy\r\n")), (200, kept), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_refresh_of_a_3lo_client_is_the_same_403_with_the_lane_and_without() {
    let server = server().await.with_resources().await;
    let app = server.register(three_legged()).await;
    let rocket = hallmark::launch::rocket(server.core.clone(), Figment::from(rocket::Config::release_default()));
    let alone = Listening::with(rocket, Settings::of(&server.core.config)).await;
    let nothing = rocket::custom(Figment::from(rocket::Config::release_default()).merge(("log_level", "off")));
    let lane = Listening::express_before(nothing, &server).await;
    let head = format!("{}{FORM}", authorization(&app.id, "app-secret-of-many-characters"));
    let request = post("/oauth/token", &head, "grant_type=refresh_token&refresh_token=nonsense");

    let (expected, answer) = (alone.say(&request).await, lane.say(&request).await);

    assert_eq!((answer.0, comparable(&answer.1)), (403, comparable(&expected.1)));
}
