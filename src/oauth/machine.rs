//! Answers the questions of oxide-auth's state machines from what a use case loaded.
//!
//! The machines hold no state of ours and touch no store. They decide the order of the checks, the response and grant
//! type, the binding of client and redirection URI, expiry and the comparison of scopes; a use case authenticates the
//! client before, names the fault after, and issues by itself, since the machines know neither families nor lifetimes.
//! Their clock is the machine's, so they are told what remains by ours.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use oxide_auth::code_grant::accesstoken::{self, AccessToken, Authorization as PresentedClient};
use oxide_auth::code_grant::authorization::{self, Authorization};
use oxide_auth::code_grant::client_credentials::{self, ClientCredentials};
use oxide_auth::code_grant::error::{AccessTokenErrorType, AuthorizationErrorType};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::code_grant::refresh::{self, Refresh};
use oxide_auth::primitives::grant::{Extensions, Grant, Value};
use oxide_auth::primitives::registrar::{BoundClient, PreGrant, RegisteredUrl};
use oxide_auth::primitives::scope::Scope as MachineScope;
use url::Url;

use crate::domain::authorization_code::AuthorizationCode;
use crate::domain::authorization_request::CodeChallenge;
use crate::domain::id::ClientId;
use crate::domain::refresh_token::Family;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::domain::uri::RedirectUri;
use crate::oauth::error::{GrantFault, OAuthError, RequestFault, ScopeFault};

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
                challenge(request.challenge)?;
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

fn challenge((method, challenge): (Option<&str>, Option<&str>)) -> Result<(), OAuthError> {
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

/// A token request for a code, after its client was authenticated and the code found.
pub struct CodeRedemption<'a> {
    /// Who authenticated.
    pub client_id: &'a ClientId,
    /// What the code stands for.
    pub code: &'a AuthorizationCode,
    /// `redirect_uri` as sent.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier` as sent.
    pub verifier: Option<&'a str>,
}

impl accesstoken::Request for CodeRedemption<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        Some("found".into())
    }
    fn authorization(&self) -> PresentedClient<'_> {
        PresentedClient::Username(self.client_id.as_str().into())
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(self.redirect_uri.unwrap_or(self.code.redirect_uri.as_str()).into())
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some("authorization_code".into())
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// Whether the code may be redeemed by this request (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
///
/// # Errors
/// `invalid_grant`, with the binding that does not hold.
pub fn redeem(request: &CodeRedemption<'_>, now: Timestamp) -> Result<(), OAuthError> {
    let mut machine = AccessToken::new(request);
    let mut output = machine.advance(accesstoken::Input::None);
    loop {
        let input = match output {
            accesstoken::Output::Authenticate { .. } => accesstoken::Input::Authenticated,
            accesstoken::Output::Recover { .. } => {
                accesstoken::Input::Recovered(Some(Box::new(saved_code(request.code, now)?)))
            }
            accesstoken::Output::Extend { extensions } => {
                let challenge = extensions.remove(&Pkce::required());
                Pkce::required()
                    .verify(challenge, request.verifier.map(Cow::from))
                    .map_err(|()| GrantFault::Verifier)?;
                accesstoken::Input::Extended { access_extensions: Extensions::new() }
            }
            accesstoken::Output::Issue { .. } => return Ok(()),
            accesstoken::Output::Ok(_) | accesstoken::Output::Err(_) => return Err(code_fault(request, now).into()),
        };
        output = machine.advance(input);
    }
}

/// The machine says only that the bindings do not hold; this names the first that does not.
fn code_fault(request: &CodeRedemption<'_>, now: Timestamp) -> GrantFault {
    if request.code.client_id != *request.client_id {
        GrantFault::OtherClient
    } else if request.code.expires.has_passed(now) {
        GrantFault::Expired
    } else {
        GrantFault::RedirectUri
    }
}

/// A token request for a refresh token, after its client was authenticated and the family found.
pub struct Refreshing<'a> {
    /// Who authenticated.
    pub client_id: &'a ClientId,
    /// `scope` as sent.
    pub scope: Option<&'a str>,
}

impl refresh::Request for Refreshing<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        Some("found".into())
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.map(Cow::from)
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some("refresh_token".into())
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((self.client_id.as_str().into(), Cow::Borrowed(b"")))
    }
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

