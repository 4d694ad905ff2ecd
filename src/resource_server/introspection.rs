//! The authorization server's word on a token (RFC 7662).

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::domain::id::{ContainerId, SiteId};
use crate::domain::protected_object::ObjectRef;
use crate::resource_server::credential::Credential;
use crate::resource_server::shown::{Roles, Shown};
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
    /// The roles of whom it stands for on the site, where they were asked for; of several objects of a line the nearest counts.
    pub roles: Option<Vec<HeldRole>>,
    /// Whether these are all.
    #[serde(default)]
    pub roles_complete: bool,
    /// Everything else that was said.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A role on an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HeldRole {
    /// The role; none where what is held above is not held there.
    pub role: Option<String>,
    /// The object.
    #[serde(deserialize_with = "object")]
    pub object: ObjectRef,
}

fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectRef, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
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

    /// This, if it is told by that server of a live credential of the kind that was shown.
    pub(super) fn about(self, server: &ResourceServer, credential: Credential<'_>) -> Result<Self, Refusal> {
        let is_of_issuer = self.iss.as_deref().is_none_or(|iss| iss == server.issuer.to_string());
        if self.active && is_of_issuer && self.is_of(credential) {
            return Ok(self);
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
pub(super) async fn introspect(server: &ResourceServer, shown: &Shown<'_>) -> Result<Introspection, Refusal> {
    let mut question = vec![("token", Cow::Borrowed(shown.credential.text()))];
    match shown.credential {
        Credential::Token(_) => {}
        Credential::Basic(_) => question.push(("token_type_hint", "basic".into())),
        Credential::Signature(_) => question.extend([
            ("request_method", Cow::Borrowed(shown.line.method.as_str())),
            ("request_target", shown.line.target.as_str().into()),
        ]),
    }
    question.extend(shown.site.map(|site| ("site", Cow::Borrowed(site))));
    question.extend(shown.client_ip.map(|address| ("client_ip", address.to_string().into())));
    if shown.roles == Roles::Told {
        question.push(("roles", "true".into()));
    }
    let request = server.http.post(server.issuer.url("/oauth/introspect")).form(&question);
    let told: Introspection = server.ask(request).await?;
    told.about(server, shown.credential)
}
