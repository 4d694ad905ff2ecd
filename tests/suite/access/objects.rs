//! A protected resource tells of its objects.

use hallmark::domain::event::Event;
use hallmark::domain::role_binding::RoleSubject;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::support::access::{AccessWorld, READ, access_world, object};
use crate::support::client::Answer;

const OBJECTS: &str = "/access/v1/objects";

async fn tell(world: &AccessWorld, objects: Value) -> Answer {
    let body = json!({ "site": world.site.id.to_string(), "objects": objects });
    world.server.send_json(Method::Put, OBJECTS, "assets", &body.to_string()).await
}

async fn remove(world: &AccessWorld, asker: &str, path: &str) -> Answer {
    world.server.send_json(Method::Delete, &format!("{OBJECTS}/{path}"), asker, "").await
}

async fn is_known(world: &AccessWorld, text: &str) -> bool {
    world.server.core.store.object(&world.realm(), &object(text)).await.expect("a store").is_some()
}

#[rocket::async_test]
async fn what_was_told_of_decides_at_once() {
    let world = access_world().await;
    let token = world.token(&world.person, READ).await;

    let answer = tell(
        &world,
        json!([
            { "type": "schema", "id": "6", "label": "Ships" },
            { "type": "object_type", "id": "30", "label": "Boats", "parent": { "type": "schema", "id": "6" } },
            { "type": "object", "id": "600", "label": "The Argo", "parent": { "type": "object_type", "id": "30" } },
        ]),
    )
    .await;

    assert_eq!((answer.status.code, answer.text.as_str()), (204, ""));
    assert!(!world.allows(&token, "GET /object/{id}", "object:600").await);
    world.give("user", "schema:6", RoleSubject::User(world.person.id)).await;
    assert!(world.allows(&token, "GET /object/{id}", "object:600").await);
}

#[rocket::async_test]
async fn a_site_is_named_in_any_of_its_ways_and_an_object_of_the_whole_site_may_say_so() {
    let world = access_world().await;
    let workspace = world.site.workspace_id.to_string();

    for (number, site) in
        [workspace.clone(), world.site.id.to_string(), "https://hallmark.test".into()].iter().enumerate()
    {
        let parent = json!({ "type": "workspace", "id": workspace });
        let told = json!({ "type": "schema", "id": format!("7{number}"), "label": "Ships", "parent": parent });
        let body = json!({ "site": site, "objects": [told] }).to_string();
        let answer = world.server.send_json(Method::Put, OBJECTS, "assets", &body).await;
        assert_eq!(answer.status.code, 204, "{}", answer.text);
        assert!(is_known(&world, &format!("schema:7{number}")).await);
    }
}

#[rocket::async_test]
async fn the_first_that_cannot_be_taken_is_named_and_those_before_it_were_taken() {
    let world = access_world().await;
    let ships = json!({ "type": "schema", "id": "6", "label": "Ships" });

    for (wrong, why) in [
        (json!({ "type": "planet", "id": "1", "label": "Mars" }), "there is no type of objects 'planet'"),
        (json!({ "type": "workspace", "id": "1", "label": "All" }), "is the whole site"),
        (json!({ "type": "object_type", "id": "1", "label": "Boats" }), "belongs to an object of the type 'schema'"),
        (
            json!({ "type": "schema", "id": "1", "label": "X", "parent": { "type": "schema", "id": "4" } }),
            "belongs to an object of the type 'workspace'",
        ),
        (
            json!({ "type": "object_type", "id": "1", "label": "X", "parent": { "type": "schema", "id": "77" } }),
            "belongs to something that is not known",
        ),
        (
            json!({ "type": "object_type", "id": "12", "label": "X", "parent": { "type": "schema", "id": "5" } }),
            "is part of something else",
        ),
    ] {
        let answer = tell(&world, json!([ships, wrong, { "type": "schema", "id": "9", "label": "After" }])).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{wrong}");
        let told = answer.text_of("error_description");
        assert!(told.starts_with("objects[1] was not taken, and the 1 before it were: "), "{told}");
        assert!(told.contains(why), "{told}");
        assert!(is_known(&world, "schema:6").await && !is_known(&world, "schema:9").await);
        assert_eq!(remove(&world, "assets", &format!("schema/6?site={}", world.site.id)).await.status.code, 204);
    }
}

