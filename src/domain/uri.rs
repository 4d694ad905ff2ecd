//! Issuer and RedirectUri, and how they match. Redirection URIs are compared as the text that was registered (RFC 9700 section 2.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

const MAX_BYTES: usize = 2048;
const RESPONSE_PARAMETERS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];

/// The issuer identifier of RFC 8414 section 2: an `https` origin, or an `http` one on this machine's loopback. It has no
/// path, since every path of the host is ours and its cookies are tied to the whole host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(String);

/// Text that cannot be an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an issuer is https://host[:port] (or http:// on a loopback address) without path, query, fragment or final slash"
)]
pub struct MalformedIssuer;

impl Issuer {
    /// The issuer as text, without a final slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach it over TLS, so that cookies can be `Secure` and carry the `__Host-` prefix.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The URL of a path on this server; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// `scheme://host[:port]`, as a browser writes the `Origin` of this server's pages.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map_or_else(|_| self.0.clone(), |url| url.origin().ascii_serialization())
    }

    /// The host name, which the pages show so that people know where they are.
    pub fn host(&self) -> String {
        Url::parse(&self.0).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl TryFrom<String> for Issuer {
    type Error = MalformedIssuer;
    fn try_from(text: String) -> Result<Self, MalformedIssuer> {
        let url = Url::parse(&text).map_err(|_| MalformedIssuer)?;
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && (is_loopback(&url) || is_localhost(&url)));
        let plain =
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        // What a browser and a client library make of the URL must be the text that tokens carry.
        let canonical = url.path() == "/" && url.as_str().strip_suffix('/') == Some(text.as_str());
        if scheme && plain && canonical { Ok(Self(text)) } else { Err(MalformedIssuer) }
    }
}

impl FromStr for Issuer {
    type Err = MalformedIssuer;
    fn from_str(text: &str) -> Result<Self, MalformedIssuer> {
        text.to_owned().try_into()
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> String {
        issuer.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A redirection URI that a client registered: `https`, `http` on loopback only (RFC 8252 section 7.3), or a private-use
/// scheme with a dot in it (RFC 8252 section 7.1). No fragment, user information or wildcard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// The rule that a redirection URI breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRedirectUri {
    /// Not an absolute URI of printable ASCII, or too long.
    #[error("a redirection URI is an absolute URI of at most 2,048 visible ASCII characters")]
    Syntax,
    /// It has a fragment (RFC 6749 section 3.1.2).
    #[error("a redirection URI has no fragment")]
    Fragment,
    /// It has user information, a wildcard, a backslash or a dot segment.
    #[error("a redirection URI has no user information, wildcard, backslash or dot segment")]
    Ambiguous,
    /// Its query has a parameter that the answer adds, so that a client could read the wrong one.
    #[error("the query of a redirection URI holds none of code, state, iss, error, error_description, error_uri")]
    Reserved,
    /// A scheme that cannot be trusted to reach the client.
    #[error("a redirection URI is https, http on a loopback address, or a private-use scheme such as com.example.app")]
    Scheme,
}

/// Which loopback names may differ from the registered URI in their port alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopbackPorts {
    /// None: the URI is matched exactly. For confidential clients.
    Exact,
    /// `127.0.0.1` and `[::1]` (RFC 8252 section 7.3).
    Addresses,
    /// Also the name `localhost`, which RFC 8252 section 8.3 advises against.
    AddressesAndLocalhost,
}

/// Where a redirection URI leads, as a person is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    /// An origin such as `https://app.example`.
    Web(String),
    /// An app on the computer that the browser runs on.
    ThisComputer,
    /// An app that claimed this scheme on the device.
    Scheme(String),
}

impl RedirectUri {
    /// The text as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request that names `requested` means this URI: the same text, or, where `ports` says so, the same but for the port of a loopback host.
    pub fn matches(&self, requested: &str, ports: LoopbackPorts) -> bool {
        if self.0 == requested {
            return true;
        }
        let allowed = match ports {
            LoopbackPorts::Exact => false,
            LoopbackPorts::Addresses => self.is_loopback_address(),
            LoopbackPorts::AddressesAndLocalhost => self.is_loopback_address() || self.is_localhost(),
        };
        // Two URIs of which neither has a readable port have nothing in common by that.
        let same_but_port = || without_port(&self.0).is_some_and(|own| without_port(requested) == Some(own));
        allowed && requested.parse::<RedirectUri>().is_ok() && same_but_port()
    }

    /// Where it leads.
    pub fn destination(&self) -> Destination {
        if self.is_loopback_address() || self.is_localhost() {
            return Destination::ThisComputer;
        }
        match Url::parse(&self.0) {
            Ok(url) if url.scheme() == "https" => Destination::Web(url.origin().ascii_serialization()),
            Ok(url) => Destination::Scheme(url.scheme().to_owned()),
            Err(_) => Destination::Scheme(self.0.clone()),
        }
    }

    /// Whether only the holder of a host name can receive what is sent there.
    pub fn is_claimed_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    fn is_loopback_address(&self) -> bool {
        self.0.starts_with("http://127.0.0.1") || self.0.starts_with("http://[::1]")
    }

