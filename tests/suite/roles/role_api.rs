//! The role API, in the form that scripts of Assets on premises read.

use hallmark::access::groups;
use hallmark::domain::event::Actor;
use hallmark::domain::role_binding::RoleSubject;
use hallmark::domain::user::User;
use rocket::http::{Header, Method};
use serde_json::{Value, json};

use crate::support::access::{AccessWorld, access_world};
use crate::support::client::Answer;
use crate::support::people::PASSWORD;
use crate::support::scripts::basic_header;

const BOTH: &str = "read:cmdb-schema:jira write:cmdb-schema:jira";

fn path(world: &AccessWorld, rest: &str) -> String {
    format!("/jsm/assets/workspace/{}/v1/config/role/{rest}", world.site.workspace_id)
}

fn bearer(token: &str) -> Header<'static> {
    Header::new("Authorization", format!("Bearer {token}"))
}

async fn ask(world: &AccessWorld, method: Method, rest: &str, token: &str, body: &Value) -> Answer {
    let headers = [bearer(token), Header::new("Content-Type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    world.server.send(method, &path(world, rest), headers, &body).await
}

/// The API token of a manager of the schema 4.
async fn manager(world: &AccessWorld) -> (User, String) {
    let user = world.member("manager@example.com", "manager", "schema:4").await;
    let token = world.server.api_token(&user, BOTH).await;
    (user, token)
}

#[rocket::async_test]
async fn the_roles_of_an_object_are_told_by_what_they_are_called() {
    let world = access_world().await;
    let (_, token) = manager(&world).await;
    let url = |role: &str| format!("https://hallmark.test{}", path(&world, role));

    let schema = ask(&world, Method::Get, "objectschema/4", &token, &Value::Null).await;
    assert_eq!(
        schema.json(),
        json!({
            "Object Schema Managers": url("schema:4:manager"),
            "Object Schema Developers": url("schema:4:developer"),
            "Object Schema Users": url("schema:4:user"),
            "Object Schema Viewers": url("schema:4:viewer"),
        })
    );
    let kind = ask(&world, Method::Get, "objecttype/12", &token, &Value::Null).await;
    assert_eq!(
        kind.json(),
        json!({
            "Object Type Managers": url("object_type:12:manager"),
            "Object Type Developers": url("object_type:12:developer"),
            "Object Type Users": url("object_type:12:user"),
        })
    );
}

#[rocket::async_test]
async fn a_role_is_told_replaced_added_to_and_taken() {
    let world = access_world().await;
    let (user, token) = manager(&world).await;
    let core = &world.server.core;
    let team = groups::add(core, world.site.id, "Team".parse().expect("a label"), Actor::Operator).await;
    let team = team.expect("a group");
    let app = world.connect_app("READ").await;
    let (person, app) = (world.person.id.to_string(), app.installation.id.to_string());

    let before = ask(&world, Method::Get, "schema:4:manager", &token, &Value::Null).await.json();
    assert_eq!(
        before,
        json!({
            "id": "schema:4:manager",
            "name": "Object Schema Managers",
            "description": "Sets up object types, attributes and imports, too.",
            "actors": [{
                "type": "atlassian-user-role-actor",
                "name": user.id.to_string(),
                "displayName": "manager@example.com",
            }],
        })
    );

    let all = json!({ "categorisedActors": {
        "atlassian-user-role-actor": [person],
        "atlassian-group-role-actor": ["team"],
        "hallmark-app-role-actor": [app],
    } });
    for _ in 0..2 {
        let replaced = ask(&world, Method::Put, "schema:4:user", &token, &all).await;
        assert_eq!(replaced.status.code, 200, "{}", replaced.text);
        assert_eq!(
            replaced.json()["actors"],
            json!([
                { "type": "atlassian-user-role-actor", "name": person, "displayName": "A. Person" },
                { "type": "atlassian-group-role-actor", "name": "Team", "displayName": "Team" },
                { "type": "hallmark-app-role-actor", "name": app, "displayName": "Helper" },
            ])
        );
    }
    let one = json!({ "categorisedActors": { "atlassian-group-role-actor": ["Team"] } });
    let fewer = ask(&world, Method::Put, "schema:4:user", &token, &one).await.json();
    assert_eq!(fewer["actors"].as_array().map(Vec::len), Some(1), "{fewer}");
    let more = ask(&world, Method::Post, "schema:4:user", &token, &json!({ "user": [person], "app": [app] })).await;
    assert_eq!(more.json()["actors"].as_array().map(Vec::len), Some(3), "{}", more.text);

    for rest in [format!("user={person}"), format!("user={person}"), "group=Team".into(), format!("app={app}")] {
        let taken = ask(&world, Method::Delete, &format!("schema:4:user?{rest}"), &token, &Value::Null).await;
        assert_eq!(taken.status.code, 200, "{}", taken.text);
    }
    assert_eq!(ask(&world, Method::Get, "schema:4:user", &token, &Value::Null).await.json()["actors"], json!([]));
    assert!(core.store.roles_of(&world.realm(), RoleSubject::Group(team.id)).await.expect("a store").is_empty());
}

#[rocket::async_test]
async fn each_layer_refuses_by_its_name() {
    let world = access_world().await;
    let (user, token) = manager(&world).await;
    let reads = world.server.api_token(&user, "read:cmdb-schema:jira").await;
    let developer = world.member("developer@example.com", "developer", "schema:4").await;
    let of_developer = world.server.api_token(&developer, BOTH).await;
    let nobody = json!({ "user": [] });
    let refusal = |answer: Answer| {
        let told = answer.json();
        (answer.status.code, told["layer"].as_u64().unwrap_or_default(), answer.text_of("error"))
    };
    let refused = |status: u16, layer: u64, error: &str| (status, layer, error.to_owned());

    let none = world.server.send(Method::Get, &path(&world, "schema:4:user"), [], "").await;
    assert!(none.header("WWW-Authenticate").is_some());
    assert_eq!(refusal(none), refused(401, 1, "missing_token"));
    let wrong = ask(&world, Method::Get, "schema:4:user", "nonsense", &Value::Null).await;
    assert_eq!(refusal(wrong), refused(401, 1, "invalid_token"));
    let lacking = ask(&world, Method::Post, "schema:4:user", &reads, &nobody).await;
    assert!(lacking.header("WWW-Authenticate").is_some_and(|told| told.contains("scope=\"write:cmdb-schema:jira\"")));
    assert_eq!(refusal(lacking), refused(403, 2, "insufficient_scope"));
    assert_eq!(ask(&world, Method::Get, "schema:4:user", &reads, &Value::Null).await.status.code, 200);
    for (method, rest) in
        [(Method::Get, "schema:4:user"), (Method::Post, "schema:4:user"), (Method::Get, "objectschema/4")]
    {
        let denied = ask(&world, method, rest, &of_developer, &nobody).await;
        assert_eq!(denied.json()["required"], "manager", "{}", denied.text);
        assert!(!denied.text_of("trace").is_empty());
        assert_eq!(refusal(denied), refused(403, 3, "forbidden"), "{rest}");
    }
    // A manager of one schema is nobody on another, and nobody but an admin says who is an admin.
    for rest in ["schema:5:user", "object_type:20:user", &format!("{}:admin", world.whole()), "schema:999:user", "x"] {
        assert_eq!(
            refusal(ask(&world, Method::Post, rest, &token, &nobody).await),
            refused(403, 3, "forbidden"),
            "{rest}"
        );
    }
    let source = world.server.container_token(&world.source).await;
    let of_source = ask(&world, Method::Get, "schema:4:user", &source, &Value::Null).await;
    assert_eq!(refusal(of_source), refused(403, 2, "insufficient_scope"));
}

#[rocket::async_test]
async fn every_kind_of_credential_is_judged_alike() {
    let world = access_world().await;
    let user = world.member("manager@example.com", "manager", "schema:4").await;
    let api_token = world.server.api_token(&user, BOTH).await;
    let basic = [basic_header("manager@example.com", &api_token)];
    assert_eq!(world.server.send(Method::Get, &path(&world, "schema:4:user"), basic, "").await.status.code, 200);
    let access = world.token(&user, BOTH).await;
    assert_eq!(ask(&world, Method::Post, "schema:4:user", &access, &json!({})).await.status.code, 200);

    let app = world.connect_app("ADMIN").await;
    let role = path(&world, "schema:4:user");
    let signed = async || {
        let jwt = Header::new("Authorization", format!("JWT {}", app.jwt("POST", &role.replace(':', "%3A"))));
        let json = Header::new("Content-Type", "application/json");
        let body = json!({ "user": [world.person.id.to_string()] }).to_string();
        world.server.send(Method::Post, &role, [jwt, json], &body).await
    };
    assert_eq!(signed().await.status.code, 403, "an app account holds nothing until it is given");
    world.give("manager", "schema:4", app.account()).await;
    let given = signed().await;
    assert_eq!(given.status.code, 200, "{}", given.text);
    let told = world.server.core.store.roles_on(&world.realm(), &"schema:4".parse().expect("an object")).await;
    let by_app = |binding: &hallmark::domain::role_binding::RoleBinding| binding.by == Actor::App(app.installation.id);
    assert!(told.expect("a store").iter().any(by_app));
}

#[rocket::async_test]
async fn an_admin_of_the_site_says_who_is_an_admin() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let token = world.server.api_token(&admin, BOTH).await;
    let role = format!("{}:admin", world.whole());

    let body = json!({ "user": [world.person.id.to_string()] });
    assert_eq!(ask(&world, Method::Post, &role, &token, &body).await.status.code, 200);

    let api_token = world.server.api_token(&world.person, BOTH).await;
    assert_eq!(ask(&world, Method::Get, &role, &api_token, &Value::Null).await.status.code, 200);
    let kept = ask(&world, Method::Get, &format!("workspace/{}", world.site.workspace_id), &token, &Value::Null).await;
    assert!(kept.json()["Workspace Admins"].is_string(), "{}", kept.text);
    for rest in ["schema:999:user", "folder:4:user", "x", "objectschema/999", "folder/4"] {
        assert_eq!(ask(&world, Method::Get, rest, &token, &Value::Null).await.status.code, 404, "{rest}");
    }
}

#[rocket::async_test]
async fn who_is_nobody_here_is_given_nothing_and_nothing_else_changes() {
    let world = access_world().await;
    let (_, token) = manager(&world).await;
    let stranger = world.server.user("stranger@example.com", PASSWORD).await;
    world.server.leave(&stranger, world.site.id).await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let stranger = stranger.id.to_string();

    for body in [
        json!({ "categorisedActors": { "atlassian-user-role-actor": [stranger] } }),
        json!({ "categorisedActors": { "atlassian-user-role-actor": ["x"] } }),
        json!({ "categorisedActors": { "atlassian-group-role-actor": ["Nobody"] } }),
        json!({ "categorisedActors": { "hallmark-app-role-actor": ["00000000-0000-4000-8000-000000000000"] } }),
        json!({ "categorisedActors": { "user": [stranger] } }),
        json!({ "categorisedactors": {} }),
        json!({}),
        json!([]),
        Value::Null,
    ] {
        let answer = ask(&world, Method::Put, "schema:4:user", &token, &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".into()), "{body}: {}", answer.text);
        assert!(answer.json()["errorMessages"][0].is_string());
    }
    assert_eq!(ask(&world, Method::Delete, "schema:4:user", &token, &Value::Null).await.status.code, 400);
    let kept = ask(&world, Method::Get, "schema:4:user", &token, &Value::Null).await.json();
    assert_eq!(kept["actors"].as_array().map(Vec::len), Some(1), "{kept}");
}

#[rocket::async_test]
async fn the_roles_of_another_workspace_are_not_there() {
    let world = access_world().await;
    let admin = world.site_admin("admin@example.com").await;
    let token = world.server.api_token(&admin, BOTH).await;
    let other = world.server.site("other").await;

    for (workspace, status) in [(other.workspace_id.to_string(), 401), ("nonsense".to_owned(), 404)] {
        for (method, rest) in [
            (Method::Get, "objectschema/4"),
            (Method::Get, "schema:4:user"),
            (Method::Put, "schema:4:user"),
            (Method::Post, "schema:4:user"),
            (Method::Delete, "schema:4:user?group=x"),
        ] {
            let headers = [bearer(&token), Header::new("Content-Type", "application/json")];
            let path = format!("/jsm/assets/workspace/{workspace}/v1/config/role/{rest}");
            let answer = world.server.send(method, &path, headers, "{}").await;
            assert_eq!(answer.status.code, status, "{method} {path}: {}", answer.text);
        }
    }
}

#[rocket::async_test]
async fn a_manager_of_the_schema_makes_the_token_of_its_import_source() {
    let world = access_world().await;
    const IMPORT: &str = crate::support::scripts::IMPORT;
    let manager = world.member("manager@example.com", "manager", "schema:4").await;
    let developer = world.member("developer@example.com", "developer", "schema:4").await;
    let elsewhere = world.member("elsewhere@example.com", "manager", "schema:5").await;
    let make = world.server.token_path(&world.source);
    let ask = async |user: &User| {
        let token = world.server.api_token(user, IMPORT).await;
        world.server.post(&make, Some(bearer(&token)), "").await
    };

    assert!(ask(&manager).await.text_of("token").starts_with("hmt_"));
    for user in [&developer, &elsewhere] {
        let refused = ask(user).await;
        assert_eq!((refused.refusal(), &refused.json()["layer"]), ((403, "forbidden".into()), &3.into()));
        assert_eq!(refused.json()["required"], "manager");
    }
    let untold = world.server.import_source("Untold").await;
    let token = world.server.api_token(&manager, IMPORT).await;
    assert_eq!(world.server.post(&world.server.token_path(&untold), Some(bearer(&token)), "").await.status.code, 403);

    let app = world.connect_app("WRITE").await;
    let jwt = || Header::new("Authorization", format!("JWT {}", app.jwt("POST", &make)));
    assert_eq!(world.server.post(&make, Some(jwt()), "").await.status.code, 403);
    world.give("manager", "schema:4", app.account()).await;
    assert_eq!(world.server.post(&make, Some(jwt()), "").await.status.code, 200);
}
