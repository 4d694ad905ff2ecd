//! What a call of the Assets-like example comes to, by whom, on what, and when.

use std::time::Duration;

use hallmark::domain::role_binding::RoleSubject;
use serde_json::{Value, json};

use crate::resource_server::assets_api::{AssetsApi, assets_api, assets_api_guarded};
use crate::support::access::{READ, WRITE};
use crate::support::scripts::payload;

const CREATE: &str = "/object/create";

fn new_object(object_type: u64) -> Value {
    json!({
        "objectTypeId": object_type.to_string(),
        "attributes": [{ "objectTypeAttributeId": "121", "objectAttributeValues": [{ "value": "web-3" }] }],
    })
}

async fn labels(api: &AssetsApi, query: &str, token: &str) -> Vec<String> {
    let found = api.send_with("POST", "/object/aql", token, &json!({ "qlQuery": query })).await;
    assert_eq!(found.status.code, 200, "{}", found.text);
    let values = found.json()["values"].as_array().cloned().unwrap_or_default();
    values.iter().map(|value| value["label"].as_str().unwrap_or_default().to_owned()).collect()
}

#[rocket::async_test]
async fn each_form_of_credential_is_taken() {
    let api = assets_api().await;
    let person = &api.world.person;
    api.world.give("user", "schema:4", RoleSubject::User(person.id)).await;
    let path = api.at("/object/88");

    let token = api.world.token(person, READ).await;
    let script = api.world.server.api_token(person, READ).await;
    let app = api.world.connect_app("READ").await;
    api.world.give("user", "schema:4", app.account()).await;
    let shown = [
        format!("Bearer {token}"),
        format!("Bearer {script}"),
        format!("Basic {}", payload(person.email.as_str(), &script)),
        format!("JWT {}", app.jwt("GET", &path)),
    ];
    for shown in shown {
        let answer = api.send("GET", &path, Some(&shown), &Value::Null).await;
        assert_eq!((answer.status.code, answer.text_of("label").as_str()), (200, "web-2"), "{shown} {}", answer.text);
    }

    let container = api.world.server.container_token(&api.world.source).await;
    let status = format!("/importsource/{}/configstatus", api.world.source.id);
    assert_eq!(api.get(&status, &container).await.json(), json!({ "status": "MISSING_MAPPING" }));
    let refused = api.get("/object/88", &container).await;
    assert_eq!((refused.status.code, &refused.json()["layer"]), (403, &json!(2)));
}

#[rocket::async_test]
async fn what_the_body_names_is_refused_by_the_same_challenge() {
    let api = assets_api().await;
    let person = &api.world.person;
    let token = api.world.token(person, WRITE).await;

    let refused = api.send_with("POST", CREATE, &token, &new_object(12)).await;
    let challenge = refused.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"));
    let (_, challenge) = challenge.expect("a challenge");
    assert_eq!((refused.status.code, &refused.json()["layer"]), (403, &json!(3)));
    assert_eq!(refused.text_of("required"), "developer");
    assert!(challenge.starts_with("Bearer realm=\"Assets\", error=\"access_denied\""), "{challenge}");

    api.world.give("developer", "object_type:12", RoleSubject::User(person.id)).await;
    assert_eq!(api.send_with("POST", CREATE, &token, &new_object(12)).await.status.code, 200);
    assert_eq!(api.send_with("POST", CREATE, &token, &new_object(13)).await.status.code, 403, "another type");
    let missing = api.send_with("POST", CREATE, &token, &new_object(99)).await;
    assert_eq!(missing.status.code, 403, "whether there is such a type is not told");
}

#[rocket::async_test]
async fn a_role_counts_at_the_next_request_when_it_is_given_and_when_it_is_taken() {
    let api = assets_api().await;
    let person = RoleSubject::User(api.world.person.id);
    let token = api.world.token(&api.world.person, READ).await;
    assert_eq!(api.get("/object/88", &token).await.status.code, 403);
    api.world.give("user", "schema:4", person).await;
    assert_eq!(api.get("/object/88", &token).await.status.code, 200);
    api.world.take("user", "schema:4", person).await;
    assert_eq!(api.get("/object/88", &token).await.status.code, 403);
}

#[rocket::async_test]
async fn an_api_that_keeps_facts_feels_what_is_taken_later_and_what_is_given_at_once() {
    let api = assets_api_guarded(|guard| guard.with_facts_for(Duration::from_secs(3600))).await;
    let person = RoleSubject::User(api.world.person.id);
    let both = format!("{READ} {WRITE}");
    let token = api.world.token(&api.world.person, &both).await;
    assert_eq!(api.get("/object/88", &token).await.status.code, 403);
    api.world.give("user", "schema:4", person).await;
    assert_eq!(api.get("/object/88", &token).await.status.code, 200, "a no by facts is asked about");

    let other = api.world.token(&api.world.person, &both).await;
    assert_eq!(api.get("/object/88", &other).await.status.code, 200);
    api.world.take("user", "schema:4", person).await;
    assert_eq!(api.get("/object/88", &other).await.status.code, 200, "the facts are an hour good");
    let refused = api.send_with("PUT", "/object/88", &other, &new_object(12)).await;
    assert_eq!((refused.status.code, refused.text_of("required").as_str()), (403, "developer"), "another decision");
    let narrow = api.world.token(&api.world.person, READ).await;
    assert_eq!(api.get("/object/88", &narrow).await.status.code, 403, "another credential");
}

