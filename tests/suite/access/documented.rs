//! docs/access.md: every question in it is asked, and answered as it says. There `…` is any text.

use std::path::Path;

use hallmark::domain::role_binding::RoleSubject;
use rocket::http::Method;
use serde_json::Value;

use crate::support::access::{READ, access_world};

/// The blocks of a document: each with its language.
fn blocks(document: &str) -> Vec<(&str, &str)> {
    let fenced = document.split("```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

/// Whether something is what was told of it.
fn fits(told: &Value, said: &Value) -> bool {
    match (told, said) {
        (Value::String(told), _) if told == "…" => said.is_string(),
        (Value::Object(told), Value::Object(said)) => {
            told.len() == said.len()
                && told.iter().all(|(name, told)| said.get(name).is_some_and(|said| fits(told, said)))
        }
        (Value::Array(told), Value::Array(said)) => {
            told.len() == said.len() && told.iter().zip(said).all(|(told, said)| fits(told, said))
        }
        _ => told == said,
    }
}

#[rocket::async_test]
async fn every_question_of_the_document_is_answered_as_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    let document = std::fs::read_to_string(path).expect("docs/access.md");
    let world = access_world().await;
    world.give("user", "schema:4", RoleSubject::User(world.person.id)).await;
    let token = world.token(&world.person, READ).await;
    let known = |text: &str| {
        text.replace("$TOKEN", &token)
            .replace("$WORKSPACE", &world.site.workspace_id.to_string())
            .replace("$USER", &world.person.id.to_string())
            .replace("hallmark.example", "hallmark.test")
    };
    let blocks = blocks(&document);
    let mut asked = 0;

    for (at, (_, text)) in blocks.iter().enumerate().filter(|(_, (language, _))| *language == "http") {
        let (line, body) = text.split_once("\n\n").expect("a request line and a body");
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        let answer = world.server.send_json(method, path, "assets", &known(body)).await;
        asked += 1;
        match blocks.get(at + 1) {
            Some(("json", told)) => {
                let told = serde_json::from_str(&known(told)).expect("JSON");
                assert!(fits(&told, &answer.json()), "{text}\nsays\n{}\nand not\n{told}", answer.text);
            }
            _ => assert_eq!((answer.status.code, answer.text.as_str()), (204, ""), "{text}"),
        }
    }
    assert!(asked > 8, "{asked}");
}

#[test]
fn an_answer_that_the_document_does_not_tell_is_noticed() {
    let json = |text| serde_json::from_str(text).expect("JSON");
    assert!(fits(&json(r#"{"a":["…",1]}"#), &json(r#"{"a":["x",1]}"#)));
    for other in [r#"{"a":["x",2]}"#, r#"{"a":["x"]}"#, r#"{"a":[1,1]}"#, r#"{"a":["x",1],"b":1}"#, "{}"] {
        assert!(!fits(&json(r#"{"a":["…",1]}"#), &json(other)), "{other}");
    }
}
