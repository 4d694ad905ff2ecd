//! The guard for APIs, before an authorization server that says what the test wants (RFC 6750, RFC 7662).

use std::sync::OnceLock;

use hallmark::resource_server::{Bearer, RequiredScope, ResourceServer};
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::form::{Form, FromForm};
use rocket::http::{Header, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::serde::json::{Value, json};
use rocket::{get, post, routes};
use tokio::sync::oneshot;

struct ReadNotes;

impl RequiredScope for ReadNotes {
    const SCOPE: &'static str = "read:note:example";
}

#[get("/notes")]
async fn notes(caller: Bearer<ReadNotes>) -> Value {
    json!({ "read_by": caller.sub })
}

#[get("/hello")]
async fn hello(caller: Option<Bearer<ReadNotes>>) -> String {
    caller.map_or("hello".to_owned(), |caller| format!("hello {}", caller.sub))
}

#[derive(FromForm)]
struct Question {
    token: String,
}

/// What the authorization server calls itself, set once it is known.
static ISSUER: OnceLock<String> = OnceLock::new();

#[post("/oauth/introspect", data = "<question>")]
async fn introspect(question: Form<Question>) -> Result<Value, Status> {
    let live =
        |scope: &str| json!({ "active": true, "iss": ISSUER.get(), "sub": "user:1", "client_id": "c", "scope": scope });
    match question.token.as_str() {
        "good" => Ok(live("read:note:example write:note:example")),
        "narrow" => Ok(live("write:note:example read:note:example2")),
        "foreign" => Ok(json!({ "active": true, "iss": "https://evil.example", "scope": "read:note:example" })),
        "trouble" => Err(Status::ServiceUnavailable),
        "nonsense" => Ok(json!("what?")),
        _ => Ok(json!({ "active": false })),
    }
}

/// An authorization server on a port of its own; its issuer. It runs as long as the test's runtime.
async fn authorization_server() -> String {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let port = free.expect("a free port").port();
    let (sender, lifted_off) = oneshot::channel();
    let figment = Figment::from(rocket::Config::debug_default()).merge(("port", port)).merge(("log_level", "off"));
    let rocket = rocket::custom(figment)
        .mount("/", routes![introspect])
        .attach(AdHoc::on_liftoff("Lifted off", |_| Box::pin(async move { sender.send(()).unwrap_or_default() })));
    tokio::spawn(rocket.launch());
    lifted_off.await.expect("a lift-off");
    format!("http://127.0.0.1:{port}")
}

async fn api(issuer: &str) -> Client {
    let guard = ResourceServer::new(issuer, "notes", "secret", "no\"tes").expect("a guard");
    let rocket = rocket::custom(Figment::from(rocket::Config::debug_default()).merge(("log_level", "off")))
        .attach(guard)
        .mount("/", routes![notes, hello]);
    Client::untracked(rocket).await.expect("a rocket")
}

/// What became of a request.
struct Answer {
    status: u16,
    challenge: String,
    body: Value,
}

async fn answer(response: LocalResponse<'_>) -> Answer {
    let header = |name: &str| response.headers().get_one(name).unwrap_or_default().to_owned();
    let (status, challenge) = (response.status().code, header("WWW-Authenticate"));
    let body = response.into_json().await.unwrap_or_default();
    Answer { status, challenge, body }
}

async fn ask(api: &Client, path: &str, authorization: &[&str]) -> Answer {
    let request = authorization.iter().fold(api.get(path.to_owned()), |mut request, value| {
        request.add_header(Header::new("Authorization", (*value).to_owned()));
        request
    });
    answer(request.dispatch().await).await
}

/// An API behind an authorization server that can be asked.
async fn served() -> Client {
    let issuer = authorization_server().await;
    api(ISSUER.get_or_init(|| issuer.clone()).as_str()).await
}

#[rocket::async_test]
async fn every_refusal_names_its_layer_and_carries_its_challenge() {
    let api = served().await;

    let reached = ask(&api, "/notes", &["Bearer good"]).await;
    assert_eq!((reached.status, &reached.body["read_by"]), (200, &json!("user:1")));

    let none = ask(&api, "/notes", &[]).await;
    assert_eq!((none.status, none.challenge.as_str()), (401, "Bearer realm=\"notes\""));
    assert_eq!(none.body["layer"], 1);

    let dead = ask(&api, "/notes", &["Bearer dead"]).await;
    assert_eq!((dead.status, &dead.body["layer"], &dead.body["error"]), (401, &json!(1), &json!("invalid_token")));
    assert!(dead.challenge.contains("error=\"invalid_token\""), "{}", dead.challenge);

    let narrow = ask(&api, "/notes", &["Bearer narrow"]).await;
    assert_eq!((narrow.status, &narrow.body["layer"]), (403, &json!(2)));
    assert_eq!(narrow.body["required"], "read:note:example");
    assert!(narrow.challenge.ends_with("scope=\"read:note:example\""), "{}", narrow.challenge);

    let foreign = ask(&api, "/notes", &["Bearer foreign"]).await;
    assert_eq!((foreign.status, &foreign.body["error"]), (401, &json!("invalid_token")));

    for sloppy in [&["Bearer  good"][..], &["Bearer\tgood"], &["Bearer good", "Bearer good"], &["Bearer good,"]] {
        let refused = ask(&api, "/notes", sloppy).await;
        assert_eq!((refused.status, &refused.body["error"]), (401, &json!("invalid_token")), "{sloppy:?}");
    }
    for query in ["/notes?access_token=good", "/notes?x=1&access%5Ftoken=good"] {
        let refused = ask(&api, query, &["Bearer good"]).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!("invalid_request")), "{query}");
    }
    for unasked in ["Bearer trouble", "Bearer nonsense"] {
        assert_eq!(ask(&api, "/notes", &[unasked]).await.status, 503, "{unasked}");
    }
    let greeted = api.get("/hello").dispatch().await;
    assert_eq!(greeted.status(), Status::Ok, "a route that can do without a token answers for itself");
}

#[rocket::async_test]
async fn an_authorization_server_that_is_down_is_no_reason_to_trust_a_token() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let api = api(&format!("http://127.0.0.1:{}", free.expect("a free port").port())).await;
    let refused = ask(&api, "/notes", &["Bearer good"]).await;
    assert_eq!((refused.status, &refused.body["error"]), (503, &json!("temporarily_unavailable")));
    assert!(refused.challenge.is_empty());
}
