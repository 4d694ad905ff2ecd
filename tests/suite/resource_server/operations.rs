//! Every operation of the Assets-like example, at each layer.

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::AccessModel;
use hallmark::domain::operation::Operation;
use serde_json::{Value, json};

use crate::resource_server::assets_api::{AssetsApi, assets_api};
use crate::support::access::{READ, WRITE};
use crate::support::client::Answer;

/// A query in canonical form that finds servers, under both of its names.
const QUERY: &str = "iql=objectType%20%3D%20Server&qlQuery=objectType%20%3D%20Server";

/// The operations that are requests; those that remove come last, the schema after whatever is in it.
fn operations() -> Vec<Operation> {
    let mut operations = AccessModel::read(ASSETS).expect("a model").operations;
    operations.retain(|operation| operation.request.is_some());
    assert_eq!(operations.len(), 66);
    let place = |operation: &Operation| match operation.name.as_str() {
        "DELETE /objectschema/{id}" => 3,
        "DELETE /objecttype/{id}" => 2,
        name if name.starts_with("DELETE") => 1,
        _ => 0,
    };
    operations.sort_by_key(place);
    operations
}

/// A request that asks for an operation: its method, and its path in the workspace.
fn request(api: &AssetsApi, operation: &Operation) -> (String, String) {
    let model = AccessModel::read(ASSETS).expect("a model");
    let (method, path) = operation.name.split_once(' ').expect("a method and a path");
    let source = api.world.source.id.to_string();
    let own = match model.objects[operation.on].name.as_str() {
        "object" => "88",
        "object_type" => "12",
        "schema" => "4",
        "import_source" => &source,
        _ => "1",
    };
    let path = match operation.name.as_str() {
        "DELETE /objecttypeattribute/{id}" => path.replace("{id}", "122"),
        _ => path.replace("{objectTypeId}/{id}", "12/121"),
    };
    let path = path.replace("{importSourceId}", &source).replace("{objectTypeId}", "12").replace("{objectId}", "88");
    let path = path.replace("{id}", own);
    let rest = ["{resourceId}", "{executionId}", "{importExecutionId}", "{importScheduleId}"];
    let path = rest.iter().fold(path, |path, name| path.replace(name, "1"));
    assert!(!path.contains('{'), "{path}");
    (method.to_owned(), path)
}

/// What each operation reads its own part of.
fn body() -> Value {
    json!({
        "qlQuery": "objectType = Server", "name": "Machines", "objectSchemaKey": "MACHINES", "objectSchemaId": "4",
        "objectTypeId": "12", "position": 1,
        "attributes": [{ "objectTypeAttributeId": "121", "objectAttributeValues": [{ "value": "web-9" }] }],
    })
}

async fn ask(api: &AssetsApi, operation: &Operation, authorization: Option<&str>) -> Answer {
    let (method, path) = request(api, operation);
    let query = if path.ends_with("ql/objects") { format!("?{QUERY}") } else { String::new() };
    api.send(&method, &format!("{}{query}", api.at(&path)), authorization, &body()).await
}

fn refused_by(answer: &Answer) -> (u16, Value) {
    (answer.status.code, answer.json()["layer"].clone())
}

fn every_scope() -> String {
    let operations = operations();
    let mut scopes: Vec<&str> = operations.iter().filter_map(|operation| operation.scope.as_deref()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes.join(" ")
}

#[rocket::async_test]
async fn every_operation_is_refused_by_each_layer_and_answered_past_all() {
    let api = assets_api().await;
    let admin = api.world.site_admin("admin@example.com").await;
    let person = api.world.person.clone();
    let bearer = |token: String| format!("Bearer {token}");
    let (all, read) = (every_scope(), bearer(api.world.token(&admin, READ).await));
    let write = bearer(api.world.token(&admin, WRITE).await);
    let without_role = bearer(api.world.token(&person, &all).await);
    let with_both = bearer(api.world.token(&admin, &all).await);

    for operation in operations() {
        let name = &operation.name;
        assert_eq!(refused_by(&ask(&api, &operation, None).await), (401, json!(1)), "{name}");

        let narrow = if operation.scope.as_deref() == Some(READ) { &write } else { &read };
        let refused = ask(&api, &operation, Some(narrow)).await;
        assert_eq!(refused_by(&refused), (403, json!(2)), "{name}");
        assert_eq!(refused.json()["required"].as_str(), operation.scope.as_deref(), "{name}");
        if operation.scope.is_none() {
            continue;
        }

        let refused = ask(&api, &operation, Some(&without_role)).await;
        assert_eq!(refused_by(&refused), (403, json!(3)), "{name} {}", refused.text);
        assert!(refused.json()["required"].is_string() && !refused.text_of("trace").is_empty(), "{}", refused.text);
        assert!(refused.text_of("error_description").contains(name.as_str()), "{}", refused.text);

        let answer = ask(&api, &operation, Some(&with_both)).await;
        let is_own = matches!(answer.status.code, 200 | 404 | 409 | 421) && answer.json().get("layer").is_none();
        assert!(is_own, "{name} {} {}", answer.status.code, answer.text);
        let has_data = !name.contains("xecution") && !name.contains("chedule") && !name.contains("statustype/");
        if has_data && !name.starts_with("POST /import") {
            assert_eq!(answer.status.code, 200, "{name} {}", answer.text);
        }
    }
}

#[rocket::async_test]
async fn the_operations_without_a_scope_are_for_connect_apps_alone() {
    let api = assets_api().await;
    let app = api.world.connect_app("READ").await;
    let operations: Vec<_> = operations().into_iter().filter(|operation| operation.scope.is_none()).collect();
    assert_eq!(operations.len(), 3);
    let shown = |operation: &Operation| {
        let (method, path) = request(&api, operation);
        let query = if path.ends_with("ql/objects") { QUERY } else { "" };
        format!("JWT {}", app.jwt_with_query(&method, &api.at(&path), query))
    };
    for operation in &operations {
        let refused = ask(&api, operation, Some(&shown(operation))).await;
        assert_eq!(refused_by(&refused), (403, json!(3)), "{} {}", operation.name, refused.text);
    }
    api.world.give("user", "object_type:12", app.account()).await;
    for operation in &operations {
        let answer = ask(&api, operation, Some(&shown(operation))).await;
        assert_eq!(answer.status.code, 200, "{} {}", operation.name, answer.text);
        assert_eq!(answer.json()["totalFilterCount"], 2, "{}", answer.text);
    }
}
