//! Apps, APIs and people by command, without a prompt.

use serde_json::json;

use crate::support::operator::{Operator, operator};

const ASSETS: &str = "resource add --id assets --name Assets --identifier https://assets.example --scope read:cmdb-object:jira --scope write:note:crm";
const MAILER: &str = "app add --client-id mailer --secret-stdin --redirect-uri https://mailer.example/cb \
                      --grant authorization_code --grant refresh_token --scope read:cmdb-object:jira --optional-scope offline_access";
const SECRET: &str = "a-secret-of-more-than-22-characters";

/// An operator who registered the resource `assets`.
fn with_assets() -> Operator {
    let operator = operator();
    assert_eq!(operator.run(&format!("{ASSETS} --json")).json()["id"], "assets");
    operator
}

#[test]
fn an_installation_is_seeded_without_a_prompt() {
    let operator = with_assets();

    let app = operator.run_with(&format!("{MAILER} --json"), &format!("{SECRET}\n")).json();
    let person = operator.run_with("user add P@Example.com --password-stdin --admin --json", "correct horse\n").json();

    assert_eq!(app["client_id"], "mailer");
    assert_eq!(app["optional_scope"], "offline_access");
    assert_eq!(person["email"], "p@example.com");
    assert_eq!(
        operator.run("--json app list").json()[0]["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    assert_eq!(operator.run("user list --json").json()[0]["standing"], "admin");
    let scopes = &operator.run("--json resource list").json()[0]["scopes"];
    assert_eq!(scopes[0]["title"], "Read objects");
    assert_eq!(scopes[1]["title"], "Write notes");
}

#[test]
fn a_secret_that_was_given_is_never_told_again() {
    let operator = with_assets();
    let mut told = operator.run_with(MAILER, &format!("{SECRET}\n"));
    for command in ["app list --json", "app list", "audit list --json"] {
        let said = operator.run(command);
        told.out += &(said.out + &said.err);
    }
    assert!(told.out.contains("mailer") && !told.out.contains(SECRET), "{}", told.out);
    assert!(told.err.is_empty(), "{}", told.err);
}

#[test]
fn a_secret_that_was_made_is_told_once() {
    let operator = operator();
    let made = operator.run(&format!("{ASSETS} --json")).json()["client_secret"].as_str().expect("a secret").to_owned();
    assert!(made.starts_with("hmk_"));
    assert!(!operator.run("resource list --json").out.contains(&made));
    let rotated = operator.run("resource rotate-secret assets --json").json();
    assert_ne!(rotated["client_secret"], made.as_str());
    assert_eq!(operator.run("resource list --json").json()[0]["secrets"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_empty_secret_is_refused_and_a_short_one_warned_of() {
    let operator = with_assets();
    assert_eq!(operator.run_with(MAILER, "\n").exit, 1);
    let short = operator.run_with(MAILER, "short\n");
    assert_eq!(short.exit, 0);
    assert!(short.err.contains("22 characters"), "{}", short.err);
    assert_eq!(operator.run_with("app rotate-secret mailer --secret-stdin", &"x".repeat(513)).exit, 1);
}

#[test]
fn an_unknown_scope_is_refused_naming_the_nearest() {
    let operator = with_assets();
    let said = operator.run("app add --redirect-uri https://a.example/cb --scope raed:cmdb-object:jira");
    assert_eq!(said.exit, 1);
    assert!(said.err.contains("\"read:cmdb-object:jira\""), "{}", said.err);
}

#[test]
fn clients_and_resources_share_one_name_space() {
    let operator = with_assets();
    let app = "app add --client-id assets --redirect-uri https://a.example/cb --scope read:cmdb-object:jira";
    let api = "resource add --id mailer --identifier https://other.example --scope read:other:api";
    assert_eq!(operator.run_with(MAILER, SECRET).exit, 0);
    for taken in [app, api, ASSETS, "resource add --id two --identifier https://assets.example --scope read:two:api"] {
        let said = operator.run(taken);
        assert!(said.exit == 1 && said.err.contains("taken"), "{taken}: {}", said.err);
    }
}

#[test]
fn an_app_that_could_never_work_is_refused() {
    let operator = with_assets();
    let scope = "--scope read:cmdb-object:jira";
    for bad in [
        format!("app add {scope}"),
        format!("app add {scope} --grant client_credentials --public"),
        format!("app add {scope} --grant refresh_token --redirect-uri https://a.example/cb"),
        "app add --redirect-uri https://a.example/cb".to_owned(),
        format!("app add {scope} --redirect-uri https://a.example/cb --tos-uri javascript:alert(1)"),
    ] {
        assert_eq!(operator.run(&bad).exit, 1, "{bad}");
    }
    for nonsense in ["http://a.example/cb", "https://a.example/cb#x", "https://*.example/cb"] {
        let said = operator.run(&format!("app add {scope} --redirect-uri {nonsense}"));
        assert_eq!(said.exit, 2, "{nonsense}");
    }
}

#[test]
fn only_a_confidential_app_with_the_atlassian_profile_does_without_pkce_and_the_operator_is_warned() {
    let operator = with_assets();
    let exempt = format!("{MAILER} --no-pkce");
    let refused = operator.run_with(&exempt, SECRET);
    assert!(refused.exit == 1 && refused.err.contains("PKCE"), "{}", refused.err);
    let public = "app add --client-id desk --public --redirect-uri https://a.example/cb --scope read:cmdb-object:jira";
    assert_eq!(operator.run(&format!("{public} --no-pkce --profile atlassian")).exit, 1);
    assert_eq!(operator.run(&format!("{public} --profile other")).exit, 2);

    let added = operator.run_with(&format!("{exempt} --profile atlassian --json"), SECRET);

    assert!(added.exit == 0 && added.err.contains("PKCE"), "{}", added.err);
    assert_eq!((&added.json()["profile"], &added.json()["pkce"]), (&json!("atlassian"), &json!("exempt")));
    assert!(operator.run("app list").out.contains("atlassian, no PKCE"));
    assert_eq!(operator.run("app list --json").json()[0]["pkce"], "exempt");
}

#[test]
fn what_is_removed_is_gone_and_its_name_is_free() {
    let operator = with_assets();
    assert_eq!(operator.run_with(MAILER, SECRET).exit, 0);
    assert_eq!(operator.run("app remove mailer").exit, 0);
    assert_eq!(operator.run("app remove mailer").exit, 1);
    assert_eq!(operator.run_with(MAILER, SECRET).exit, 0);
    assert_eq!(operator.run("resource remove assets").exit, 0);
    assert_eq!(operator.run(ASSETS).exit, 0);
}

#[test]
fn scopes_are_read_from_a_file_with_their_words() {
    let operator = operator();
    let scopes =
        json!([{ "name": "read:bill:crm", "title": "See bills", "sentence": "All of them.", "risk": "basic" }]);
    std::fs::write(operator.home().join("scopes.json"), scopes.to_string()).expect("a file");
    let added = "resource add --id bills --identifier https://bills.example --scopes-file scopes.json --json";
    assert_eq!(operator.run(added).json()["scopes"], scopes);
}

#[test]
fn a_key_set_takes_the_place_of_a_secret_and_holds_no_private_key() {
    let operator = with_assets();
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1" });
    let mut private = key.clone();
    private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let write = |name: &str, key| std::fs::write(operator.home().join(name), json!({ "keys": [key] }).to_string());
    write("public.json", key).and(write("private.json", private)).expect("files");
    let app = "app add --client-id keyed --redirect-uri https://a.example/cb --scope read:cmdb-object:jira --jwks";
    assert_eq!(operator.run(&format!("{app} private.json")).exit, 1);
    let added = operator.run(&format!("{app} public.json --json")).json();
    assert_eq!(added["token_endpoint_auth_method"], "private_key_jwt");
    assert!(added.get("client_secret").is_none());
    assert_eq!(operator.run("app rotate-secret keyed").exit, 1);
}

#[test]
fn a_person_is_invited_suspended_and_resumed() {
    let operator = operator();
    let invited = operator.run("user invite new@example.com --name New --json").json();
    assert!(invited["invite_link"].as_str().is_some_and(|link| link.contains("/invite/")));
    assert_eq!(operator.run("user suspend new@example.com --json").json()["state"], "suspended");
    assert_eq!(operator.run("user resume new@example.com --json").json()["state"], "active");
    assert_eq!(operator.run("user suspend nobody@example.com").exit, 1);
    assert_eq!(operator.run_with("user add new@example.com --password-stdin", "correct horse").exit, 1);
    assert_eq!(operator.run_with("user add two@example.com --password-stdin", "short").exit, 1);
}

#[test]
fn what_was_done_is_in_the_audit_trail() {
    let operator = with_assets();
    assert_eq!(operator.run("resource rotate-secret assets").exit, 0);
    let trail = operator.run("audit list --count 1 --json").json();
    assert_eq!(trail[0]["event"], "resource_secret_added");
    assert_eq!(trail.as_array().map(Vec::len), Some(1));

    let person = operator.run_with("user add p@example.com --password-stdin --json", "correct horse").json();
    assert_eq!(operator.run("audit list --json").json()[0]["user_id"], person["id"]);
}
