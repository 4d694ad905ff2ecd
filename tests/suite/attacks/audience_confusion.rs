//! RFC 9700 section 2.3: a token for one resource says nothing to another.

use crate::support::client::{basic, form};
use crate::support::oauth::confidential;
use crate::support::server::server;

#[rocket::async_test]
async fn a_resource_cannot_pass_a_token_on_to_another() {
    let server = server().await.with_resources().await;
    let app = server.register(confidential()).await;
    let (of_person, _) = server.tokens(&app, "read:objects").await;
    let of_app = app.token_for_itself(&server, &[("scope", "read:objects")]).await.text_of("access_token");

    for token in [of_person, of_app] {
        let credentials = Some(basic("billing", "billing-secret-of-many-characters"));
        let answer = server.post("/oauth/introspect", credentials, &form(&[("token", &token)])).await;
        assert_eq!(answer.text, "{\"active\":false}");
        assert!(server.is_live(&token).await);
    }
}
