//! Several evaluations at once, and when to stop.

use hallmark::domain::role_binding::RoleSubject;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::support::access::{AccessWorld, READ, access_world, question};
use crate::support::client::{Answer, basic};
use crate::support::listening::Listening;

const EVALUATIONS: &str = "/access/v1/evaluations";

async fn ask(world: &AccessWorld, body: &Value) -> Answer {
    world.server.send_json(Method::Post, EVALUATIONS, "assets", &body.to_string()).await
}

/// The decisions in an answer.
fn decisions(answer: &Answer) -> Vec<bool> {
    assert_eq!(answer.status.code, 200, "{}", answer.text);
    let told = answer.json();
    let each = told["evaluations"].as_array().expect("evaluations").iter();
    each.map(|one| one["decision"].as_bool().expect("a decision")).collect()
}

/// Somebody who may read `object:88` and not `object:200`: what is asked of each, by a body that says the rest once.
async fn reader(world: &AccessWorld, objects: &[&str]) -> Value {
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let mut body = question(&world.token(&world.person, READ).await, "GET /object/{id}", "object:88");
    let each = objects.iter().map(|id| json!({ "resource": { "type": "object", "id": id } }));
    body["evaluations"] = each.collect();
    body
}

#[rocket::async_test]
async fn each_is_answered_in_its_place_and_takes_from_the_whole_what_it_does_not_say() {
    let world = access_world().await;
    let mut body = reader(&world, &["88", "200", "89"]).await;
    let evaluations = body["evaluations"].as_array_mut().expect("evaluations");
    evaluations.push(json!({}));
    evaluations.push(json!({ "action": { "name": "PUT /object/{id}" } }));
    evaluations.push(json!({ "context": { "token": "hma_unknown" } }));

    let answer = ask(&world, &body).await;

    assert_eq!(decisions(&answer), [true, false, true, true, false, false]);
    let layers: Vec<_> = answer.json()["evaluations"].as_array().expect("evaluations")[3..]
        .iter()
        .map(|one| one["context"]["layer"].clone())
        .collect();
    assert_eq!(layers, [Value::Null, json!(2), json!(1)]);
}

#[rocket::async_test]
async fn it_is_said_when_to_stop() {
    let world = access_world().await;
    let mut body = reader(&world, &["88", "200", "89", "200"]).await;

    for (semantic, expected) in [
        ("execute_all", &[true, false, true, false][..]),
        ("deny_on_first_deny", &[true, false]),
        ("permit_on_first_permit", &[true]),
    ] {
        body["options"] = json!({ "evaluations_semantic": semantic });
        assert_eq!(decisions(&ask(&world, &body).await), expected, "{semantic}");
    }
    body["options"] = json!({});
    assert_eq!(decisions(&ask(&world, &body).await).len(), 4);
    body["options"] = json!({ "evaluations_semantic": "guess" });
    assert_eq!(ask(&world, &body).await.refusal(), (400, "invalid_request".into()));
}

#[rocket::async_test]
async fn one_that_cannot_be_decided_is_a_no_that_says_so_and_the_others_are_answered() {
    let world = access_world().await;
    let mut body = reader(&world, &["88", "8 8", "89"]).await;

    let answer = ask(&world, &body).await;

    assert_eq!(decisions(&answer), [true, false, true]);
    let told = answer.json();
    assert_eq!(told["evaluations"][1]["context"]["error"]["status"], 400);
    assert!(told["evaluations"][1]["context"]["error"]["message"].as_str().is_some_and(|why| why.contains("ASCII")));
    // A no is a no to whoever waits for the first.
    body["options"] = json!({ "evaluations_semantic": "deny_on_first_deny" });
    assert_eq!(decisions(&ask(&world, &body).await), [true, false]);
}

#[rocket::async_test]
async fn without_evaluations_the_whole_is_one() {
    let world = access_world().await;
    let mut body = reader(&world, &[]).await;

    assert_eq!(ask(&world, &body).await.text, r#"{"decision":true}"#);
    body.as_object_mut().expect("an object").remove("evaluations");
    assert_eq!(ask(&world, &body).await.text, r#"{"decision":true}"#);
    assert_eq!(ask(&world, &json!({})).await.refusal(), (400, "invalid_request".into()));
}

#[rocket::async_test]
async fn a_thousand_are_answered_and_no_more() {
    let world = access_world().await;
    let mut body = reader(&world, &["88"; 1000]).await;
    assert_eq!(decisions(&ask(&world, &body).await), [true; 1000]);

    body["evaluations"].as_array_mut().expect("evaluations").push(json!({}));

    assert_eq!(ask(&world, &body).await.refusal(), (400, "invalid_request".into()));
}

#[rocket::async_test]
async fn a_body_has_at_most_one_mebibyte() {
    let world = access_world().await;
    let body = reader(&world, &["88"]).await.to_string();
    let of_length = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));

    let longest = world.server.send_json(Method::Post, EVALUATIONS, "assets", &of_length(1024 * 1024)).await;
    let longer = world.server.send_json(Method::Post, EVALUATIONS, "assets", &of_length(1024 * 1024 + 1)).await;

    assert_eq!(decisions(&longest), [true]);
    assert_eq!(longer.refusal(), (413, "invalid_request".into()));
    assert!(longer.text.contains("1 MiB"), "{}", longer.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_body_is_read_of_whoever_says_who_they_are() {
    let world = access_world().await;
    let front = Listening::to(&world.server).await;
    let body = format!("{}{}", reader(&world, &["88"]).await, " ".repeat(500 * 1024));
    let credentials = basic("assets", "assets-secret-of-many-characters");
    let say = async |path: &str, authorization: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\nContent-Type: application/json\r\n\
             {authorization}Content-Length: {length}\r\n\r\n"
        );
        front.say([head.as_bytes(), body.as_bytes()].concat()).await
    };
    let authorization = format!("Authorization: {}\r\n", credentials.value());

    let (status, answer) = say(EVALUATIONS, &authorization, &body).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains(r#"{"evaluations":[{"decision":true}]}"#), "{answer}");
    assert_eq!(say(EVALUATIONS, &authorization, &" ".repeat(3 * 1024 * 1024)).await.0, 413);
    // A body that was cut short is not read as if it were whole.
    assert_eq!(say(EVALUATIONS, "", &body).await.0, 401);
    assert_eq!(say("/access/v1/evaluation", &authorization, &body).await.0, 413);
}
