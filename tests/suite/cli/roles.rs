//! Roles by command.

use serde_json::{Value, json};

use crate::support::operator::{Operator, operator};

const ADD: &str = "resource add --id assets --identifier https://api.example.com --scopes-file scopes.json --json";

/// An operator with the resource `assets`, which declares what the Assets API does, and people of the default site.
fn with_assets() -> Operator {
    let operator = with_resource();
    operator.run("resource access set assets --model assets --json").json();
    for person in ["ann", "bob"] {
        operator.run(&format!("user invite {person}@example.com --json")).json();
    }
    operator.run("object put --resource assets schema:4 --label Machines --json").json();
    operator.run("object put --resource assets object_type:12 --label Pumps --parent schema:4 --json").json();
    operator
}

fn with_resource() -> Operator {
    let operator = operator();
    let model: Value = serde_json::from_str(hallmark::access::models::ASSETS).expect("a model");
    let operations = model["operations"].as_array().expect("a list");
    let names: std::collections::BTreeSet<&str> =
        operations.iter().filter_map(|operation| operation["scope"].as_str()).collect();
    let scopes: Value = names.iter().map(|name| json!({ "name": name })).collect();
    std::fs::write(operator.home().join("scopes.json"), scopes.to_string()).expect("a file");
    operator.run(ADD).json();
    operator
}

/// Who holds what by a list of roles: what it comes to, by name.
fn comes_to(listed: &Value, name: &str) -> Value {
    let row = listed.as_array().into_iter().flatten().find(|row| row["name"] == name);
    row.unwrap_or_else(|| panic!("{name} is not in {listed}"))["comes_to"].clone()
}

#[test]
fn a_resource_declares_what_decisions_are_made_by_and_an_operator_chooses() {
    let operator = with_assets();

    let chosen = operator.run("resource access choose assets delete_objects developer");
    assert_eq!(chosen.out, "Who may delete objects: developer, and whoever holds more.\n", "{}", chosen.err);
    operator.run("resource access ask-by-id assets on --json").json();

    let shown = operator.run("resource access show assets --json").json();
    assert_eq!((&shown["asks_by_id"], &shown["choices"]), (&json!(true), &json!({ "delete_objects": "developer" })));
    assert_eq!(shown["model"]["operations"].as_array().map(Vec::len), Some(67));
    let text = operator.run("resource access show assets").out;
    assert!(text.contains("DELETE /object/{id}"), "{text}");
    assert!(text.contains("delete_objects (developer)"), "{text}");
}

#[test]
fn a_role_is_given_listed_with_what_it_comes_to_and_taken() {
    let operator = with_assets();
    let give = "role give --resource assets developer --on schema:4 --to ann@example.com";
    assert_eq!(operator.run(give).out, "Gave developer on schema:4 to ann@example.com.\n");
    assert_eq!(operator.run(give).out, "ann@example.com holds developer on schema:4 already.\n");
    operator.run("role give --resource assets admin --on site --to bob@example.com --json").json();

    let listed = operator.run("role list --resource assets --on object_type:12 --json").json();
    assert_eq!(comes_to(&listed, "ann@example.com"), json!(["developer"]));
    assert_eq!(comes_to(&listed, "bob@example.com"), json!(["admin"]));
    let text = operator.run("role list --resource assets --on object_type:12").out;
    assert!(text.contains("developer on schema:4"), "{text}");
    let everything = operator.run("role list --resource assets --json").json();
    assert_eq!(everything.as_array().map(Vec::len), Some(2), "{everything}");

    let take = "role take --resource assets developer --on schema:4 --from ann@example.com";
    assert_eq!(operator.run(take).out, "Took developer on schema:4 from ann@example.com.\n");
    assert!(operator.run(take).out.contains("there was nothing to take"));
    assert_eq!(operator.run("role list --resource assets --of ann@example.com --json").json(), json!([]));
}

#[test]
fn a_role_on_an_object_type_overrides_what_comes_from_above_and_the_list_says_so() {
    let operator = with_assets();
    for role in ["developer --on schema:4 --to ann@example.com", "developer --on object_type:12 --to bob@example.com"] {
        operator.run(&format!("role give --resource assets --json {role}")).json();
    }

    let listed = operator.run("role list --resource assets --on object_type:12 --json").json();
    assert_eq!(comes_to(&listed, "bob@example.com"), json!(["developer"]));
    assert_eq!(comes_to(&listed, "ann@example.com"), json!(["user"]));
    let of_ann = operator.run("role list --resource assets --of ann@example.com --json").json();
    let told = of_ann.as_array().expect("a list").iter().map(|row| (row["on"].clone(), row["comes_to"].clone()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(json!("object_type:12"), json!(["user"])), (json!("schema:4"), json!(["developer"]))],
    );
}

