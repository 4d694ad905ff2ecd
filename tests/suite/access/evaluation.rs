//! One evaluation: yes, or which layer said no and what would have been enough.

use hallmark::domain::event::Event;
use hallmark::domain::role_binding::RoleSubject;
use hallmark::domain::time::Lifetime;
use rocket::http::Method;
use serde_json::{Value, json};

use crate::support::access::{EVALUATION, READ, WRITE, access_world, question};
use crate::support::scripts::payload;

#[rocket::async_test]
async fn a_yes_is_told_and_nothing_beside_it() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;

    let answer = world.evaluate(&question(&token, "GET /object/{id}", "object:88")).await;

    assert_eq!((answer.status.code, answer.text.as_str()), (200, r#"{"decision":true}"#));
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
}

#[rocket::async_test]
async fn a_yes_to_a_list_says_that_it_must_be_filtered_and_may_carry_what_introspection_tells() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    let mut asked = question(&token, "POST /object/aql", &world.whole());
    assert_eq!(world.decision(&asked).await, json!({ "decision": true, "context": { "filter": true } }));

    asked["context"]["introspection"] = json!(true);
    let told = world.decision(&asked).await;

    assert_eq!(told["context"]["introspection"]["active"], true);
    assert_eq!(told["context"]["introspection"]["sub"], format!("user:{}", world.person.id));
}

/// Everything of a no but its name in the audit trail, which is checked to be there.
async fn no(world: &crate::support::access::AccessWorld, asked: &Value) -> Value {
    let mut answer = world.decision(asked).await;
    assert_eq!(answer["decision"], false, "{answer}");
    let context = answer["context"].as_object_mut().expect("a context");
    let name = context.remove("trace").expect("a trace");
    let layer = context["layer"].as_u64().expect("a layer");
    let facts = world.server.facts().await;
    let is_it = |event: &Event| matches!(event, Event::AccessRefused { trace, layer: of, .. } if name == trace.as_str() && u64::from(*of) == layer);
    assert!(facts.iter().any(is_it), "{name} is not among {facts:?}");
    Value::Object(std::mem::take(context))
}

#[rocket::async_test]
async fn a_no_names_its_layer_and_what_would_have_been_enough() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let (reads, writes) = (world.token(&world.person, READ).await, world.token(&world.person, WRITE).await);

    let first = no(&world, &question("hma_unknown", "PUT /object/{id}", "object:88")).await;
    let second = no(&world, &question(&reads, "PUT /object/{id}", "object:88")).await;
    let third = no(&world, &question(&writes, "PUT /object/{id}", "object:88")).await;

    let reason = "the credential is unknown, expired, withdrawn, or not for this API and site";
    assert_eq!(first, json!({ "layer": 1, "error": "invalid_token", "http_status": 401, "reason": reason }));
    let reason = "PUT /object/{id} takes write:cmdb-object:jira, which the credential does not have";
    let expected = json!({
        "layer": 2, "error": "insufficient_scope", "required": WRITE, "http_status": 403, "reason": reason,
    });
    assert_eq!(second, expected);
    let reason = "PUT /object/{id} takes the role developer or a greater one on object:88";
    let expected = json!({
        "layer": 3, "error": "access_denied", "required": "developer", "http_status": 403, "reason": reason,
    });
    assert_eq!(third, expected);
}

#[rocket::async_test]
async fn an_operation_without_a_scope_is_open_to_no_token_and_no_scope_would_do() {
    let world = access_world().await;
    let token = world.token(&world.site_admin("admin@example.com").await, READ).await;

    let told = no(&world, &question(&token, "GET /aql/objects", &world.whole())).await;

    let reason = "GET /aql/objects is not open to credentials of this kind";
    let expected = json!({ "layer": 2, "error": "insufficient_scope", "http_status": 403, "reason": reason });
    assert_eq!(told, expected);
}

