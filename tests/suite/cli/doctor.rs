//! `doctor` names what is wrong and how to fix it.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::operator::{Operator, Said, operator};
use crate::support::tls::write_certificate_until;

/// An operator with a store, and nobody in it.
fn begun() -> Operator {
    let operator = operator();
    assert_eq!(operator.run("user list").exit, 0);
    operator
}

/// What `doctor` finds there, with something in the environment: the exit code, the state, and what to do.
fn found(operator: &Operator, what: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
    let said = operator.run_in("doctor --json", "", environment);
    let finding = finding(&said, what);
    let text = |name: &str| finding[name].as_str().expect(name).to_owned();
    (said.exit, text("state"), text("fix"))
}

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

#[test]
fn a_disk_without_the_room_that_is_kept_free_is_wrong() {
    let operator = begun();
    let (exit, state, fix) =
        found(&operator, "room on the disk", &[("HALLMARK_STORE__FREE_SPACE_MIB", "1000000000000")]);
    assert_eq!((exit, state.as_str()), (1, "wrong"));
    assert!(fix.contains("store.free_space_mib"), "{fix}");
    let (exit, state, _) = found(&operator, "room on the disk", &[("HALLMARK_STORE__FREE_SPACE_MIB", "0")]);
    assert_eq!((exit, state.as_str()), (0, "good"));
}

#[test]
fn more_connections_than_descriptors_are_doubtful() {
    let operator = begun();
    let many = [("HALLMARK_CONNECTIONS__TOTAL", "4000000000")];
    let (exit, state, fix) = found(&operator, "connections", &many);
    assert_eq!((exit, state.as_str()), (0, "doubtful"));
    assert!(fix.contains("LimitNOFILE") && fix.contains("connections.total"), "{fix}");
    assert_eq!(found(&operator, "connections", &[("HALLMARK_CONNECTIONS__TOTAL", "50")]).1, "good");
    let _serving = operator.serve();
    assert_eq!(found(&operator, "connections", &many).1, "doubtful");
}

#[test]
fn a_key_that_is_gone_or_open_to_others_is_wrong_unless_the_server_may_have_it_as_a_credential() {
    let operator = begun();
    let path = operator.data().join("kek");
    assert_eq!(found(&operator, "key-encryption key", &[]).1, "good");

    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o640);
    let said = operator.run("doctor --json");
    let found_open = finding(&said, "key-encryption key");
    assert_eq!((said.exit, &found_open["state"]), (1, &"wrong".into()));
    assert!(found_open["detail"].as_str().is_some_and(|detail| detail.contains("chmod 600")), "{found_open}");
    mode(0o600);

    let serving = operator.serve();
    std::fs::rename(&path, operator.home().join("kek")).expect("a file");
    let (exit, state, fix) = found(&operator, "key-encryption key", &[]);
    assert_eq!((exit, state.as_str()), (0, "doubtful"));
    assert!(fix.contains("before the server is restarted"), "{fix}");
    drop(serving);
    let (exit, state, _) = found(&operator, "key-encryption key", &[]);
    assert_eq!((exit, state.as_str()), (1, "wrong"));
}

#[test]
fn a_certificate_that_has_ended_ends_soon_or_is_none_is_told() {
    let operator = begun();
    let tls = [
        ("HALLMARK_ISSUER__URL", "https://id.example"),
        ("HALLMARK_TLS__CERTIFICATES", "chain.pem"),
        ("HALLMARK_TLS__KEY", "key.pem"),
    ];
    write_certificate_until(operator.home(), 4096);
    assert_eq!(found(&operator, "certificate", &tls).1, "good");
    assert_eq!(found(&operator, "issuer", &tls).1, "good");
    assert_eq!(found(&operator, "issuer", &tls[1..]).1, "wrong", "http where TLS is spoken");
    assert_eq!(found(&operator, "issuer", &tls[..1]).1, "doubtful", "no proxy is trusted");

    write_certificate_until(operator.home(), 2020);
    let (exit, state, fix) = found(&operator, "certificate", &tls);
    assert_eq!((exit, state.as_str()), (1, "wrong"));
    assert!(fix.contains("hallmark reload"), "{fix}");

    std::fs::write(operator.home().join("chain.pem"), "nothing").expect("a file");
    assert_eq!(found(&operator, "certificate", &tls).1, "wrong");
}

#[test]
fn metrics_for_all_the_world_are_told() {
    let operator = begun();
    for (address, exit, state) in [
        ("off", 0, "good"),
        ("127.0.0.1:1", 0, "good"),
        ("10.0.0.1:9090", 0, "good"),
        ("0.0.0.0:9090", 0, "doubtful"),
        ("203.0.113.1:9090", 1, "wrong"),
    ] {
        let (said, found, _) = found(&operator, "operators' listener", &[("HALLMARK_OPERATIONS__ADDRESS", address)]);
        assert_eq!((said, found.as_str()), (exit, state), "{address}");
    }
}

#[test]
fn a_file_of_another_user_in_the_folder_is_wrong() {
    let operator = begun();
    // Only root gives files away.
    if std::os::unix::fs::chown(operator.data().join("sled/db"), Some(65534), None).is_ok() {
        let (exit, state, fix) = found(&operator, "data folder", &[]);
        assert_eq!((exit, state.as_str()), (1, "wrong"));
        assert!(fix.starts_with("chown -R"), "{fix}");
    }
}

#[test]
fn the_clock_is_looked_at_beside_the_store() {
    let operator = operator();
    assert_eq!(operator.run("setup-link").exit, 0);
    assert_eq!(found(&operator, "clock", &[]).1, "good");
}