#[test]
fn people_hold_by_a_group_what_the_group_holds() {
    let operator = with_assets();
    operator.run("group add Field --json").json();
    operator.run("group add-member Field ann@example.com --json").json();
    operator.run("role give --resource assets manager --on schema:4 --to group:Field --json").json();

    let of_ann = operator.run("role list --resource assets --of ann@example.com");
    assert!(of_ann.out.contains("manager by group:Field"), "{}", of_ann.out);
    let groups = operator.run("group list --json").json();
    assert_eq!(groups[0]["members"][0]["email"], "ann@example.com");
    let of_group = operator.run("role list --resource assets --of group:field --json").json();
    assert_eq!(comes_to(&of_group, "group:Field"), json!(["manager"]));

    operator.run("group remove-member Field ann@example.com --json").json();
    assert_eq!(operator.run("group members Field --json").json(), json!([]));
    assert_eq!(operator.run("role list --resource assets --of ann@example.com --json").json(), json!([]));
    operator.run("group remove Field --json").json();
    assert_eq!(operator.run("role list --resource assets --json").json(), json!([]));
}

#[test]
fn objects_are_told_of_listed_and_removed_with_their_roles() {
    let operator = with_assets();
    operator.run("role give --resource assets user --on object_type:12 --to ann@example.com --json").json();

    let listed = operator.run("object list --resource assets --json").json();
    assert_eq!(
        listed,
        json!([
            { "object": "schema:4", "label": "Machines", "parent": null },
            { "object": "object_type:12", "label": "Pumps", "parent": "schema:4" },
        ]),
    );
    operator.run("object remove --resource assets schema:4 --json").json();
    assert_eq!(operator.run("object list --resource assets --json").json(), json!([]));
    assert_eq!(operator.run("role list --resource assets --json").json(), json!([]));
}

#[test]
fn a_file_of_roles_is_given_after_all_of_it_was_checked() {
    let operator = with_assets();
    let line = |role: &str, on: &str, to: &str| json!({ "role": role, "on": on, "to": to }).to_string();
    let write = |lines: &[String]| {
        std::fs::write(operator.home().join("roles.jsonl"), lines.join("\n")).expect("a file");
        operator.run("role import --resource assets roles.jsonl")
    };
    let good = line("user", "schema:4", "ann@example.com");

    let refused = write(&[
        good.clone(),
        line("boss", "schema:4", "ann@example.com"),
        line("user", "schema:5", "ann@example.com"),
        line("user", "schema:4", "eve@example.com"),
        line("user", "site", "ann@example.com"),
    ]);
    assert_eq!(refused.exit, 1);
    for told in [
        "roles.jsonl has 4 faults",
        "roles.jsonl:2: there is no role \"boss\"",
        "roles.jsonl:3: there is no object schema:5 on this site",
        "roles.jsonl:4: nobody signs in as eve@example.com",
        "roles.jsonl:5: the role \"user\" is not given on objects of the type \"workspace\"",
    ] {
        assert!(refused.err.contains(told), "{told}: {}", refused.err);
    }
    assert_eq!(operator.run("role list --resource assets --json").json(), json!([]));
    let malformed = write(&[good.clone(), "{}".into()]);
    assert!(malformed.exit == 1 && malformed.err.contains("roles.jsonl:2: missing field"), "{}", malformed.err);

    let again = [good.clone(), line("developer", "schema:4", "bob@example.com"), good];
    assert_eq!(write(&again).out, "Gave 2 roles; 1 was held already.\n");
    assert_eq!(write(&again).out, "Gave 0 roles; 3 were held already.\n");
}

