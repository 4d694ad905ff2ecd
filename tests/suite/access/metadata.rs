//! The metadata of the decision point, AuthZEN section 9.

use crate::support::server::server;

#[rocket::async_test]
async fn every_endpoint_that_the_metadata_names_is_there() {
    let server = server().await.with_resources().await;

    let answer = server.get("/.well-known/authzen-configuration", &[]).await;

    let document = answer.json();
    assert_eq!(document["policy_decision_point"], "https://hallmark.test");
    let document = document.as_object().expect("a document");
    let endpoints = document.iter().filter(|(name, _)| name.ends_with("_endpoint"));
    assert_eq!(endpoints.clone().count(), 3);
    for (name, endpoint) in endpoints {
        let path = endpoint.as_str().and_then(|url| url.strip_prefix("https://hallmark.test")).expect("ours");
        assert_eq!(server.post(path, None, "").await.status.code, 401, "{name}");
    }
}
