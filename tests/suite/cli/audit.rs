//! `audit export`: the trail as lines of JSON, from a running server or none.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::operator::{Operator, operator};

/// An installation with a trail of some facts.
fn with_facts() -> Operator {
    let operator = operator();
    for name in ["a", "b", "c"] {
        let add = format!("user add {name}@example.com --password-stdin");
        assert_eq!(operator.run_with(&add, "correct horse").exit, 0);
    }
    operator
}

fn facts(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn every_fact_is_a_line_oldest_first_whether_the_server_runs_or_not() {
    let operator = with_facts();
    let alone = operator.run("audit export");
    assert_eq!((alone.exit, alone.err.as_str()), (0, ""));
    let added: Vec<Value> = facts(&alone.out).into_iter().filter(|fact| fact["event"] == "user_added").collect();
    let emails: Vec<&str> = added.iter().filter_map(|fact| fact["email"].as_str()).collect();
    assert_eq!(emails, ["a@example.com", "b@example.com", "c@example.com"]);
    assert!(added[0]["at"].as_str().is_some_and(|at| at.ends_with('Z')));

    let _serving = operator.serve();
    let running = operator.run("audit export");
    assert_eq!(running.exit, 0, "{}", running.err);
    assert!(running.out.starts_with(&alone.out), "the same lines, and what the server added");
    assert!(!running.out.contains("correct horse"));
}

#[test]
fn a_file_is_for_its_owner_alone_and_is_not_replaced_unasked() {
    let operator = with_facts();
    let written = operator.run("audit export --out trail.ndjson --json").json();
    let path = operator.home().join("trail.ndjson");
    let text = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(written["events"], facts(&text).len());
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    assert!(!operator.home().join("trail.ndjson.partial").exists());

    let again = operator.run("audit export --out trail.ndjson");
    assert!(again.exit == 1 && again.err.contains("--overwrite"), "{}", again.err);
    assert_eq!(operator.run("audit export --out trail.ndjson --overwrite").exit, 0);
}

#[test]
fn a_stretch_of_time_is_exported_and_a_moment_that_is_none_is_refused() {
    let operator = with_facts();
    assert_eq!(facts(&operator.run("audit export --until 2020-01-01").out).len(), 0);
    assert_eq!(facts(&operator.run("audit export --since 2999-01-01T00:00:00Z").out).len(), 0);
    assert!(facts(&operator.run("audit export --since 2020-01-01 --until 2999-01-01").out).len() >= 3);
    assert_eq!(operator.run("audit export --since yesterday").exit, 2);
}

#[test]
fn there_is_nothing_to_export_where_nothing_is_kept() {
    let said = operator().run("audit export");
    assert!(said.exit == 1 && said.err.contains("there is no store"), "{}", said.err);
}

#[test]
fn a_reload_is_in_the_trail_with_what_it_changed_and_not_to_what() {
    let operator = operator();
    operator.configure("[default.throttle]\nrefusals_kept = { burst = 7, per_minute = 7 }\n");
    let _serving = operator.serve();
    operator.configure("[default.throttle]\nrefusals_kept = { burst = 4711, per_minute = 7 }\n");
    for _ in 0..2 {
        assert_eq!(operator.run("reload").exit, 0);
    }

    let trail = facts(&operator.run("audit export").out);

    let reloads: Vec<&Value> = trail.iter().filter(|fact| fact["event"] == "configuration_reloaded").collect();
    assert_eq!(reloads.len(), 1, "one that changes nothing is no fact: {trail:?}");
    assert_eq!(reloads[0]["settings"], serde_json::json!(["throttle.refusals_kept.burst"]));
    assert!(!reloads[0].to_string().contains("4711"));
}