#[rocket::async_test]
async fn what_cannot_be_read_is_refused_and_nothing_is_taken() {
    let world = access_world().await;
    let ships = json!({ "type": "schema", "id": "6", "label": "Ships" });

    for wrong in [
        json!({ "type": "schema", "id": "6 6", "label": "X" }),
        json!({ "type": "schema", "id": 6, "label": "X" }),
        json!({ "type": "schema", "id": "7" }),
        json!(["schema", "7", "Ships", null]),
        json!({ "type": "schema", "id": "7", "label": "" }),
        json!({ "type": "schema", "id": "7", "label": "two\nlines" }),
        json!({ "type": "schema", "id": "7", "label": "X", "owner": "me" }),
        json!({ "type": "schema", "id": "7", "label": "X", "parent": { "type": "", "id": "" } }),
    ] {
        let answer = tell(&world, json!([ships, wrong])).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{wrong}: {}", answer.text);
        assert!(!is_known(&world, "schema:6").await, "{wrong}");
    }
    let many: Vec<Value> =
        (0..1001).map(|id| json!({ "type": "schema", "id": format!("m{id}"), "label": "X" })).collect();
    assert_eq!(tell(&world, json!(many)).await.refusal(), (400, "invalid_request".into()));
    assert!(!is_known(&world, "schema:m0").await);
    assert_eq!(tell(&world, json!(many[..1000])).await.status.code, 204);
    assert!(is_known(&world, "schema:m999").await);
    let nowhere = json!({ "site": "https://nowhere.example", "objects": [ships] }).to_string();
    let answer = world.server.send_json(Method::Put, OBJECTS, "assets", &nowhere).await;
    assert!(answer.status.code == 400 && answer.text.contains("there is no such site"), "{}", answer.text);
    let answer = world.server.send_json(Method::Put, OBJECTS, "billing", &nowhere).await;
    assert!(answer.status.code == 400 && answer.text.contains("declares no types"), "{}", answer.text);
}

#[rocket::async_test]
async fn an_object_is_removed_with_what_is_beneath_it_and_the_roles_there() {
    let world = access_world().await;
    world.give("user", "object_type:12", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    assert!(world.allows(&token, "GET /object/{id}", "object:88").await);
    let path = format!("schema/4?site={}", world.site.id);

    assert_eq!(remove(&world, "billing", &path).await.status.code, 404);
    assert_eq!(remove(&world, "assets", &path).await.status.code, 204);
    assert_eq!(remove(&world, "assets", &path).await.status.code, 404);

    assert!(!is_known(&world, "object:88").await);
    world.tell("schema:4", None).await;
    world.tell("object_type:12", Some("schema:4")).await;
    world.tell("object:88", Some("object_type:12")).await;
    assert!(!world.allows(&token, "GET /object/{id}", "object:88").await);
    let facts = world.server.facts().await;
    assert!(
        facts
            .iter()
            .any(|event| matches!(event, Event::ObjectRemoved { object, by: None, .. } if object == "schema:4"))
    );
}

#[rocket::async_test]
async fn a_removal_that_says_too_little_is_refused() {
    let world = access_world().await;
    let site = world.site.id;

    for path in [
        "schema/4".into(),
        "schema/4?site=nowhere".into(),
        format!("Schema/4?site={site}"),
        format!("schema/%20?site={site}"),
    ] {
        assert_eq!(remove(&world, "assets", &path).await.refusal(), (400, "invalid_request".into()), "{path}");
    }
    assert!(is_known(&world, "schema:4").await);
}