#[rocket::async_test]
async fn whatever_is_not_live_here_is_told_alike_to_the_byte() {
    let world = access_world().await;
    world.give("admin", &world.whole(), RoleSubject::User(world.person.id)).await;
    let expired = world.token(&world.person, READ).await;
    world.server.core.clock.advance(Lifetime::hours(1));
    let elsewhere = world.token(&world.person, "read:bills").await;
    let good = world.token(&world.person, READ).await;
    assert!(world.allows(&good, "GET /object/{id}", "object:88").await);
    let other = world.server.site("other").await;

    let mut answers = Vec::new();
    for (token, site) in [
        ("hma_unknown", None),
        ("nonsense", None),
        (&expired, None),
        (&elsewhere, None),
        (&good, Some(other.id.to_string())),
        (&good, Some("https://nowhere.example".to_owned())),
    ] {
        let mut asked = question(token, "GET /object/{id}", "object:88");
        asked["context"]["site"] = json!(site);
        let answer = world.evaluate(&asked).await;
        let trace = answer.json()["context"]["trace"].as_str().expect("a trace").to_owned();
        assert_eq!(trace.len(), 22);
        answers.push((answer.status, answer.text.replace(&trace, "")));
    }

    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[rocket::async_test]
async fn a_role_on_objects_that_nobody_told_of_is_not_told_from_one_on_objects_that_somebody_did() {
    let world = access_world().await;
    let token = world.token(&world.person, READ).await;

    let known = no(&world, &question(&token, "GET /object/{id}", "object:88")).await;
    let unknown = no(&world, &question(&token, "GET /object/{id}", "object:99")).await;

    assert_eq!(known.to_string().replace("88", "99"), unknown.to_string());
}

#[rocket::async_test]
async fn what_an_object_belongs_to_may_come_with_the_question() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    let mut asked = question(&token, "GET /object/{id}", "object:1000");
    assert_eq!(world.decision(&asked).await["decision"], false);

    for (properties, expected) in [
        (json!({ "object_type": "12" }), true),
        (json!({ "object_type": 12 }), true),
        (json!({ "object_type": "1200", "schema": "4" }), true),
        // A role on the object type would count in place of that on the schema, and nobody knows which object type it is.
        (json!({ "schema": "4" }), false),
        (json!({ "object_type": "20", "schema": "4" }), false),
        (json!({ "schema": "5" }), false),
        (json!({ "schema": [4], "colour": "red" }), false),
    ] {
        asked["resource"]["properties"] = properties.clone();
        assert_eq!(world.decision(&asked).await["decision"], expected, "{properties}");
    }
    // What was told of stands, whatever a question says.
    let mut asked = question(&token, "GET /object/{id}", "object:200");
    asked["resource"]["properties"] = json!({ "object_type": "12", "schema": "4" });
    assert_eq!(world.decision(&asked).await["decision"], false);
}

#[rocket::async_test]
async fn every_kind_of_credential_is_taken() {
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let app = world.connect_app("READ").await;
    world.give("user", "schema:4", app.account()).await;
    let script = world.server.api_token(&world.person, READ).await;
    let container = world.server.container_token(&world.source).await;

    let mut signed = question(&app.jwt("GET", "/object/88"), "GET /object/{id}", "object:88");
    signed["context"]["request_method"] = json!("GET");
    signed["context"]["request_target"] = json!("/object/88");
    signed["context"]["site"] = json!(world.site.id.to_string());
    let mut basic = question(&payload("person@example.com", &script), "GET /object/{id}", "object:88");
    basic["context"]["token_type_hint"] = json!("basic");
    let source = format!("import_source:{}", world.source.id);
    for asked in [
        signed.clone(),
        basic,
        question(&script, "GET /object/{id}", "object:88"),
        question(&container, "GET /importsource/{id}", &source),
    ] {
        assert_eq!(world.decision(&asked).await["decision"], true, "{asked}");
    }

    signed["context"]["request_target"] = json!("/object/89");
    assert_eq!(no(&world, &signed).await["layer"], 1);
    assert_eq!(no(&world, &question(&container, "GET /importsource/{id}", "import_source:another")).await["layer"], 2);
    assert_eq!(no(&world, &question(&container, "GET /object/{id}", "object:88")).await["layer"], 2);
}

