//! On which objects a call may be made.

use hallmark::domain::role_binding::RoleSubject;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::support::access::{AccessWorld, READ, access_world};
use crate::support::client::Answer;

const SEARCH: &str = "/access/v1/search/resource";

async fn ask(world: &AccessWorld, body: &Value) -> Answer {
    world.server.send_json(Method::Post, SEARCH, "assets", &body.to_string()).await
}

fn search(token: &str, operation: &str, kind: &str) -> Value {
    json!({
        "subject": { "type": "token", "id": "self" },
        "action": { "name": operation },
        "resource": { "type": kind },
        "context": { "token": token },
    })
}

/// The identifiers that were found.
fn found(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status.code, 200, "{}", answer.text);
    let told = answer.json();
    let each = told["results"].as_array().expect("results").iter();
    each.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[rocket::async_test]
async fn those_are_found_on_which_the_operation_is_allowed() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    world.give("developer", "object_type:13", RoleSubject::User(world.person.id)).await;
    let reads = world.token(&world.person, READ).await;
    let writes = world.token(&world.person, "write:cmdb-object:jira").await;

    let readable = ask(&world, &search(&reads, "GET /object/{id}", "object")).await;
    let changeable = ask(&world, &search(&writes, "PUT /object/{id}", "object")).await;
    let listed = ask(&world, &search(&reads, "POST /object/aql", "schema")).await;

    assert_eq!(found(&readable), ["88", "89", "90"]);
    let first = json!({ "type": "object", "id": "88" });
    assert_eq!(readable.json()["results"][0], first);
    assert_eq!(readable.json()["page"], json!({ "next_token": "", "count": 3 }));
    assert_eq!(found(&changeable), ["90"]);
    assert_eq!(found(&listed), ["4"]);
}

#[rocket::async_test]
async fn an_answer_comes_in_parts_that_leave_nothing_out() {
    let world = access_world().await;
    let token = world.token(&world.site_admin("admin@example.com").await, READ).await;
    let mut asked = search(&token, "GET /object/{id}", "object");
    let (mut all, mut parts) = (Vec::new(), 0);

    loop {
        asked["page"]["limit"] = json!(2);
        let answer = ask(&world, &asked).await;
        let part = found(&answer);
        assert_eq!(answer.json()["page"]["count"], part.len());
        assert!(part.len() <= 2);
        all.extend(part);
        parts += 1;
        let next = answer.json()["page"]["next_token"].clone();
        if next == "" {
            break;
        }
        asked["page"]["token"] = next;
    }

    assert_eq!((all, parts), (["200", "88", "89", "90"].map(str::to_owned).to_vec(), 3));
    asked["page"]["token"] = json!("!");
    assert_eq!(ask(&world, &asked).await.refusal(), (400, "invalid_request".into()));
}

#[rocket::async_test]
async fn whoever_passes_not_the_other_layers_finds_nothing_and_is_told_why() {
    let world = access_world().await;
    world.give("admin", &world.whole(), RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;

    let dead = ask(&world, &search("hma_unknown", "GET /object/{id}", "object")).await;
    let short = ask(&world, &search(&token, "PUT /object/{id}", "object")).await;

    assert!(found(&dead).is_empty() && found(&short).is_empty());
    assert_eq!(dead.json()["context"]["layer"], 1);
    assert_eq!(short.json()["context"]["layer"], 2);
    assert_eq!(short.json()["context"]["required"], "write:cmdb-object:jira");
}

#[rocket::async_test]
async fn a_search_for_what_the_operation_is_not_done_to_is_refused() {
    let world = access_world().await;

    for (operation, kind) in [("GET /object/{id}", "schema"), ("GET /object/{id}", "planet"), ("GET /x", "object")] {
        let answer = ask(&world, &search("hma_unknown", operation, kind)).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{operation} {kind}");
    }
}
