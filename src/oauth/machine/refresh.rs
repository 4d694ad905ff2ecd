//! The machine of a refresh (RFC 6749 section 6).

use std::borrow::Cow;

use oxide_auth::code_grant::error::AccessTokenErrorType;
use oxide_auth::code_grant::refresh::{self, Refresh};
use oxide_auth::primitives::grant::{Extensions, Grant};

use crate::domain::id::ClientId;
use crate::domain::refresh_token::Family;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::oauth::error::{GrantFault, OAuthError, ScopeFault};
use crate::oauth::machine::{nowhere, ours, theirs, until, within_bounds};

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
