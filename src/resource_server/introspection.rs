//! The authorization server's word on a token (RFC 7662).

use std::borrow::Cow;
use std::net::IpAddr;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::domain::id::{ContainerId, SiteId};
use crate::resource_server::credential::Credential;
use crate::resource_server::request_line::RequestLine;
use crate::resource_server::{Refusal, ResourceServer};

/// What the authorization server says of a live token, or of an app that signed the request.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Introspection {
    active: bool,
    iss: Option<String>,
    token_type: Option<String>,
    /// Whom the token stands for: `user:…` or `app:…`.
    #[serde(default)]
    pub sub: String,
    /// Who acts for them, where it is another (RFC 8693 section 4.1).
    pub act: Option<Actor>,
    /// Which system it belongs to: `oauth_user`, `forge_app`, `connect_app` and so on.
    #[serde(default)]
    pub credential: String,
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
    /// What it is good for besides its scope (RFC 9396): of a container token all there is.
    #[serde(default)]
    pub authorization_details: Vec<AuthorizationDetail>,
    /// Everything else that was said.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Who acts for the one whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Actor {
    /// `app:…`.
    #[serde(default)]
    pub sub: String,
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

/// What a token is good for, where a scope could not say it (RFC 9396 section 2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AuthorizationDetail {
    /// One import source.
    AssetsImport {
        /// Its workspace.
        workspace: SiteId,
        /// Which.
        import_source: ContainerId,
        /// What may be done there, by the segment of the path that follows its name.
        actions: Vec<String>,
    },
    /// Of a type that this guard does not know, and so good for nothing.
    #[serde(other)]
    Unknown,
}

impl Introspection {
    /// Whether the token carries a scope.
    pub fn allows(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|carried| carried == scope)
    }

    /// Whether the answer is of the kind that was shown. An access token that is shown as a JWT would be one in a query.
    fn is_of(&self, credential: Credential<'_>) -> bool {
        let is = |name: &str| self.token_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case(name));
        match credential {
            Credential::Token(_) => !is("jwt") && !is("basic"),
            Credential::Basic(_) => is("basic"),
            Credential::Signature(_) => is("jwt"),
        }
    }
}

/// Asks about what a request shows. Nothing is kept, so that a withdrawal is felt by the next request.
pub(super) async fn introspect(
    server: &ResourceServer,
    credential: Credential<'_>,
    (line, client_ip): (&RequestLine, Option<IpAddr>),
) -> Result<Introspection, Refusal> {
    let answer = match ask(server, &question(server, credential, line, client_ip)).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(error = %error.without_url(), "the authorization server could not be asked about a token");
            return Err(Refusal::Unavailable);
        }
    };
    if answer.active && answer.iss.as_deref().is_none_or(|iss| iss == server.issuer) && answer.is_of(credential) {
        return Ok(answer);
    }
    Err(Refusal::InvalidToken(match credential {
        Credential::Token(_) => "the access token is expired, revoked, withdrawn or not for this API",
        Credential::Basic(_) => {
            "the e-mail address and API token belong to nobody, or the token is expired, revoked or not for this API"
        }
        Credential::Signature(_) => {
            "the JWT is expired, signs another request or is of an app that may not call this API"
        }
    }))
}

fn question<'q>(
    server: &'q ResourceServer,
    credential: Credential<'q>,
    line: &'q RequestLine,
    client_ip: Option<IpAddr>,
) -> Vec<(&'q str, Cow<'q, str>)> {
    let question = match credential {
        Credential::Token(token) => vec![("token", token)],
        Credential::Basic(payload) => vec![("token", payload), ("token_type_hint", "basic")],
        Credential::Signature(jwt) => {
            vec![("token", jwt), ("request_method", line.method.as_str()), ("request_target", line.target.as_str())]
        }
    };
    let mut question: Vec<_> = question.into_iter().map(|(name, value)| (name, Cow::Borrowed(value))).collect();
    question.extend(server.site.as_deref().map(|site| ("site", Cow::Borrowed(site))));
    question.extend(client_ip.map(|address| ("client_ip", Cow::Owned(address.to_string()))));
    question
}

async fn ask(server: &ResourceServer, question: &[(&str, Cow<'_, str>)]) -> Result<Introspection, reqwest::Error> {
    let answer = server
        .http
        .post(&server.introspection_endpoint)
        .basic_auth(form_encoded(&server.id), Some(form_encoded(server.secret.expose())))
        .form(question)
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