#[test]
fn a_running_server_is_told_of_roles_as_well() {
    let operator = with_assets();
    let serving = operator.serve();

    std::fs::write(
        operator.home().join("roles.jsonl"),
        json!({ "role": "user", "on": "schema:4", "to": "ann@example.com" }).to_string(),
    )
    .expect("a file");
    assert_eq!(operator.run("role import --resource assets roles.jsonl").out, "Gave 1 role.\n");
    operator.run("resource access set assets --model assets --json").json();
    let listed = operator.run("role list --resource assets --on schema:4 --json").json();
    assert_eq!(comes_to(&listed, "ann@example.com"), json!(["user"]));

    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn what_cannot_be_done_about_roles_is_told_with_what_to_do() {
    let operator = with_assets();
    operator.run("resource add --id plain --identifier https://plain.example --scope read:plain --json").json();
    operator.run("user invite eve@example.com --no-site --json").json();
    std::fs::write(operator.home().join("bad.json"), r#"{"objects":[],"roles":[]}"#).expect("a file");

    for (command, told) in [
        ("resource access show nothing", "there is no protected resource nothing; `hallmark resource list`"),
        (
            "resource access show plain",
            "plain declares no roles; give it a model first with `hallmark resource access set`",
        ),
        ("resource access set plain --model assets", "which plain does not own"),
        ("resource access set assets --model bad.json", "bad.json has 2 faults"),
        ("resource access choose assets delete_objects viewer", "\"delete_objects\" is one of manager, developer"),
        ("resource access choose assets nothing viewer", "there is no setting \"nothing\""),
        ("object put --resource assets thing:4 --label X", "there is no type of objects \"thing\""),
        ("object put --resource assets object_type:5 --label X", "belongs to an object of the type \"schema\""),
        ("object put --resource assets object_type:5 --label X --parent schema:9", "tell of that first"),
        ("object list --resource assets --type thing", "there is no type of objects \"thing\""),
        ("object remove --resource assets schema:9", "there is no object schema:9 on this site"),
        ("role give --resource assets boss --on site --to ann@example.com", "there is no role \"boss\""),
        ("role give --resource assets user --on site --to ann@example.com", "is not given on objects of the type"),
        ("role give --resource assets user --on schema:9 --to ann@example.com", "there is no object schema:9"),
        (
            "role give --resource assets user --on schema:4 --to eve@example.com",
            "is no member, group or app of this site",
        ),
        ("role give --resource assets user --on schema:4 --to group:None", "there is no group \"None\" on this site"),
        ("role list --resource assets --on thing:4", "there is no type of objects \"thing\""),
        ("role list --resource assets --of eve@example.com", "is no member, group or app of this site"),
        ("group add-member None ann@example.com", "there is no group \"None\" on this site"),
    ] {
        let said = operator.run(command);
        assert!(said.exit == 1 && said.err.contains(told), "{command}: {} {}", said.exit, said.err);
    }
    operator.run("group add Field --json").json();
    for (command, told) in [
        ("group add field", "there is a group"),
        ("group add-member Field eve@example.com", "only a member of the site"),
    ] {
        let said = operator.run(command);
        assert!(said.exit == 1 && said.err.contains(told), "{command}: {} {}", said.exit, said.err);
    }
    for command in [
        "resource access set assets",
        "role give --resource assets user --on schemas --to ann@example.com",
        "role give --resource assets user --on schema:4 --to ann",
    ] {
        assert_eq!(operator.run(command).exit, 2, "{command}");
    }
}

const DOCUMENT: &str = include_str!("../../../docs/roles.md");

/// The blocks of the document in that language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    DOCUMENT.split(opening.as_str()).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Whether a text is what is written, in which `…` stands for any text on its line.
fn is_as_written(text: &str, written: &str) -> bool {
    let line = |(text, written): (&str, &str)| match written.split_once('…') {
        Some((before, after)) => text.starts_with(before) && text.ends_with(after),
        None => text == written,
    };
    text.lines().count() == written.lines().count() && text.lines().zip(written.lines()).all(line)
}

#[test]
fn the_commands_of_the_document_answer_what_it_says() {
    let operator = with_resource();
    for person in ["ann", "bob"] {
        operator.run(&format!("user invite {person}@example.com --json")).json();
    }
    let scopes = "--scope read:page --scope write:page --scope delete:page";
    operator.run(&format!("resource add --id wiki --identifier https://wiki.example.com {scopes} --json")).json();
    std::fs::write(operator.home().join("wiki.yml"), blocks("yaml")[0]).expect("a file");
    std::fs::write(operator.home().join("roles.jsonl"), blocks("json")[0]).expect("a file");
    std::fs::write(operator.home().join("model.json"), blocks("json")[1]).expect("a file");

    let blocks = blocks("console");
    for block in &blocks {
        for told in format!("\n{block}").split("\n$ hallmark ").skip(1) {
            let (command, written) = told.split_once('\n').unwrap_or((told, ""));
            let said = operator.run(command);
            assert!(is_as_written(said.out.trim_end(), written), "{command}\n{}\n{}", said.out, said.err);
        }
    }
    assert!(blocks.len() > 8, "{}", blocks.len());
    assert_eq!(operator.run("resource access lint --model model.json --strict").out, "Nothing is odd.\n");
    let linted = operator.run("resource access lint assets --json").json();
    let rules = linted["findings"].as_array().into_iter().flatten().map(|finding| finding["rule"].clone());
    assert_eq!(rules.collect::<Vec<_>>(), vec![json!("operation_without_scope"); 3], "{linted}");
}
