//! The golden table: for each kind of credential, class of operations, role and override what is answered, and by which layer. What is
//! expected was worked out by `golden.py` from the documents, and not by the server.

use std::collections::BTreeMap;

use hallmark::domain::role_binding::RoleSubject;
use serde_json::{Value, json};

use super::world::{Side, sides};

const TABLE: &str = include_str!("golden.tsv");
const OPERATIONS: &str = include_str!("operations.json");

/// A class of operations, and what is expected of it in each column.
type Row = (&'static str, Vec<&'static str>);

/// The table: operations by class; then what is expected by credential, by what is given and by what is given on the type.
struct Golden {
    classes: BTreeMap<&'static str, Vec<&'static str>>,
    on_the_type: Vec<&'static str>,
    rows: BTreeMap<(&'static str, &'static str), Vec<Row>>,
}

fn golden() -> Golden {
    let mut golden = Golden { classes: BTreeMap::new(), on_the_type: Vec::new(), rows: BTreeMap::new() };
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        match cells[..] {
            ["class", name, ..] => drop(golden.classes.insert(name, cells[1..].to_vec())),
            ["credential", "class", "given", ..] => golden.on_the_type = cells[3..].to_vec(),
            [credential, class, given, ..] => {
                golden.rows.entry((credential, given)).or_default().push((class, cells[3..].to_vec()));
            }
            _ => panic!("{line}"),
        }
    }
    golden
}

/// On what type of object an operation is done, by its name.
fn kinds() -> BTreeMap<String, String> {
    let all: Value = serde_json::from_str(OPERATIONS).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let operations = all["operations"].as_array().expect("operations").iter();
    operations.map(|of| (format!("{} {}", text(&of["method"]), text(&of["path"])), text(&of["role_object"]))).collect()
}

/// What the table calls an answer.
fn told(answer: &Value) -> String {
    let context = &answer["context"];
    match (&answer["decision"], context["layer"].as_u64(), context["http_status"].as_u64(), context["error"].as_str()) {
        (Value::Bool(true), ..) => "+".into(),
        (_, Some(1), Some(401), Some("invalid_token")) => "1".into(),
        (_, Some(2), Some(403), Some("insufficient_scope")) => "2".into(),
        (_, Some(3), Some(403), Some("access_denied")) => "3".into(),
        _ => answer.to_string(),
    }
}

async fn compare(golden: &Golden, kinds: &BTreeMap<String, String>, side: &mut Side, wrong: &mut Vec<String>) -> usize {
    let mut compared = 0;
    for caller in 0..side.callers.len() {
        let (name, holder) = (side.callers[caller].name, side.callers[caller].holder);
        let nobody = RoleSubject::User(side.person.id);
        for ((_, given), rows) in golden.rows.range((name, "")..).take_while(|((credential, _), _)| *credential == name)
        {
            for (column, on_the_type) in golden.on_the_type.iter().enumerate() {
                side.give(holder.unwrap_or(nobody), given, on_the_type).await;
                let asked = rows.iter().flat_map(|(class, cells)| {
                    golden.classes[class].iter().map(|operation| (*operation, cells[column]))
                });
                let asked: Vec<(&str, &str)> = asked.collect();
                let questions = asked.iter().map(|(operation, _)| {
                    json!({ "action": { "name": operation }, "resource": side.resource(&kinds[*operation]) })
                });
                let answers = side.ask(&side.callers[caller], questions.collect()).await;
                assert_eq!(answers.len(), asked.len());
                compared += answers.len();
                for ((operation, expected), answer) in asked.iter().zip(&answers) {
                    let told = told(answer);
                    if told != *expected {
                        wrong.push(format!("{name}, {given}, {on_the_type}: {operation}: {told} and not {expected}"));
                    }
                }
            }
        }
    }
    compared
}

#[rocket::async_test]
async fn every_row_of_the_golden_table_is_answered_as_the_documents_say() {
    let (golden, kinds) = (golden(), kinds());
    let (mut wrong, mut compared, mut callers) = (Vec::new(), 0, 0);
    for mut side in sides().await {
        compared += compare(&golden, &kinds, &mut side, &mut wrong).await;
        callers += side.callers.len();
    }
    assert!(wrong.is_empty(), "{} of {compared} are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert_eq!(callers, 20, "every credential of the table was shown");
    assert!(compared > 40_000, "{compared}");
}