    fn is_localhost(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "http" && is_localhost(&url))
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = MalformedRedirectUri;
    fn try_from(text: String) -> Result<Self, MalformedRedirectUri> {
        if text.len() > MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(MalformedRedirectUri::Syntax);
        }
        let url = Url::parse(&text).map_err(|_| MalformedRedirectUri::Syntax)?;
        if text.contains('#') {
            return Err(MalformedRedirectUri::Fragment);
        }
        let ambiguous =
            text.contains(['\\', '*', '"', '<', '>']) || !url.username().is_empty() || url.password().is_some();
        let dots = text.split(['/', '?']).any(|segment| matches!(segment, "." | ".."));
        if ambiguous || dots {
            return Err(MalformedRedirectUri::Ambiguous);
        }
        if url.query_pairs().any(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
            return Err(MalformedRedirectUri::Reserved);
        }
        let authority_follows = text[url.scheme().len()..].starts_with("://");
        let trusted = match url.scheme() {
            "https" => authority_follows && url.host_str().is_some_and(|host| !host.is_empty()),
            "http" => authority_follows && (is_loopback(&url) || is_localhost(&url)),
            private => private.contains('.'),
        };
        if trusted { Ok(Self(text)) } else { Err(MalformedRedirectUri::Scheme) }
    }
}

impl FromStr for RedirectUri {
    type Err = MalformedRedirectUri;
    fn from_str(text: &str) -> Result<Self, MalformedRedirectUri> {
        text.to_owned().try_into()
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> String {
        uri.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    }
}

fn is_localhost(url: &Url) -> bool {
    url.host() == Some(Host::Domain("localhost"))
}

/// The text of an `http` URI before its port and from its path on; `None` where the port is no number.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let start = uri.find("://")? + 3;
    let path = uri[start..].find(['/', '?']).map_or(uri.len(), |at| start + at);
    let authority = &uri[start..path];
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[host_end..].find(':') {
        None => Some((&uri[..path], &uri[path..])),
        Some(colon) => {
            let port = &authority[host_end + colon + 1..];
            let number =
                !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
            number.then(|| (&uri[..start + host_end + colon], &uri[path..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        text.parse().expect(text)
    }

    #[test]
    fn only_addresses_that_reach_the_client_are_registered() {
        for good in [
            "https://app.example/cb",
            "https://app.example",
            "https://app.example:8443/cb?x=1",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:4711/cb",
            "http://[::1]:4711/cb",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
        ] {
            assert!(good.parse::<RedirectUri>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "http://app.example/cb",
            "https://app.example/cb#f",
            "https://user@app.example/cb",
            "https://*.app.example/cb",
            "https://app.example/../cb",
            "https://app.example\\cb",
            "https:app.example",
            "https://app.example/cb?code=mine",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/cb",
            "http://127.0.0.1.evil.example/cb",
            "https://app.example/c b",
            "https://app.exämple/cb",
        ] {
            assert!(bad.parse::<RedirectUri>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_port_of_a_loopback_address_may_differ_and_nothing_else() {
        let registered = uri("http://127.0.0.1/cb");
        let native = |requested| registered.matches(requested, LoopbackPorts::Addresses);
        assert!(native("http://127.0.0.1:51004/cb") && native("http://127.0.0.1/cb"));
        for other in [
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004/CB",
            "http://127.0.0.1:51004/cb?x=1",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.2:51004/cb",
            "http://localhost:51004/cb",
            "https://127.0.0.1:51004/cb",
            "http://[::1]:51004/cb",
        ] {
            assert!(!native(other), "{other}");
        }
        assert!(!registered.matches("http://127.0.0.1:51004/cb", LoopbackPorts::Exact));
        assert!(uri("http://[::1]/cb").matches("http://[::1]:9/cb", LoopbackPorts::Addresses));
        let localhost = uri("http://localhost:3000/cb");
        assert!(!localhost.matches("http://localhost:3001/cb", LoopbackPorts::Addresses));
        assert!(localhost.matches("http://localhost:3001/cb", LoopbackPorts::AddressesAndLocalhost));
    }

    #[test]
    fn a_uri_without_a_readable_port_means_itself_alone() {
        for registered in [uri("http://127.0.0.1:/cb"), uri("http://localhost:/cb")] {
            let native = |requested| registered.matches(requested, LoopbackPorts::AddressesAndLocalhost);
            assert!(native(registered.as_str()));
            for other in ["com.example.evil:/cb", "com.example.evil:/other", "http://127.0.0.1:/other"] {
                assert!(!native(other), "{other}");
            }
        }
    }

    #[test]
    fn an_issuer_is_https_or_loopback_and_canonical() {
        for good in ["https://id.example", "http://127.0.0.1:8000", "http://localhost:8000"] {
            assert!(good.parse::<Issuer>().is_ok(), "{good}");
        }
        for bad in [
            "http://id.example",
            "https://id.example/",
            "https://ID.example",
            "https://id.example?x",
            "https://id.example/tenant",
            "id.example",
            "https://id.example:443",
        ] {
            assert!(bad.parse::<Issuer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_person_is_told_where_a_redirect_leads() {
        assert_eq!(uri("https://app.example/cb").destination(), Destination::Web("https://app.example".into()));
        assert_eq!(uri("http://127.0.0.1:1/cb").destination(), Destination::ThisComputer);
        assert_eq!(uri("com.example.app:/cb").destination(), Destination::Scheme("com.example.app".into()));
    }
}
