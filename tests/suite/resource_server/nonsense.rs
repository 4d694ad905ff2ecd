//! The guard of operations before an authorization server that says something else than yes or no.

use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::AccessModel;
use hallmark::resource_server::{Allowed, ResourceServer};
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::serde::json::{Json, Value, json};
use rocket::{State, get, post, routes};
use tokio::sync::oneshot;

const WORKSPACE: &str = "0a4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3d";
const CLOUD: &str = "5b4c1d2e-0c1a-4d0e-9a57-0d3f6a1b2c3e";

/// What the authorization server says, and what it was asked.
struct Says {
    status: Status,
    answer: Value,
    asked: Mutex<Vec<Value>>,
}

#[post("/access/v1/evaluation", data = "<question>")]
async fn evaluation(question: Json<Value>, says: &State<Says>) -> (Status, Value) {
    says.asked.lock().unwrap_or_else(PoisonError::into_inner).push(question.into_inner());
    (says.status, says.answer.clone())
}

#[get("/asked")]
async fn asked(says: &State<Says>) -> Value {
    json!(*says.asked.lock().unwrap_or_else(PoisonError::into_inner))
}

#[get("/jsm/assets/workspace/<_>/v1/object/<id>")]
async fn object(allowed: Allowed, id: u64) -> Value {
    json!({ "id": id, "operation": allowed.operation(), "sub": allowed.sub })
}

fn free_port() -> u16 {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    free.expect("a free port").port()
}

/// An authorization server that always says the same; its issuer. It runs as long as the test's runtime.
async fn saying(status: Status, answer: Value) -> String {
    let port = free_port();
    let (sender, lifted_off) = oneshot::channel();
    let figment = Figment::from(rocket::Config::debug_default()).merge(("port", port)).merge(("log_level", "off"));
    let rocket = rocket::custom(figment)
        .manage(Says { status, answer, asked: Mutex::default() })
        .mount("/", routes![evaluation, asked])
        .attach(AdHoc::on_liftoff("Lifted off", |_| Box::pin(async move { sender.send(()).unwrap_or_default() })));
    tokio::spawn(rocket.launch());
    lifted_off.await.expect("a lift-off");
    format!("http://127.0.0.1:{port}")
}

async fn api(issuer: &str) -> Client {
    let guard = ResourceServer::new(issuer, "assets", "secret", "Assets").expect("a guard");
    let guard = guard.declaring(AccessModel::read(ASSETS).expect("a model"));
    let rocket = rocket::custom(Figment::from(rocket::Config::debug_default()).merge(("log_level", "off")));
    Client::untracked(rocket.attach(guard).mount("/", routes![object])).await.expect("a rocket")
}

/// The status of a call, whether it says when to try again, and the body.
async fn call(api: &Client, shown: &'static str) -> (u16, bool, Value) {
    let request = api.get(format!("/jsm/assets/workspace/{WORKSPACE}/v1/object/88"));
    let response = request.header(Header::new("Authorization", shown)).dispatch().await;
    let (status, tries) = (response.status().code, response.headers().contains("Retry-After"));
    (status, tries, response.into_json().await.unwrap_or_default())
}

fn permit(introspection: Value) -> Value {
    json!({ "decision": true, "context": { "introspection": introspection } })
}

fn live() -> Value {
    json!({ "active": true, "sub": "user:1", "token_type": "Bearer", "site": { "id": CLOUD, "workspace_id": WORKSPACE } })
}

#[rocket::async_test]
async fn one_question_answers_for_all_three_layers() {
    let issuer = saying(Status::Ok, permit(live())).await;
    let (status, _, body) = call(&api(&issuer).await, "Bearer hma_1").await;
    assert_eq!((status, &body), (200, &json!({ "id": 88, "operation": "GET /object/{id}", "sub": "user:1" })));

    let asked: Value = reqwest_json(&format!("{issuer}/asked")).await;
    assert_eq!(
        asked,
        json!([{
            "subject": { "type": "token", "id": "self" }, "action": { "name": "GET /object/{id}" },
            "resource": { "type": "object", "id": "88", "properties": {} },
            "context": { "token": "hma_1", "site": WORKSPACE, "introspection": true },
        }])
    );
}

async fn reqwest_json(url: &str) -> Value {
    let answer = reqwest::get(url).await.expect("an answer");
    answer.json().await.expect("JSON")
}

#[rocket::async_test]
async fn whatever_is_no_yes_opens_nothing() {
    let nonsense = [
        json!("yes"),
        json!({}),
        json!({ "decision": true }),
        json!({ "decision": "true", "context": { "introspection": live() } }),
        json!({ "decision": true, "context": {} }),
        json!({ "decision": true, "context": { "introspection": "live" } }),
        json!({ "decision": false }),
        json!({ "decision": false, "context": { "layer": 4, "reason": "r", "trace": "t" } }),
    ];
    for answer in nonsense {
        let (status, tries, body) = call(&api(&saying(Status::Ok, answer.clone()).await).await, "Bearer hma_1").await;
        assert_eq!((status, tries, &body["error"]), (503, true, &json!("temporarily_unavailable")), "{answer}");
    }
    for status in [Status::BadRequest, Status::Unauthorized, Status::TooManyRequests, Status::InternalServerError] {
        let told = call(&api(&saying(status, permit(live())).await).await, "Bearer hma_1").await;
        assert_eq!((told.0, told.1), (503, true), "{status}");
    }
    let down = api(&format!("http://127.0.0.1:{}", free_port())).await;
    let told = call(&down, "Bearer hma_1").await;
    assert_eq!((told.0, told.1), (503, true));
}

#[rocket::async_test]
async fn a_yes_about_something_else_than_was_shown_opens_nothing() {
    let with = |name: &str, value: Value| {
        let mut told = live();
        told[name] = value;
        permit(told)
    };
    for (answer, status) in [
        (with("active", json!(false)), 401),
        (with("iss", json!("https://evil.example")), 401),
        (with("token_type", json!("JWT")), 401),
        (with("site", json!({ "id": CLOUD, "workspace_id": CLOUD })), 403),
        (with("site", json!(null)), 403),
    ] {
        let told = call(&api(&saying(Status::Ok, answer.clone()).await).await, "Bearer hma_1").await;
        assert_eq!(told.0, status, "{answer}");
    }
}

#[rocket::async_test]
async fn a_no_is_told_as_it_was_told() {
    let denial = |layer: u8, required: Value| {
        let context = json!({ "layer": layer, "required": required, "reason": "because \"so\"", "trace": "t-1" });
        json!({ "decision": false, "context": context })
    };
    for (layer, required, status, error) in [
        (1, json!(null), 401, "invalid_token"),
        (2, json!("read:cmdb-object:jira"), 403, "insufficient_scope"),
        (3, json!("user"), 403, "access_denied"),
    ] {
        let issuer = saying(Status::Ok, denial(layer, required.clone())).await;
        let (told, _, body) = call(&api(&issuer).await, "Bearer hma_1").await;
        assert_eq!((told, &body["layer"], &body["error"]), (status, &json!(layer), &json!(error)));
        assert_eq!((&body["required"], &body["trace"]), (&required, &json!("t-1")));
        assert_eq!(body["error_description"], "because \"so\"");
    }
}
