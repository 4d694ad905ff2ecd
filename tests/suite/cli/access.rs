//! What a resource declares, from files, and what the linter says of it.

use serde_json::json;

use crate::support::operator::{Operator, operator};

const PAGES: &str = r#"openapi: "3.1.0"
x-hallmark-access:
  objects: [{type: site}, {type: page, parent: site}]
  roles: [{role: guest, on: [page]}, {role: reader, on: [page], includes: [guest]}]
components: {securitySchemes: {oauth: {type: oauth2, flows: {}}}}
paths:
  /page/{id}:
    get:
      security: [{oauth: ["read:page"]}]
      x-hallmark-role: reader
      x-hallmark-object: {type: page, id: id}
  /health: {get: {x-hallmark-role: reader}}
"#;

const MANIFEST: &str = r#"app: {id: ari:cloud:ecosystem::app/8d7d5b1c-2f0e-4a8e-9d3a-0f3f6b6b1a11, name: Mirror}
permissions: {scopes: ["read:page", "write:page"]}
"#;

/// An operator with the resource `pages`, which owns a scope that no operation takes.
fn with_pages() -> Operator {
    let operator = operator();
    operator
        .run("resource add --id pages --identifier https://pages.example --scope read:page --scope write:page --json")
        .json();
    std::fs::write(operator.home().join("api.yml"), PAGES).expect("a file");
    std::fs::write(operator.home().join("manifest.yml"), MANIFEST).expect("a file");
    operator
}

#[test]
fn a_resource_declares_what_its_openapi_document_says() {
    let operator = with_pages();
    let set = operator.run("resource access set pages --openapi api.yml");
    assert_eq!(set.out, "pages declares 2 types of objects, 2 roles and 2 operations.\n", "{}", set.err);
    let shown = operator.run("resource access show pages --json").json();
    assert_eq!(shown["model"]["operations"][0]["scope"], "read:page");

    std::fs::write(operator.home().join("bad.yml"), PAGES.replace("x-hallmark-role: reader", "x-hallmark-role: boss"))
        .expect("a file");
    let refused = operator.run("resource access set pages --openapi bad.yml");
    assert_eq!(refused.exit, 1);
    assert!(refused.err.starts_with("hallmark: bad.yml has 2 faults\nbad.yml:8:5: operations, "), "{}", refused.err);
}

#[test]
fn the_linter_says_what_is_odd_of_a_resource_its_scopes_and_deployed_apps() {
    let operator = with_pages();
    operator.run("resource access set pages --openapi api.yml --json").json();
    operator.run("app deploy manifest.yml --json").json();

    let linted = operator.run("resource access lint pages --json").json();
    let rules: Vec<&str> =
        linted["findings"].as_array().into_iter().flatten().filter_map(|finding| finding["rule"].as_str()).collect();
    assert_eq!(
        rules,
        ["operation_without_scope", "scope_without_operation", "scope_asked_for_in_vain", "role_without_operation"],
    );
    let text = operator.run("resource access lint pages");
    assert!(text.exit == 0 && text.out.ends_with("4 findings.\n"), "{}", text.out);
    assert!(text.out.contains("Mirror (production) asks for the scope write:page"), "{}", text.out);
    let strict = operator.run("resource access lint pages --strict");
    assert_eq!((strict.exit, strict.out == text.out), (1, true));
}

#[test]
fn a_file_is_linted_without_a_store() {
    let operator = with_pages();
    let linted = operator.run("resource access lint --openapi api.yml --json").json();
    let count = linted["findings"].as_array().map(Vec::len);
    assert_eq!(count, Some(2), "{linted}");

    std::fs::write(
        operator.home().join("good.json"),
        json!({
            "objects": [{ "type": "site" }], "roles": [{ "role": "reader", "on": ["site"] }],
            "operations": [{ "operation": "GET /x", "scope": "read:x", "on": "site", "requires": "reader" }],
        })
        .to_string(),
    )
    .expect("a file");
    let good = operator.run("resource access lint --model good.json --strict");
    assert_eq!((good.exit, good.out.as_str()), (0, "Nothing is odd.\n"), "{}", good.err);
    for command in ["resource access lint", "resource access lint pages --roles good.json"] {
        assert_eq!(operator.run(command).exit, 2, "{command}");
    }
    assert_eq!(operator.run("resource access lint --model none.json").exit, 1);
    assert_eq!(operator.run("resource access lint pages").exit, 1, "it declares nothing yet");
}
