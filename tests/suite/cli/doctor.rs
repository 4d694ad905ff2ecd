//! `doctor` names what is wrong and how to fix it.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::operator::{Said, operator};

fn finding(said: &Said, what: &str) -> Value {
    let findings: Value = serde_json::from_str(&said.out).expect("JSON");
    let findings = findings["findings"].as_array().expect("findings");
    findings.iter().find(|finding| finding["what"] == what).expect(what).clone()
}

#[test]
fn a_sound_installation_is_told_so_running_or_not() {
    let operator = operator();
    assert_eq!(operator.run("user list").exit, 0);
    let down = operator.run("doctor --json");
    assert_eq!((down.exit, &finding(&down, "server")["state"]), (0, &"doubtful".into()), "{}", down.out);
    let _serving = operator.serve();
    let running = operator.run("doctor --json");
    assert_eq!((running.exit, &finding(&running, "server")["state"]), (0, &"good".into()), "{}", running.out);
}

#[test]
fn a_folder_that_others_can_read_is_wrong() {
    let operator = operator();
    assert_eq!(operator.run("user list").exit, 0);
    std::fs::set_permissions(operator.data(), std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let said = operator.run("doctor --json");
    assert_eq!(said.exit, 1);
    assert!(finding(&said, "data folder")["fix"].as_str().is_some_and(|fix| fix.starts_with("chmod 700")));
}

#[test]
fn a_configuration_that_cannot_be_read_is_wrong() {
    let said = operator().run_in("doctor --json", "", &[("HALLMARK_ISSUER__URL", "http://id.example")]);
    assert_eq!(said.exit, 1);
    assert!(finding(&said, "configuration")["detail"].as_str().is_some_and(|detail| detail.contains("issuer")));
}

#[test]
fn an_issuer_that_names_another_port_is_wrong() {
    let said = operator().run_in("doctor --json", "", &[("HALLMARK_ISSUER__URL", "http://127.0.0.1:1")]);
    assert_eq!((said.exit, &finding(&said, "issuer")["state"]), (1, &"wrong".into()));
}
