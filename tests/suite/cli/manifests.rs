//! `app check` reads a manifest where no installation is.

use serde_json::json;

use crate::support::operator::operator;

const MANIFEST: &str = "\
app:
  id: ari:cloud:ecosystem::app/8d7d5b1c-2f0e-4a8e-9d3a-0f3f6b6b1a11
  name: Inventory
permissions:
  scopes:
    read:cmdb-object:jira:
      allowImpersonation: true
      purpose: To show the servers of a ticket.
    read:me:
      optional: true
moduls: {}
";

#[test]
fn a_manifest_is_checked_without_a_store() {
    let operator = operator();
    std::fs::write(operator.home().join("manifest.yml"), MANIFEST).expect("a file");

    let said = operator.run("app check manifest.yml");

    assert_eq!(said.exit, 0, "{}", said.err);
    assert!(said.out.contains("read:cmdb-object:jira (Read objects), also for people who are away"), "{}", said.out);
    assert!(said.err.contains("manifest.yml:11:1: moduls: ") && said.err.contains("did you mean modules?"));
    assert!(!operator.data().exists());
}

#[test]
fn programs_are_told_what_a_manifest_asks_for_in_json() {
    let operator = operator();
    std::fs::write(operator.home().join("manifest.yml"), MANIFEST).expect("a file");

    let told = operator.run("app check manifest.yml --json").json();

    assert_eq!(told["name"], "Inventory");
    assert_eq!(told["scopes"][0]["purpose"], "To show the servers of a ticket.");
    assert_eq!(
        told["scopes"][1],
        json!({ "name": "read:me", "allow_impersonation": false, "optional": true, "purpose": null })
    );
    assert_eq!(told["unknown_keys"], json!([{ "path": "moduls", "line": 11, "column": 1 }]));
}

#[test]
fn every_fault_of_a_manifest_is_a_line_on_standard_error_and_the_exit_code_is_1() {
    let operator = operator();
    let faulty = MANIFEST.replace("read:me", "read:mee").replace("optional: true", "optional: 1");
    std::fs::write(operator.home().join("manifest.yml"), faulty).expect("a file");

    let said = operator.run("app check manifest.yml");

    assert_eq!((said.exit, said.out.as_str()), (1, ""));
    let lines: Vec<&str> = said.err.lines().collect();
    assert_eq!(lines[0], "hallmark: manifest.yml has 2 faults");
    assert!(lines[1].starts_with("manifest.yml:9:5: permissions.scopes.read:mee: ") && lines[1].ends_with("read:me?"));
    assert!(lines[2].starts_with("manifest.yml:10:17: "), "{}", said.err);
    assert_eq!(operator.run("app check nothing.yml").exit, 1);
}
