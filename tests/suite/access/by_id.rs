//! A resource that is trusted asks about whom it names; another is refused.

use hallmark::access::models;
use hallmark::domain::event::Actor;
use hallmark::domain::role_binding::RoleSubject;
use serde_json::{Value, json};

use crate::support::access::{AccessWorld, access_world, object};

async fn trust(world: &AccessWorld, asks_by_id: bool) {
    let id = world.realm().resource_id;
    models::ask_by_id(&world.server.core, &id, asks_by_id, Actor::Operator).await.expect("decided");
}

fn about(world: &AccessWorld, kind: &str, id: &str, operation: &str, on: &str) -> Value {
    let on = object(on);
    json!({
        "subject": { "type": kind, "id": id },
        "action": { "name": operation },
        "resource": { "type": on.kind(), "id": on.id() },
        "context": { "site": world.site.id.to_string() },
    })
}

#[rocket::async_test]
async fn only_a_resource_that_is_trusted_asks_about_whom_it_names() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let asked = about(&world, "user", &world.person.id.to_string(), "GET /object/{id}", "object:88");

    let refused = world.evaluate(&asked).await;
    assert_eq!(refused.refusal(), (403, "unauthorized_client".into()));
    assert!(refused.text.contains("not trusted to ask about whom it names"), "{}", refused.text);

    trust(&world, true).await;
    assert_eq!(world.evaluate(&asked).await.text, r#"{"decision":true}"#);
    trust(&world, false).await;
    assert_eq!(world.evaluate(&asked).await.refusal(), (403, "unauthorized_client".into()));
}

#[rocket::async_test]
async fn whom_it_names_is_asked_for_roles_and_for_nothing_else() {
    let world = access_world().await;
    trust(&world, true).await;
    let app = world.connect_app("READ").await;
    world.give("user", "schema:4", app.account()).await;
    let user = world.person.id.to_string();
    let account = app.installation.id.to_string();
    let stranger = "0".repeat(user.len());

    for (kind, id, operation, on, layer) in [
        ("user", &user, "GET /object/{id}", "object:88", Some(3)),
        ("app", &account, "GET /object/{id}", "object:88", None),
        // No scope is asked for, since no credential is shown.
        ("app", &account, "GET /aql/objects", &world.whole(), None),
        ("app", &account, "PUT /object/{id}", "object:88", Some(3)),
        ("user", &account, "GET /object/{id}", "object:88", Some(1)),
        ("user", &stranger, "GET /object/{id}", "object:88", Some(1)),
    ] {
        let answer = world.evaluate(&about(&world, kind, id, operation, on)).await;
        if kind == "user" && answer.status.code == 400 {
            assert!(answer.text.contains("no identifier"), "{}", answer.text);
            continue;
        }
        assert_eq!(answer.json()["context"]["layer"].as_u64(), layer, "{kind} {id} {operation}: {}", answer.text);
    }
}

#[rocket::async_test]
async fn a_name_that_says_too_little_is_refused() {
    let world = access_world().await;
    trust(&world, true).await;
    let user = world.person.id.to_string();
    let good = about(&world, "user", &user, "GET /object/{id}", "object:88");
    let mut nowhere = good.clone();
    nowhere["context"] = json!({});
    let mut both = good.clone();
    both["context"]["token"] = json!("hma_unknown");

    for asked in [
        nowhere,
        both,
        about(&world, "robot", &user, "GET /object/{id}", "object:88"),
        about(&world, "user", "person@example.com", "GET /object/{id}", "object:88"),
    ] {
        assert_eq!(world.evaluate(&asked).await.refusal(), (400, "invalid_request".into()), "{asked}");
    }
}
