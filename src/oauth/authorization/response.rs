//! Code or error, back to the redirection URI, with `state` and `iss` (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207).

use url::form_urlencoded;

use crate::domain::authorization_request::AuthorizationRequest;
use crate::domain::secret::Secret;
use crate::domain::uri::{Destination, Issuer, RedirectUri};
use crate::oauth::error::OAuthError;

/// An answer to send a browser away with.
pub struct AuthorizationResponse {
    url: Secret<String>,
    destination: Destination,
}

impl AuthorizationResponse {
    /// The answer of a person who allowed it.
    pub fn code(issuer: &Issuer, request: &AuthorizationRequest, code: &Secret<String>) -> Self {
        Self::new(issuer, &request.redirect_uri, request.state.as_deref(), &[("code", code.expose())])
    }

    /// The answer to a request that was refused, by us or by the person.
    pub fn error(issuer: &Issuer, redirect_uri: &RedirectUri, state: Option<&str>, error: &OAuthError) -> Self {
        let description = error.description();
        Self::new(issuer, redirect_uri, state, &[("error", error.code()), ("error_description", &description)])
    }

    fn new(issuer: &Issuer, redirect_uri: &RedirectUri, state: Option<&str>, pairs: &[(&str, &str)]) -> Self {
        // Appended to the text that was registered: parsing and printing a URL may change it.
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.extend_pairs(state.map(|state| ("state", state)));
        query.append_pair("iss", issuer.as_str());
        let separator = if redirect_uri.as_str().contains('?') { '&' } else { '?' };
        Self {
            url: Secret::new(format!("{redirect_uri}{separator}{}", query.finish())),
            destination: redirect_uri.destination(),
        }
    }

    /// Where to send the browser. It may hold a code: it goes into one answer and nowhere else.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// What the person is told of where they go.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }
}
