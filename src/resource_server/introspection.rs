//! The authorization server's word on a token (RFC 7662).

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::resource_server::{Refusal, ResourceServer};

/// What the authorization server says of a live token.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Introspection {
    active: bool,
    iss: Option<String>,
    /// Whom the token stands for: `user:…` or `app:…`.
    #[serde(default)]
    pub sub: String,
    /// The client it was issued to.
    #[serde(default)]
    pub client_id: String,
    /// The scope it carries, of which this resource sees its own.
    #[serde(default)]
    pub scope: String,
    /// The person's e-mail address, where it stands for one.
    pub username: Option<String>,
    /// When it ends, in seconds since 1970.
    pub exp: Option<u64>,
    /// The site it is good on.
    pub site: Option<Site>,
    /// Everything else that was said.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The site that a token is good on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Site {
    /// The `cloudId`.
    pub id: String,
    /// Where people reach it.
    #[serde(default)]
    pub url: String,
    /// The workspace that belongs to it.
    #[serde(default)]
    pub workspace_id: String,
}

impl Introspection {
    /// Whether the token carries a scope.
    pub fn allows(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|carried| carried == scope)
    }
}

/// Asks about a token. Nothing is kept, so that a withdrawal is felt by the next request.
pub(super) async fn introspect(server: &ResourceServer, token: &str) -> Result<Introspection, Refusal> {
    let answer = match ask(server, token).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(error = %error.without_url(), "the authorization server could not be asked about a token");
            return Err(Refusal::Unavailable);
        }
    };
    if answer.active && answer.iss.as_deref().is_none_or(|iss| iss == server.issuer) {
        Ok(answer)
    } else {
        Err(Refusal::InvalidToken("the access token is expired, revoked, withdrawn or not for this API"))
    }
}

async fn ask(server: &ResourceServer, token: &str) -> Result<Introspection, reqwest::Error> {
    let answer = server
        .http
        .post(&server.introspection_endpoint)
        .basic_auth(form_encoded(&server.id), Some(form_encoded(server.secret.expose())))
        .form(&[("token", token)])
        .send()
        .await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        tracing::error!(id = %server.id, "the authorization server does not take this resource's credentials");
    }
    answer.error_for_status()?.json().await
}

/// RFC 6749 section 2.3.1: the id and the secret are form-encoded before they go into a Basic header.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
