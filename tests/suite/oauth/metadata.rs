//! Authorization server metadata, RFC 8414.

use crate::support::server::server;

#[rocket::async_test]
async fn the_metadata_names_the_issuer_exactly_and_every_endpoint_it_names_is_there() {
    let server = server().await.with_resources().await;

    let document: serde_json::Value = server
        .local
        .get("/.well-known/oauth-authorization-server")
        .dispatch()
        .await
        .into_json()
        .await
        .expect("a document");

    assert_eq!(document["issuer"], "https://hallmark.test");
    assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(document["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert!(!document["grant_types_supported"].to_string().contains("password"));
    assert!(document["scopes_supported"].to_string().contains("read:objects"));
    for (name, endpoint) in
        document.as_object().expect("an object").iter().filter(|(name, _)| name.ends_with("_endpoint"))
    {
        let path =
            endpoint.as_str().and_then(|url| url.strip_prefix("https://hallmark.test")).expect("ours").to_owned();
        let status = server.post(&path, None, "").await.status.code;
        assert!(status != 404 && status != 405 && status < 500, "{name} answers {status}");
    }
}
