//! API tokens and import sources by command.

use crate::support::operator::{Operator, operator};

const SCOPE: &str = "import:import-configuration:cmdb";

/// An installation with a resource, a site and its admin.
fn installed() -> Operator {
    let operator = operator();
    operator.run_with("user add ann@example.com --no-site --password-stdin --json", "correct horse\n").json();
    operator.run("site add --name Acme --url https://acme.example --json").json();
    operator.run("site add-member https://acme.example ann@example.com --admin --json").json();
    operator.run(&format!("resource add --id assets --identifier https://a.example --scope {SCOPE} --json")).json();
    operator
}

#[test]
fn an_operator_makes_lists_and_ends_api_tokens() {
    let operator = installed();
    let create = format!("token create ann@example.com --label Export --scope {SCOPE} --site https://acme.example");
    let made = operator.run(&format!("{create} --days 7 --json")).json();
    let token = made["token"].as_str().expect("a token");
    operator.run(&format!("{create} --json")).json();

    let listed = operator.run("token list --user ann@example.com --json").json();
    let listed = listed.as_array().expect("a list");
    assert_eq!(listed.len(), 2);
    let entry = listed.iter().find(|entry| entry["id"] == made["id"]).expect("the token");
    assert_eq!((&entry["label"], &entry["live"]), (&"Export".into(), &true.into()));
    assert_eq!(entry["ending"], token[token.len() - 4..]);
    assert!(!operator.run("token list").out.contains(token));

    let id = made["id"].as_str().expect("an id");
    assert_eq!(operator.run(&format!("token revoke ann@example.com {id} --json")).json()["revoked"], true);
    let again = operator.run(&format!("token revoke ann@example.com {id}"));
    assert!(again.exit == 1 && again.err.contains("has no API token"), "{}", again.err);
    let hyphen = operator.run("token revoke ann@example.com -hyphen");
    assert!(hyphen.exit == 1 && hyphen.err.contains("has no API token -hyphen"), "an id may begin so: {}", hyphen.err);
    assert_eq!(operator.run("token revoke-all ann@example.com --json").json()["revoked"], 1);
    assert_eq!(operator.run("token list --json").json(), serde_json::json!([]));
}

#[test]
fn what_no_token_can_be_is_told_with_the_reason() {
    let operator = installed();
    let create = "token create ann@example.com --label Export";
    for (arguments, told) in [
        ("--scope read:nothing", "no protected resource owns the scope \"read:nothing\""),
        ("--everything", "not allowed here"),
        ("--scope manage:api-token", "admins of this server"),
        ("--days 366 --scope import:import-configuration:cmdb", "from 1 to 365 days"),
        ("--site https://nowhere.example --scope import:import-configuration:cmdb", "there is no site"),
    ] {
        let said = operator.run(&format!("{create} {arguments}"));
        assert!(said.exit == 1 && said.err.contains(told), "{arguments}: {}", said.err);
    }
    let said = operator.run(&format!("token create bob@example.com --label Export --scope {SCOPE}"));
    assert!(said.err.contains("nobody signs in as bob@example.com"), "{}", said.err);
}

#[test]
fn an_operator_registers_an_import_source_and_its_token() {
    let operator = installed();
    let id = "6b7a1c1e-5d0e-4a53-9d6f-0f2f4b1a7c11";
    let add = format!("container add https://acme.example --label Hosts --id {id}");
    assert_eq!(operator.run(&format!("{add} --json")).json()["id"], id);
    let again = operator.run(&add);
    assert!(again.exit == 1 && again.err.contains("already"), "{}", again.err);

    let made = operator.run(&format!("container token https://acme.example {id} --json")).json();
    let token = made["token"].as_str().expect("a token");
    let listed = operator.run("container list --site https://acme.example --json").json();
    assert_eq!(listed[0]["token"]["ending"], token[token.len() - 4..]);
    assert_eq!((&listed[0]["token"]["made_by"], &listed[0]["token"]["live"]), (&"operator".into(), &true.into()));
    assert!(!operator.run("container list").out.contains(token));

    assert_eq!(operator.run(&format!("container end-token https://acme.example {id} --json")).json()["ended"], true);
    assert_eq!(operator.run("container list --json").json()[0]["token"], serde_json::Value::Null);
    operator.run(&format!("container remove https://acme.example {id} --json")).json();
    let gone = operator.run(&format!("container token https://acme.example {id}"));
    assert!(gone.exit == 1 && gone.err.contains("there is no import source"), "{}", gone.err);
}

#[test]
fn a_resource_is_opened_to_tokens_for_everything() {
    let operator = installed();
    assert_eq!(operator.run("resource list --json").json()[0]["api_tokens"], "scoped");
    assert_eq!(operator.run("resource api-tokens assets everything --json").json()["api_tokens"], "everything");
    assert_eq!(operator.run("resource list --json").json()[0]["api_tokens"], "everything");
    assert_ne!(operator.run("resource api-tokens assets all").exit, 0);
}
