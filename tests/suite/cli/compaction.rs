//! `store compact`: everything, in less room.

use crate::cli::backup::installed;
use crate::support::operator::operator;

#[test]
fn a_compacted_store_holds_what_it_held() {
    let operator = installed();
    assert_eq!(operator.run("setup-link").exit, 0);
    let before = operator.run("backup --out before.hallmark --json").json();

    let compacted = operator.run("store compact --json").json();

    let after = operator.run("backup --out after.hallmark --json").json();
    // The second backup is a fact itself.
    let mut expected = before["tables"].clone();
    expected["events"] = (before["tables"]["events"].as_u64().expect("a count") + 1).into();
    assert_eq!(after["tables"], expected);
    assert_eq!(compacted["records"], before["records"]);
    assert!(operator.run("user list").out.contains("p@example.com"));
    assert_eq!(operator.serve().stop().0, Some(0));
    for left in ["building", "next"] {
        assert!(!operator.data().join(left).exists(), "{left}");
    }
}

#[test]
fn a_store_that_a_server_has_is_not_compacted() {
    let operator = installed();
    let _serving = operator.serve();
    let said = operator.run("store compact");
    assert_eq!(said.exit, 4);
    assert!(said.err.contains("stop it first"), "{}", said.err);
}

#[test]
fn where_no_store_is_none_is_made() {
    let operator = operator();
    assert_eq!(operator.run("store compact").exit, 1);
    assert!(!operator.data().exists());
}
