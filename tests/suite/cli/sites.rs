//! Sites by command.

use serde_json::json;

use crate::support::operator::{Operator, operator};

const ADD: &str = "site add --name Acme --url https://Acme.Example/ --json";

fn with_person(options: &str) -> Operator {
    let operator = operator();
    let add = format!("user add ann@example.com --password-stdin --json {options}");
    operator.run_with(&add, "correct horse\n").json();
    operator
}

#[test]
fn a_site_is_added_renamed_and_listed() {
    let operator = operator();

    let site = operator.run(ADD).json();
    assert_eq!((&site["name"], &site["url"]), (&json!("Acme"), &json!("https://acme.example")));
    let id = site["id"].as_str().expect("an id");
    let renamed = operator.run(&format!("site rename {id} --name Zenith --json")).json();
    assert_eq!((&renamed["name"], &renamed["url"]), (&json!("Zenith"), &json!("https://acme.example")));
    assert_eq!(renamed["workspace_id"], site["workspace_id"]);

    let names: Vec<_> = operator.run("site list --json").json().as_array().expect("a list").clone();
    assert_eq!(names.iter().map(|site| &site["name"]).collect::<Vec<_>>(), ["Default site", "Zenith"]);
}

#[test]
fn what_cannot_be_done_about_a_site_is_told_with_the_reason() {
    let operator = with_person("");
    operator.run(ADD).json();

    for (command, told) in [
        ("site add --name Rival --url https://acme.example", "another site has the URL https://acme.example"),
        ("site rename https://nowhere.example --name X", "there is no site https://nowhere.example"),
        ("site add-member https://acme.example bob@example.com", "nobody signs in as bob@example.com"),
        ("site remove-member https://acme.example ann@example.com", "there is no such member"),
        ("user invite bob@example.com --site https://nowhere.example", "there is no site https://nowhere.example"),
    ] {
        let said = operator.run(command);
        assert!(said.exit == 1 && said.err.contains(told), "{command}: {} {}", said.exit, said.err);
    }
}

#[test]
fn members_come_and_go_and_a_site_without_admin_is_told() {
    let operator = with_person("--no-site");
    operator.run(ADD).json();
    assert_eq!(operator.run("site members https://acme.example --json").json(), json!([]));

    let added = operator.run("site add-member https://acme.example ann@example.com --admin --json").json();
    assert_eq!(added["standing"], "admin");
    let listed = operator.run("site members https://acme.example --json").json();
    assert_eq!((&listed[0]["email"], &listed[0]["standing"]), (&json!("ann@example.com"), &json!("admin")));
    let lowered = operator.run("site add-member https://acme.example ann@example.com --json").json();
    assert_eq!((&lowered["standing"], &lowered["admins_left"]), (&json!("member"), &json!(false)));
    let removed = operator.run("site remove-member https://acme.example ann@example.com");
    assert!(removed.out.contains("Nobody on the site is its admin now"), "{}", removed.out);
}

#[test]
fn somebody_new_is_on_the_default_site_unless_others_are_named() {
    let operator = with_person("");
    let acme = operator.run(ADD).json()["id"].as_str().expect("an id").to_owned();
    operator.run(&format!("user invite bob@example.com --site {acme} --json")).json();

    let sites = operator.run("site list --json").json();
    let of = |name: &str| {
        let site = sites.as_array().into_iter().flatten().find(|site| site["name"] == name).expect(name);
        let members = operator.run(&format!("site members {} --json", site["id"].as_str().expect("an id"))).json();
        members.as_array().expect("a list").iter().map(|member| member["email"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("Default site"), [json!("ann@example.com")]);
    assert_eq!(of("Acme"), [json!("bob@example.com")]);
}
