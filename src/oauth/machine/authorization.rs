//! The machine of an authorization request (RFC 6749 section 4.1.1), with the challenge of RFC 7636.

use std::borrow::Cow;

use oxide_auth::code_grant::authorization::{self, Authorization};
use oxide_auth::code_grant::error::AuthorizationErrorType;
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::primitives::grant::Extensions;
use oxide_auth::primitives::registrar::{BoundClient, RegisteredUrl};

use crate::domain::id::ClientId;
use crate::domain::scope::Scope;
use crate::domain::uri::RedirectUri;
use crate::oauth::error::{OAuthError, RequestFault};
use crate::oauth::machine::{malformed_scope, ours, pre_grant, url, within_bounds};

/// An authorization request as far as the machine judges it.
pub struct CodeRequest<'a> {
    /// Who asks; known, but not authenticated.
    pub client_id: &'a ClientId,
    /// Where the answer goes; already bound to the client.
    pub redirect_uri: &'a RedirectUri,
    /// `response_type` as sent.
    pub response_type: Option<&'a str>,
    /// `scope` as sent.
    pub scope: Option<&'a str>,
    /// What the client gets if it asks for no scope.
    pub default_scope: &'a Scope,
    /// `code_challenge_method` and `code_challenge` as sent.
    pub challenge: (Option<&'a str>, Option<&'a str>),
    /// Whether it must be there.
    pub challenge_is_needed: bool,
}

impl authorization::Request for CodeRequest<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(self.client_id.as_str().into())
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.map(Cow::from)
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(self.redirect_uri.as_str().into())
    }
    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn response_type(&self) -> Option<Cow<'_, str>> {
        self.response_type.map(Cow::from)
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// What a valid authorization request asks for (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
///
/// # Errors
/// `unsupported_response_type`, `invalid_scope` by its form, `invalid_request` for a missing or plain challenge.
pub fn authorize(request: &CodeRequest<'_>) -> Result<Scope, OAuthError> {
    // The machine has no word for a missing response_type (RFC 6749 section 4.1.2.1: invalid_request).
    request.response_type.ok_or(RequestFault::Missing("response_type"))?;
    within_bounds(request.scope)?;
    let registered = RegisteredUrl::Semantic(url(request.redirect_uri)?);
    let mut machine = Authorization::new(request);
    let mut output = machine.advance(authorization::Input::None);
    loop {
        let input = match output {
            authorization::Output::Bind { client_id, .. } => authorization::Input::Bound {
                request,
                bound_client: BoundClient {
                    client_id: Cow::Owned(client_id),
                    redirect_uri: Cow::Owned(registered.clone()),
                },
            },
            authorization::Output::Extend => {
                challenge(request)?;
                authorization::Input::Extended(Extensions::new())
            }
            authorization::Output::Negotiate { bound_client, scope } => authorization::Input::Negotiated {
                pre_grant: pre_grant(bound_client, scope, request.default_scope)?,
                state: None,
            },
            authorization::Output::Ok { pre_grant, .. } => return ours(&pre_grant.scope),
            authorization::Output::Err(mut error) => {
                let kind = error.description().map(|description| description.kind());
                return Err(authorization_error(kind, request.scope));
            }
        };
        output = machine.advance(input);
    }
}

fn challenge(request: &CodeRequest<'_>) -> Result<(), OAuthError> {
    let (method, challenge) = request.challenge;
    // Who is exempt and sends any of it is held to it: half of a challenge is a request that somebody cut.
    if !request.challenge_is_needed && (method, challenge) == (None, None) {
        return Ok(());
    }
    let challenge = challenge.ok_or(RequestFault::ChallengeMissing)?;
    // Required and without plain: a missing method means plain (RFC 7636 section 4.3) and is refused like it.
    Pkce::required()
        .challenge(method.map(Cow::from), Some(challenge.into()))
        .map(|_| ())
        .map_err(|()| RequestFault::ChallengeMethod.into())
}

fn authorization_error(kind: Option<AuthorizationErrorType>, scope: Option<&str>) -> OAuthError {
    match kind {
        Some(AuthorizationErrorType::UnsupportedResponseType) => OAuthError::UnsupportedResponseType,
        Some(AuthorizationErrorType::InvalidScope) => malformed_scope(scope),
        _ => RequestFault::Unreadable("the authorization request cannot be followed").into(),
    }
}
