//! OpenAPI documents: the model that one declares, and every fault with its place.

use hallmark::access::models::ASSETS;
use hallmark::apps::openapi::read;
use hallmark::domain::access_model::{Access, AccessModel};

const PAGES: &str = r#"openapi: "3.1.0"
info: {title: Pages, version: "1"}
servers:
  - url: https://api.example.com/wiki/{site}/v1/
x-hallmark-access:
  objects:
    - {type: site, title: The whole site}
    - {type: page, parent: site, overrides: true}
  roles:
    - {role: reader, on: [page]}
    - {role: editor, on: [page, site], includes: [reader], held_by_site_admins: true}
  settings:
    - {setting: publish, roles: [editor, reader]}
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {}}
    basic: {type: http, scheme: basic}
security:
  - oauth: ["read:page"]
  - basic: []
paths:
  /page/{id}:
    parameters: []
    get:
      x-hallmark-role: reader
      x-hallmark-object: {type: page, id: id}
      x-hallmark-connect: READ
    put:
      security: [{oauth: ["write:page"]}]
      x-hallmark-role: publish
      x-hallmark-role-on-site: editor
      x-hallmark-object: {type: page, id: id}
  /search:
    post: {x-hallmark-role: reader, x-hallmark-filter: true}
  /health:
    get: {security: []}
"#;

/// The faults of the pages after one text in them was replaced by another.
fn faults(from: &str, to: &str) -> Vec<String> {
    assert!(PAGES.contains(from), "{from}");
    let faults = read(PAGES.replacen(from, to, 1).as_bytes(), "api.yml", None).expect_err("faults");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn every_method_of_a_path_is_an_operation_with_its_scope_and_what_the_extensions_say() {
    let model = read(PAGES.as_bytes(), "api.yml", None).unwrap_or_else(|faults| panic!("{faults:?}"));
    let told: Vec<_> = model
        .operations
        .iter()
        .map(|one| {
            (one.name.as_str(), one.scope.as_deref(), one.on, one.id.as_deref(), one.requires.as_deref(), one.filter)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("GET /page/{id}", Some("read:page"), 1, Some("id"), Some("reader"), false),
            ("PUT /page/{id}", Some("write:page"), 1, Some("id"), Some("publish"), false),
            ("POST /search", Some("read:page"), 0, None, Some("reader"), true),
            ("GET /health", None, 0, None, None, false),
        ],
    );
    assert_eq!(model.operations[0].connect.map(|level| level.name()), Some("READ"));
    assert_eq!(model.operations[1].on_site.as_deref(), Some("editor"));
    assert!(model.objects[1].overrides && model.roles[1].held_by_site_admins);

    let access = Access::by(model);
    let asked = access.operation_at("GET", "/wiki/acme/v1/page/7").expect("an operation");
    assert_eq!((asked.operation, asked.sites, asked.id), (0, vec!["acme"], Some("7")));
}

#[test]
fn a_document_in_json_is_read_the_same_way() {
    let json = r#"{"openapi":"3.0.3","servers":[{"url":"/v1"}],"paths":{"/a":{"get":{"x-hallmark-role":"r"}}},
        "x-hallmark-access":{"objects":[{"type":"site"}],"roles":[{"role":"r","on":["site"]}]}}"#;
    let model = read(json.as_bytes(), "api.json", None).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(model.operations.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["GET /a"]);
}

#[test]
fn objects_and_roles_of_another_model_are_taken_and_its_operations_are_not() {
    let assets = AccessModel::read(ASSETS).expect("a model");
    let document = "openapi: 3.0.0\npaths: {'/object/{id}': {get: {x-hallmark-role: user, \
                    x-hallmark-object: {type: object, id: id}}}}\n";
    let model =
        read(document.as_bytes(), "api.yml", Some(assets.written())).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!((model.operations.len(), &model.roles, &model.servers), (1, &assets.roles, &assets.servers));
}

#[test]
fn every_fault_is_told_with_its_line_and_column() {
    for (from, to, told) in [
        ("\"3.1.0\"", "\"2.0\"", "api.yml:1:10: openapi: expected a version of OpenAPI 3, in quotes, found \"2.0\""),
        (
            "[\"read:page\"]",
            "[\"read:page\", \"x\"]",
            "an operation takes one scope, whatever the alternatives; found \"read:page\", \"x\"",
        ),
        (
            "[\"read:page\"]",
            "[]",
            "api.yml:19:12: security[0].oauth: an operation takes one scope, and this names none",
        ),
        ("- basic: []", "- {}", "api.yml:20:5: security[1]: an empty requirement lets anybody in"),
        (
            "- basic: []",
            "- bassic: []",
            "api.yml:20:5: security[1].bassic: there is no security scheme \"bassic\"; did you mean basic?",
        ),
        ("- basic: []", "- oauth: [\"other\"]", "an operation takes one scope, whatever the alternatives"),
        ("{type: oauth2, flows: {}}", "{$ref: x}", "references are not followed here"),
        ("    parameters: []", "    x-hallmark-role: reader", "an extension belongs to each operation"),
        (
            "x-hallmark-access:",
            "x-hallmark-acces:",
            "a document has no such extension; did you mean x-hallmark-access?",
        ),
        ("    parameters: []", "    $ref: x", "references are not followed here"),
        ("    parameters: []", "    servers: []", "a path begins where the servers of the document do"),
        (
            "x-hallmark-role: reader",
            "x-hallmark-rule: reader",
            "there is no such extension; did you mean x-hallmark-role?",
        ),
        (
            "x-hallmark-role: reader",
            "x-hallmark-role: boss",
            "api.yml:24:5: operations, \"GET /page/{id}\": there is no role, permission or setting \"boss\"",
        ),
        ("{type: page, id: id}", "{type: pages, id: id}", "there is no type \"pages\""),
        ("{type: page, id: id}", "{id: id}", "the key \"type\" is missing"),
        (
            "x-hallmark-connect: READ",
            "x-hallmark-connect: LOOK",
            "expected READ, WRITE, DELETE, PROJECT_ADMIN or ADMIN, found \"LOOK\"",
        ),
        ("x-hallmark-filter: true", "x-hallmark-filter: 1", "expected true or false, found a number"),
        ("overrides: true", "overides: true", "unknown field `overides`"),
        (
            "overrides: true",
            "overrides: 1",
            "api.yml:8:45: x-hallmark-access.objects[1]: expected text, true or false, found a number",
        ),
        ("x-hallmark-access:", "x-other:", "the key \"x-hallmark-access\" is missing"),
        (
            "https://api.example.com/wiki/{site}/v1/",
            "https://api.example.com/{tenant}",
            "a server is the beginning of a path",
        ),
        ("  /search:", "  /sear ch:", "an operation is a method and a path"),
    ] {
        let found = faults(from, to);
        assert!(found.iter().any(|fault| fault.contains(told)), "{told}\n{found:#?}");
    }
    assert_eq!(
        read(b"", "api.yml", None).expect_err("a fault")[0].message,
        "expected a map with the key openapi, found nothing"
    );
}

#[test]
fn all_faults_are_told_at_once() {
    let document = "openapi: '2'\nx-hallmark-access: {objects: [{type: site}], roles: []}\npaths: {/a: {get: {security: [{no: []}]}}}\n";
    assert_eq!(read(document.as_bytes(), "api.yml", None).expect_err("faults").len(), 2);
}
