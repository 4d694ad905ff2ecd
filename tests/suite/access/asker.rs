//! Whoever asks: a protected resource, by Basic credentials.

use hallmark::domain::event::Event;
use rocket::http::{Header, Method};

use crate::support::access::{EVALUATION, access_world, question};
use crate::support::client::{Answer, basic};

#[rocket::async_test]
async fn only_a_protected_resource_is_answered() {
    let world = access_world().await;
    let body = question("hma_unknown", "GET /object/{id}", "object:88").to_string();
    let json = Header::new("Content-Type", "application/json");
    let ask = async |method: Method, path: &str, credentials: &[Header<'static>]| -> Answer {
        let headers = [json.clone()].into_iter().chain(credentials.iter().cloned());
        world.server.send(method, path, headers, &body).await
    };
    let removed = format!("/access/v1/objects/object/88?site={}", world.site.id);

    for (method, path) in [
        (Method::Post, EVALUATION),
        (Method::Post, "/access/v1/evaluations"),
        (Method::Post, "/access/v1/search/resource"),
        (Method::Put, "/access/v1/objects"),
        (Method::Delete, removed.as_str()),
    ] {
        for wrong in [
            &[][..],
            &[basic("assets", "another-secret-of-many-characters")],
            &[basic("nobody", "assets-secret-of-many-characters")],
            &[Header::new("Authorization", "Bearer hma_unknown")],
            &[Header::new("Authorization", "Basic !")],
        ] {
            let answer = ask(method, path, wrong).await;
            assert_eq!(answer.refusal(), (401, "invalid_client".into()), "{path} {wrong:?}");
            assert!(answer.header("WWW-Authenticate").is_some_and(|value| value.starts_with("Basic ")), "{path}");
        }
        let client = ask(method, path, &[basic("sprint-mailer", "app-secret-of-many-characters")]).await;
        assert_eq!(client.refusal(), (403, "unauthorized_client".into()), "{path}");
        let good = basic("assets", "assets-secret-of-many-characters");
        let twice = ask(method, path, &[good.clone(), good]).await;
        assert_eq!(twice.refusal(), (400, "invalid_request".into()), "{path}");
    }
}

#[rocket::async_test]
async fn whoever_fails_to_prove_it_is_in_the_audit_trail() {
    let world = access_world().await;
    let headers =
        [basic("assets", "another-secret-of-many-characters"), Header::new("Content-Type", "application/json")];

    world.server.send(Method::Post, EVALUATION, headers, "{}").await;

    let facts = world.server.facts().await;
    let is_it =
        |event: &Event| matches!(event, Event::ClientRefused { client_id: Some(id), .. } if id.as_str() == "assets");
    assert!(facts.iter().any(is_it), "{facts:?}");
}

#[rocket::async_test]
async fn a_resource_that_declares_nothing_is_told_so() {
    let world = access_world().await;
    let body = question("hma_unknown", "GET /object/{id}", "object:88").to_string();

    let answer = world.server.send_json(Method::Post, EVALUATION, "billing", &body).await;

    assert_eq!(answer.refusal(), (400, "invalid_request".into()));
    assert!(answer.text.contains("declares no operations"), "{}", answer.text);
}

#[rocket::async_test]
async fn a_resource_that_is_known_names_its_request() {
    let world = access_world().await;
    let body = question("hma_unknown", "GET /object/{id}", "object:88").to_string();
    let ask = async |secret: &str, name: &str| {
        let headers = [
            basic("assets", secret),
            Header::new("Content-Type", "application/json"),
            Header::new("X-Request-ID", name.to_owned()),
        ];
        let answer = world.server.send(Method::Post, EVALUATION, headers, &body).await;
        answer.header("X-Request-Id").expect("a name").to_owned()
    };
    let (right, wrong) = ("assets-secret-of-many-characters", "another-secret-of-many-characters");

    let name = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716";
    assert_eq!(ask(right, name).await, name);
    assert_ne!(ask(wrong, name).await, name);
    for odd in ["", "a b", "a\"b", &"x".repeat(65)] {
        assert_ne!(ask(right, odd).await, odd);
    }
}