#[rocket::async_test]
async fn the_developer_of_an_app_is_told_why_what_it_signed_is_nobodys() {
    let world = access_world().await;
    let app = world.connect_app("READ").await;
    let mut signed = question(&app.jwt("GET", "/object/88"), "GET /object/{id}", "object:88");
    signed["context"]["site"] = json!(world.site.id.to_string());
    signed["context"]["request_method"] = json!("GET");
    signed["context"]["request_target"] = json!("/object/89");

    let told = world.decision(&signed).await;

    let client = world.server.core.store.clients().await.expect("a store");
    let client = client.iter().find(|client| client.deployment.is_some()).expect("the app");
    let remembered = world.server.core.telemetry.last_refusals.of(&client.id);
    let [refusal] = remembered.as_slice() else { panic!("{remembered:?}") };
    assert_eq!(
        (refusal.endpoint, refusal.request_id.as_str()),
        (EVALUATION, told["context"]["trace"].as_str().expect("a trace"))
    );
    assert!(refusal.description.contains("qsh"), "{}", refusal.description);
    assert_eq!(
        told["context"]["reason"],
        "the credential is unknown, expired, withdrawn, or not for this API and site"
    );
}

#[rocket::async_test]
async fn what_asks_nothing_that_can_be_decided_is_refused_and_says_why() {
    let world = access_world().await;
    let good = question("hma_unknown", "GET /object/{id}", "object:88");
    let changed = |path: &str, value: Value| {
        let mut asked = good.clone();
        *asked.pointer_mut(path).expect("a place") = value;
        asked.to_string()
    };
    let added = |path: &str, name: &str, value: Value| {
        let mut asked = good.clone();
        asked.pointer_mut(path).expect("a place")[name] = value;
        asked.to_string()
    };
    let without = |name: &str| {
        let mut asked = good.clone();
        asked.as_object_mut().expect("an object").remove(name);
        asked.to_string()
    };

    for (body, says) in [
        (String::new(), "EOF"),
        ("nonsense".into(), "expected"),
        ("[]".into(), "expected an object"),
        ("{}".into(), "missing"),
        (format!("{good}{good}"), "trailing"),
        (good.to_string().replacen('{', r#"{"subject":{"type":"token","id":"self"},"#, 1), "more than once"),
        (good.to_string().replace(r#""token":"hma"#, r#""token":"x","token":"hma"#), "more than once"),
        (added("/resource", "properties", json!({ "a": 1 })).replace(r#""a":1"#, r#""a":1,"a":2"#), "more than once"),
        (without("subject"), "'subject' is missing"),
        (without("action"), "'action' is missing"),
        (without("resource"), "'resource' is missing"),
        (without("context"), "context.token is missing"),
        (changed("/subject", json!(["token", "self"])), "expected an object"),
        (changed("/subject/type", json!(7)), "invalid type"),
        (changed("/subject/type", json!("robot")), "context.token is the subject"),
        (changed("/action/name", json!("GET /nothing")), "there is no operation"),
        (changed("/resource/type", json!("schema")), "is done to a resource of the type 'object'"),
        (changed("/resource/type", json!("planet")), "is done to a resource of the type 'object'"),
        (changed("/resource/id", json!(88)), "invalid type"),
        (changed("/resource/id", json!("8 8")), "visible ASCII"),
        (changed("/resource/id", json!("")), "visible ASCII"),
        (added("/context", "client_ip", json!("somewhere")), "invalid IP address"),
        (added("/context", "introspection", json!("yes")), "invalid type"),
        (format!("{}1{}", "[".repeat(1000), "]".repeat(1000)), "recursion limit"),
    ] {
        let answer = world.server.send_json(Method::Post, EVALUATION, "assets", &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{body}: {}", answer.text);
        assert!(answer.text_of("error_description").contains(says), "{body}: {}", answer.text);
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    }
}

#[rocket::async_test]
async fn a_body_that_does_not_say_it_is_json_or_is_too_long_is_refused() {
    let world = access_world().await;
    let good = question("hma_unknown", "GET /object/{id}", "object:88").to_string();
    let credentials = crate::support::client::basic("assets", "assets-secret-of-many-characters");

    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let answer = world.server.post_as(EVALUATION, content_type, Some(credentials.clone()), &good).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{content_type}");
    }
    let long = format!("{good}{}", " ".repeat(33 * 1024));
    let answer = world.server.send_json(Method::Post, EVALUATION, "assets", &long).await;
    assert_eq!(answer.refusal(), (413, "invalid_request".into()));
    assert!(answer.text.contains("32 KiB"));
}
