//! The machine of a code's redemption (RFC 6749 section 4.1.3), with the verifier of RFC 7636.

use std::borrow::Cow;

use oxide_auth::code_grant::accesstoken::{self, AccessToken, Authorization as PresentedClient};
use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::primitives::grant::{Extensions, Grant, Value};

use crate::domain::authorization_code::AuthorizationCode;
use crate::domain::authorization_request::CodeChallenge;
use crate::domain::id::ClientId;
use crate::domain::time::Timestamp;
use crate::oauth::error::{GrantFault, OAuthError};
use crate::oauth::machine::{theirs, until, url};

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
                match (extensions.remove(&Pkce::required()), request.verifier) {
                    (None, None) => {}
                    // A verifier without a challenge is a code whose challenge somebody cut out (RFC 9700 section 4.8.2).
                    (None, Some(_)) => return Err(GrantFault::VerifierWithoutChallenge.into()),
                    (challenge, verifier) => Pkce::required()
                        .verify(challenge, verifier.map(Cow::from))
                        .map_err(|()| GrantFault::Verifier)?,
                }
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

fn saved_code(code: &AuthorizationCode, now: Timestamp) -> Result<Grant, OAuthError> {
    let mut extensions = Extensions::new();
    if let Some(challenge) = &code.code_challenge {
        extensions.set(&Pkce::required(), saved_challenge(challenge));
    }
    Ok(Grant {
        owner_id: code.user_id.to_string(),
        client_id: code.client_id.as_str().to_owned(),
        scope: theirs(&code.scope)?,
        redirect_uri: url(&code.redirect_uri)?,
        until: until(code.expires, now),
        extensions,
    })
}

/// A challenge as `Pkce::challenge` would have had it kept.
fn saved_challenge(challenge: &CodeChallenge) -> Value {
    Value::private(Some(format!("{}S", challenge.as_str())))
}
