//! Protected resource: an API behind this server (RFC 6749 section 1.1, RFC 8707), and its own credentials for introspection.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::domain::access_token::AccessToken;
use crate::domain::api_token::Reach;
use crate::domain::client::Credentials;
use crate::domain::connect::{ConnectMode, ConnectPolicy};
use crate::domain::id::ResourceId;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;

/// An API that asks about tokens. It learns only about those meant for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedResource {
    /// The name it authenticates with.
    pub id: ResourceId,
    /// What people call it.
    pub name: String,
    /// The `resource` values that mean it; the first is the `aud` of its tokens.
    pub identifiers: Vec<ResourceIdentifier>,
    /// The scopes it owns: it learns about no other.
    pub scope: Scope,
    /// How it authenticates.
    pub credentials: Credentials,
    /// When it was registered.
    pub created: Timestamp,
    /// Where the gateway forwards calls to, without a final slash; `None` where it forwards none.
    pub base_url: Option<BaseUrl>,
    /// Whether it may ask for invocations.
    pub invocations: Invocations,
    /// How it takes Connect apps.
    pub connect: ConnectPolicy,
    /// Which API tokens it takes.
    pub api_tokens: ApiTokenPolicy,
}

/// Which API tokens a protected resource takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiTokenPolicy {
    /// Those that name scopes of its own.
    #[default]
    Scoped,
    /// Those too that are for all that their owner may do, which here are all scopes.
    Everything,
}

impl FromStr for ApiTokenPolicy {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "scoped" => Ok(ApiTokenPolicy::Scoped),
            "everything" => Ok(ApiTokenPolicy::Everything),
            other => Err(format!("{other:?} says nothing of API tokens: one of scoped, everything")),
        }
    }
}

/// Whether a protected resource is a host product, whose pages call apps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invocations {
    /// It is none.
    #[default]
    Refused,
    /// It may ask for an invocation token of any installation on any site.
    Allowed,
}

impl ProtectedResource {
    /// The `aud` of an access token for it.
    pub fn audience(&self) -> &str {
        self.identifiers.first().map_or(self.id.as_str(), ResourceIdentifier::as_str)
    }

    /// Whether `token` is for this resource, and not for an earlier one of the same name that was removed. What a Connect app
    /// may as a person, it may at every resource that takes Connect apps, as with the requests that it signs itself.
    pub fn is_meant_by(&self, token: &AccessToken) -> bool {
        let is_named = token.resource == self.id;
        let takes_it = token.resource.is_connect_resources() && self.takes_connect();
        (is_named || takes_it) && token.issued >= self.created
    }

    /// What of its scopes an API token is for.
    pub fn reached_by(&self, reach: &Reach) -> Scope {
        match (reach, self.api_tokens) {
            (Reach::Scopes(scope), _) => scope.intersection(&self.scope),
            (Reach::Everything, ApiTokenPolicy::Everything) => self.scope.clone(),
            (Reach::Everything, ApiTokenPolicy::Scoped) => Scope::default(),
        }
    }

    /// Whether Connect apps are known here.
    pub fn takes_connect(&self) -> bool {
        self.connect.mode != ConnectMode::Refused
    }
}

/// Where a protected resource is reached: `http` or `https`, without user information, query, fragment or final slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(String);

/// Text that is no base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a base URL is http:// or https:// with a host, and without user information, query, fragment or final slash")]
pub struct MalformedBaseUrl;

impl BaseUrl {
    /// The URL as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nobody on the way reads what is sent there: it is reached over TLS, or on this machine.
    pub fn is_private(&self) -> bool {
        let Ok(url) = Url::parse(&self.0) else { return false };
        let on_this_machine = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        url.scheme() == "https" || on_this_machine
    }
}

impl FromStr for BaseUrl {
    type Err = MalformedBaseUrl;
    fn from_str(text: &str) -> Result<Self, MalformedBaseUrl> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = MalformedBaseUrl;
    fn try_from(text: String) -> Result<Self, MalformedBaseUrl> {
        let url = Url::parse(&text).map_err(|_| MalformedBaseUrl)?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        // As it is parsed, so that what is appended to the text is appended to the path of the URL.
        let canonical = url.as_str().strip_suffix('/').unwrap_or(url.as_str()) == text;
        let bare = url.query().is_none() && url.fragment().is_none();
        if plain && canonical && bare && text.len() <= 2048 { Ok(Self(text)) } else { Err(MalformedBaseUrl) }
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> String {
        url.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An absolute URI without a fragment (RFC 8707 section 2), or a bare host name such as `api.example.com` for clients that send `audience`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceIdentifier(String);

/// Text that identifies no protected resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a resource identifier is an absolute URI without a fragment, or a host name")]
pub struct MalformedResourceIdentifier;

impl ResourceIdentifier {
    /// The identifier as it was registered; compared as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResourceIdentifier {
    type Err = MalformedResourceIdentifier;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for ResourceIdentifier {
    type Error = MalformedResourceIdentifier;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let host_name =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let short = (1..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let absolute = !text.contains('#') && Url::parse(&text).is_ok();
        if short && (absolute || host_name(&text)) { Ok(Self(text)) } else { Err(MalformedResourceIdentifier) }
    }
}

impl From<ResourceIdentifier> for String {
    fn from(identifier: ResourceIdentifier) -> String {
        identifier.0
    }
}

impl fmt::Display for ResourceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_what_a_path_can_be_appended_to() {
        for good in ["https://assets.example", "http://127.0.0.1:8001/jsm/assets"] {
            assert!(good.parse::<BaseUrl>().is_ok(), "{good}");
        }
        for bad in
            ["", "assets", "ftp://a.example", "https://a.example/", "https://a.example/x/", "https://u@a.example"]
        {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad:?}");
        }
        for bad in ["https://a.example/?x", "https://a.example#x", "https://A.example", "https://a.example/../b"] {
            assert!(bad.parse::<BaseUrl>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_resource_identifier_is_an_absolute_uri_without_fragment_or_a_host_name() {
        for good in ["https://assets.example", "https://assets.example/v1", "urn:example:assets", "api.example.com"] {
            assert!(good.parse::<ResourceIdentifier>().is_ok(), "{good}");
        }
        for bad in ["", "/v1", "https://a.example/#x", "a b", "https://a.example/\n"] {
            assert!(bad.parse::<ResourceIdentifier>().is_err(), "{bad:?}");
        }
    }
}
