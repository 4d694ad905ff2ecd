//! A database in the settings, without one behind it: what is refused, and how.

use serde_json::Value;

use crate::support::operator::operator;

const URL: &str = "HALLMARK_STORE__URL";
/// Nobody listens there.
const NOWHERE: &str = "postgres://me:sesame@127.0.0.1:1/hallmark";

#[test]
fn a_database_that_cannot_be_used_as_it_is_named_exits_3_and_its_url_is_not_told() {
    let operator = operator();
    for (key, value, told) in [
        (URL, "mysql://me:sesame@db/hallmark", "store.url"),
        (URL, "", "store.url"),
        (URL, "postgres://me:sesame@127.0.0.1:port/hallmark", "store.url"),
        (URL, "postgres://me:sesame@127.0.0.1/hallmark?sesam=open", "store.url"),
        (URL, "postgres://me:sesame@db.example/hallmark", "sslmode=require"),
        ("HALLMARK_STORE__CERTIFICATE_AUTHORITY", "nowhere.pem", "store.certificate_authority"),
        ("HALLMARK_STORE__CONNECTIONS", "0", "store.connections"),
        ("HALLMARK_STORE__CONNECT_TIMEOUT", "soon", "connect_timeout"),
        ("HALLMARK_STORE__STATEMENT_TIMEOUT", "500ms", "store.statement_timeout"),
        ("HALLMARK_STORE__POOLER", "session", "pooler"),
        ("HALLMARK_STORE__MIGRATE", "never", "migrate"),
    ] {
        let environment = [(URL, "postgres://me:sesame@127.0.0.1/hallmark?sslmode=require"), (key, value)];
        let said = operator.run_in("user list", "", &environment);
        assert_eq!(said.exit, 3, "{key}={value}: {}", said.err);
        assert!(said.err.to_lowercase().contains(told), "{key}={value}: {}", said.err);
        assert!(!said.err.contains("sesame"), "{key}={value}: {}", said.err);
    }
    assert!(!operator.data().exists(), "nothing began");
}

#[test]
fn a_database_that_does_not_answer_exits_75_and_no_other_store_is_begun() {
    let operator = operator();
    for command in ["user list", "serve", "backup --out it", "store migrate", "store check", "demo --walk"] {
        let said = operator.run_in(command, "", &[(URL, NOWHERE)]);
        assert_eq!(said.exit, 75, "{command}: {}", said.err);
        assert_eq!(said.err.trim_end().lines().count(), 1, "{}", said.err);
        assert!(!said.err.contains("sesame"), "{command}: {}", said.err);
    }
    assert!(!operator.data().join("sled").exists());

    let said = operator.run_in("doctor --json", "", &[(URL, NOWHERE)]);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    let findings = told["findings"].as_array().expect("findings");
    let store = findings.iter().find(|finding| finding["what"] == "store").expect("a finding");
    assert_eq!((said.exit, &store["state"]), (1, &"wrong".into()), "{}", said.out);
    assert!(!said.out.contains("sesame"), "{}", said.out);
}

#[test]
fn what_is_of_the_embedded_store_alone_says_what_to_do_with_a_database() {
    let operator = operator();
    let key = operator.home().join("next-kek");
    std::fs::write(&key, "0f".repeat(32)).expect("a file");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    for (command, instead) in [
        ("restore it.hallmark", "hallmark store copy"),
        ("store compact", "autovacuum"),
        ("key rewrap --to next-kek", "hallmark store copy"),
    ] {
        let said = operator.run_in(command, "", &[(URL, NOWHERE)]);
        assert_eq!(said.exit, 1, "{command}: {}", said.err);
        assert_eq!(said.err.trim_end().lines().count(), 1, "{}", said.err);
        assert!(said.err.contains("store.url") && said.err.contains(instead), "{command}: {}", said.err);
    }
}

#[test]
fn what_is_of_a_database_says_so_where_there_is_none() {
    let operator = operator();
    for command in ["store migrate", "store check"] {
        let said = operator.run(command);
        assert_eq!(said.exit, 1, "{command}: {}", said.err);
        assert!(said.err.contains("store.url"), "{command}: {}", said.err);
    }
}
