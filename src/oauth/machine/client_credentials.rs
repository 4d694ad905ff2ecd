//! The machine of a client that asks for itself (RFC 6749 section 4.4).

use std::borrow::Cow;

use oxide_auth::code_grant::client_credentials::{self, ClientCredentials};
use oxide_auth::primitives::grant::Extensions;
use oxide_auth::primitives::registrar::{BoundClient, RegisteredUrl};

use crate::domain::id::ClientId;
use crate::domain::scope::Scope;
use crate::oauth::error::OAuthError;
use crate::oauth::machine::{malformed_scope, nowhere, ours, pre_grant, within_bounds};

/// A token request of a client for itself, after it was authenticated.
pub struct ForItself<'a> {
    /// Who authenticated.
    pub client_id: &'a ClientId,
    /// `scope` as sent.
    pub scope: Option<&'a str>,
    /// What the client gets if it asks for no scope.
    pub default_scope: &'a Scope,
}

impl client_credentials::Request for ForItself<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((self.client_id.as_str().into(), Cow::Borrowed(b"")))
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.map(Cow::from)
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some("client_credentials".into())
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// The scope that a client asks for in its own name (RFC 6749 section 4.4.2).
///
/// # Errors
/// `invalid_scope` by its form.
pub fn client_credentials(request: &ForItself<'_>) -> Result<Scope, OAuthError> {
    within_bounds(request.scope)?;
    let mut machine = ClientCredentials::new(request);
    let mut output = machine.advance(client_credentials::Input::None);
    loop {
        let input = match output {
            client_credentials::Output::Authenticate { .. } => client_credentials::Input::Authenticated,
            client_credentials::Output::Binding { client_id } => client_credentials::Input::Bound {
                bound_client: BoundClient {
                    client_id: Cow::Owned(client_id.to_owned()),
                    redirect_uri: Cow::Owned(RegisteredUrl::Semantic(nowhere())),
                },
            },
            client_credentials::Output::Extend => client_credentials::Input::Extended { extensions: Extensions::new() },
            client_credentials::Output::Negotiate { bound_client, scope } => client_credentials::Input::Negotiated {
                pre_grant: pre_grant(bound_client, scope, request.default_scope)?,
            },
            client_credentials::Output::Ok { pre_grant, .. } => return ours(&pre_grant.scope),
            client_credentials::Output::Err(_) => return Err(malformed_scope(request.scope)),
        };
        output = machine.advance(input);
    }
}
