//! Each way to fail has its exit code and one sentence.

use crate::support::operator::operator;

#[test]
fn a_command_line_that_means_nothing_exits_2() {
    let operator = operator();
    for nonsense in [
        "bogus",
        "user add",
        "user add a@b",
        "app add --scope \"",
        "audit list --count 0",
        "user add x --password-stdin",
    ] {
        assert_eq!(operator.run(nonsense).exit, 2, "{nonsense}");
    }
    assert_eq!(operator.run("--help").exit, 0);
    assert!(operator.run("--version").out.starts_with("hallmark "));
}

#[test]
fn a_configuration_that_means_nothing_exits_3_and_names_the_key() {
    let operator = operator();
    for (key, value) in [
        ("ROCKET_PORT", "abc"),
        ("HALLMARK_LIFETIMES__ACCES_TOKEN", "30s"),
        ("HALLMARK_LIFETIMES__ACCESS_TOKEN", "soon"),
        ("HALLMARK_LIFETIME__ACCESS_TOKEN", "30s"),
        ("HALLMARK_ISSUER__URL", "http://id.example"),
        ("HALLMARK_PASSWORDS__MEMORY_KIB", "1"),
    ] {
        let said = operator.run_in("user list", "", &[(key, value)]);
        assert_eq!(said.exit, 3, "{key}={value}: {}", said.err);
    }
    assert_eq!(operator.run("--config nowhere.toml user list").exit, 3);
    std::fs::write(operator.home().join("broken.toml"), "[default\nport=").expect("a file");
    assert_eq!(operator.run("--config broken.toml user list").exit, 3);
}

#[test]
fn a_store_of_another_version_exits_5() {
    let operator = operator();
    assert_eq!(operator.run("user list").exit, 0);
    std::fs::write(operator.data().join("FORMAT"), "99\n").expect("a file");
    let said = operator.run("user list");
    assert_eq!(said.exit, 5);
    assert!(said.err.contains("99"), "{}", said.err);
}

#[test]
fn a_failure_is_one_plain_sentence_on_standard_error() {
    let said = operator().run("app remove nothing");
    assert_eq!(said.exit, 1);
    assert!(said.out.is_empty());
    assert_eq!(said.err.trim_end().lines().count(), 1, "{}", said.err);
}