/// The scope that this refresh is for: what is asked, which must be within what was granted, or else all of it
/// (RFC 6749 section 6).
///
/// # Errors
/// `invalid_scope` if more is asked; `invalid_grant` if the family is another client's or over.
pub fn refresh(request: &Refreshing<'_>, family: &Family, now: Timestamp) -> Result<Scope, OAuthError> {
    within_bounds(request.scope)?;
    let mut machine = Refresh::new(request);
    let mut output = machine.advance(refresh::Input::None);
    loop {
        let input = match output {
            refresh::Output::Unauthenticated { .. } => {
                refresh::Input::Authenticated { scope: request.scope.map(Cow::from) }
            }
            refresh::Output::RecoverRefresh { .. } => refresh::Input::Recovered {
                scope: request.scope.map(Cow::from),
                grant: Some(Box::new(saved_family(family, now)?)),
            },
            refresh::Output::Refresh { grant, .. } => return ours(&grant.scope),
            refresh::Output::Ok(_) => return Err(GrantFault::Unknown.into()),
            refresh::Output::Err(mut error) => {
                return Err(match error.description().map(|description| description.kind()) {
                    Some(AccessTokenErrorType::InvalidScope) => {
                        match request.scope.unwrap_or_default().parse::<Scope>() {
                            Ok(_) => ScopeFault::Exceeded.into(),
                            Err(fault) => fault.into(),
                        }
                    }
                    _ if family.client_id != *request.client_id => GrantFault::OtherClient.into(),
                    _ => GrantFault::Expired.into(),
                });
            }
        };
        output = machine.advance(input);
    }
}

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

/// The machines know no bounds: a scope of a megabyte would be taken apart before anybody measured it.
fn within_bounds(scope: Option<&str>) -> Result<(), OAuthError> {
    scope.map(str::parse::<Scope>).transpose()?;
    Ok(())
}

fn pre_grant(
    bound: &BoundClient<'static>,
    scope: Option<MachineScope>,
    default: &Scope,
) -> Result<PreGrant, OAuthError> {
    Ok(PreGrant {
        client_id: bound.client_id.clone().into_owned(),
        redirect_uri: bound.redirect_uri.clone().into_owned(),
        scope: scope.map_or_else(|| theirs(default), Ok)?,
    })
}

fn saved_code(code: &AuthorizationCode, now: Timestamp) -> Result<Grant, OAuthError> {
    let mut extensions = Extensions::new();
    extensions.set(&Pkce::required(), saved_challenge(&code.code_challenge));
    Ok(Grant {
        owner_id: code.user_id.to_string(),
        client_id: code.client_id.as_str().to_owned(),
        scope: theirs(&code.scope)?,
        redirect_uri: url(&code.redirect_uri)?,
        until: until(code.expires, now),
        extensions,
    })
}

fn saved_family(family: &Family, now: Timestamp) -> Result<Grant, OAuthError> {
    Ok(Grant {
        owner_id: family.user_id.to_string(),
        client_id: family.client_id.as_str().to_owned(),
        scope: theirs(&family.scope)?,
        redirect_uri: nowhere(),
        until: until(family.expires, now),
        extensions: Extensions::new(),
    })
}

/// A challenge as `Pkce::challenge` would have had it kept.
fn saved_challenge(challenge: &CodeChallenge) -> Value {
    Value::private(Some(format!("{}S", challenge.as_str())))
}

/// Our expiry on the machine's clock.
#[expect(clippy::disallowed_methods, reason = "the machines read the machine's clock; ours says only what remains")]
fn until(expires: Timestamp, now: Timestamp) -> DateTime<Utc> {
    let remaining = i64::try_from(expires.remaining(now).as_secs()).unwrap_or(i64::MAX / 1000);
    let remaining = if expires.has_passed(now) { -1 } else { remaining };
    TimeDelta::try_seconds(remaining)
        .and_then(|left| Utc::now().checked_add_signed(left))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn url(uri: &RedirectUri) -> Result<Url, OAuthError> {
    Url::parse(uri.as_str()).map_err(|_| GrantFault::RedirectUri.into())
}

/// Where a flow without redirection is said to lead, since the machines want to be told something.
fn nowhere() -> Url {
    #[expect(clippy::expect_used, reason = "the text is a constant")]
    Url::parse("about:blank").expect("about:blank is a URL")
}

fn theirs(scope: &Scope) -> Result<MachineScope, OAuthError> {
    scope.as_str().parse().map_err(|_| malformed_scope(Some(scope.as_str())))
}

/// The machines keep scopes as unordered sets without bounds; ours are ordered and bounded.
fn ours(scope: &MachineScope) -> Result<Scope, OAuthError> {
    Ok(scope.to_string().parse::<Scope>()?)
}

fn malformed_scope(scope: Option<&str>) -> OAuthError {
    match scope.unwrap_or_default().parse::<Scope>() {
        Err(fault) => fault.into(),
        Ok(_) => ScopeFault::Nothing.into(),
    }
}