#[rocket::async_test]
async fn a_list_leaves_out_what_the_caller_holds_no_role_on() {
    let api = assets_api().await;
    let person = RoleSubject::User(api.world.person.id);
    let token = api.world.token(&api.world.person, &format!("{READ} read:cmdb-schema:jira")).await;
    api.world.give("user", "object_type:12", person).await;
    assert_eq!(labels(&api, "objectSchema = Machines", &token).await, ["web-1", "web-2"]);
    assert_eq!(labels(&api, "objectType = \"Server\" AND Name = web-1", &token).await, ["web-1"]);
    assert!(labels(&api, "objectType = Service", &token).await.is_empty());
    assert_eq!(api.get("/objectschema/list", &token).await.json()["total"], 0);

    api.world.give("user", "schema:4", person).await;
    assert_eq!(labels(&api, "objectSchema = Machines", &token).await, ["web-1", "web-2", "mail-relay"]);
    let listed = api.get("/objectschema/list", &token).await.json();
    assert_eq!((&listed["total"], &listed["values"][0]["canManage"]), (&json!(1), &json!(false)));

    let faulty = api.send_with("POST", "/object/aql", &token, &json!({ "qlQuery": "Name like web" })).await;
    assert_eq!((faulty.status.code, &faulty.json()["errors"]), (400, &json!({})), "{}", faulty.text);
}

#[rocket::async_test]
async fn roles_can_be_given_on_a_schema_once_it_is_answered_and_go_with_it() {
    let api = assets_api().await;
    let person = RoleSubject::User(api.world.person.id);
    let admin = api.world.site_admin("admin@example.com").await;
    let scopes = "read:cmdb-schema:jira write:cmdb-schema:jira delete:cmdb-schema:jira";
    let (admin, token) = (api.world.token(&admin, scopes).await, api.world.token(&api.world.person, scopes).await);

    let written = json!({ "name": "Phones", "objectSchemaKey": "PHONE" });
    let made = api.send_with("POST", "/objectschema/create", &admin, &written).await;
    let id = made.text_of("id");
    let (path, object) = (format!("/objectschema/{id}"), format!("schema:{id}"));
    api.world.give("manager", &object, person).await;
    assert_eq!(api.get(&path, &token).await.text_of("name"), "Phones");
    let listed = api.get("/objectschema/list", &token).await.json();
    assert_eq!((&listed["total"], &listed["values"][0]["canManage"]), (&json!(1), &json!(true)));
    assert_eq!(api.send_with("DELETE", &path, &token, &Value::Null).await.status.code, 403);

    assert_eq!(api.send_with("DELETE", &path, &admin, &Value::Null).await.status.code, 200);
    assert_eq!(api.get(&path, &admin).await.status.code, 404);
    assert_eq!(api.get(&path, &token).await.status.code, 403, "the role went with the schema");
}

#[rocket::async_test]
async fn a_path_that_names_another_site_or_is_written_in_another_way_opens_nothing() {
    let api = assets_api().await;
    let admin = api.world.site_admin("admin@example.com").await;
    let token = format!("Bearer {}", api.world.token(&admin, READ).await);
    let (cloud, workspace) = (api.world.site.id.to_string(), api.world.site.workspace_id.to_string());
    let other = api.world.server.site("Globex").await;
    let of = |cloud: &str, workspace: &str| format!("/ex/jira/{cloud}/jsm/assets/workspace/{workspace}/v1/object/88");
    let status = async |path: String| api.send("GET", &path, Some(&token), &Value::Null).await.status.code;

    assert_eq!(status(of(&cloud, &workspace)).await, 200);
    assert_eq!(status(of(&other.id.to_string(), &workspace)).await, 403);
    assert_eq!(status(of(&cloud, &other.workspace_id.to_string())).await, 401, "the token is good on one site");
    assert_eq!(status(of(&cloud.to_uppercase(), &workspace)).await, 403);
    for path in ["/object/8%38", "/object/88/", "//object/88", "/obj%65ct/88", "/object/88/../88"] {
        assert_eq!(status(api.at(path)).await, 404, "{path}");
    }
    assert_eq!(status("/v1/object/88".into()).await, 404, "no workspace");
    let head = api.send("HEAD", &api.at("/object/88"), Some(&token), &Value::Null).await;
    assert_eq!(head.status.code, 200);
}

#[rocket::async_test]
async fn an_api_that_knows_where_it_is_tells_of_itself() {
    let url = "https://api.example/assets".parse().expect("a URL");
    let api = assets_api_guarded(|guard| guard.at(url)).await;
    let told = api.send("GET", "/.well-known/oauth-protected-resource/assets", None, &Value::Null).await.json();
    assert_eq!(told["resource"], "https://api.example/assets");
    assert_eq!(told["authorization_servers"], json!([api.world.server.core.config.issuer.url.to_string()]));
    assert_eq!((&told["bearer_methods_supported"], &told["resource_name"]), (&json!(["header"]), &json!("Assets")));
    assert!(told["scopes_supported"].as_array().expect("scopes").contains(&json!(READ)));

    let refused = api.send("GET", &api.at("/object/88"), None, &Value::Null).await;
    let named = "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/assets\"";
    assert!(refused.headers.iter().any(|(_, value)| value.ends_with(named)), "{:?}", refused.headers);
}
