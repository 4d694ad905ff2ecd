//! The ordered list of named checks that every authorization request passes, pushed or not.
//!
//! Who asks and where the answer goes is settled before: until then nothing is sent anywhere. A request that breaks
//! several rules is told of the first.

use crate::domain::authorization_request::{AuthorizationRequest, CodeChallenge, Presence, Prompt};
use crate::domain::client::{AuthorizationRequests, Client, GrantType};
use crate::domain::scope::Scope;
use crate::domain::uri::RedirectUri;
use crate::oauth::error::{OAuthError, RequestFault, ScopeFault};
use crate::oauth::machine::{self, CodeRequest};
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;

/// How the request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Through the browser (RFC 6749 section 4.1.1).
    Front,
    /// Pushed by the authenticated client (RFC 9126 section 2.1).
    Pushed,
}

/// A request whose client and redirection URI are known to belong together.
pub struct Asked<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the answer goes.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it.
    pub redirect_uri_presence: Presence,
    /// What was sent.
    pub parameters: &'a Parameters<'a>,
    /// How it came.
    pub channel: Channel,
}

type Check = fn(&Asked<'_>) -> Result<(), OAuthError>;

/// The checks that need nothing but the request and its client, in order.
pub const CHECKS: [(&str, Check); 9] = [
    ("each parameter is sent once", each_once),
    ("there is no request object", no_request_object),
    ("a client that must push has pushed", pushed_where_required),
    ("the client is registered for codes", registered_for_codes),
    ("the answer goes into the query", query_response_mode),
    ("the code grant's own rules hold", code_grant),
    ("the challenge is well formed", well_formed_challenge),
    ("prompt can be followed", followable_prompt),
    ("state and login_hint are of reasonable length", reasonable_length),
];

impl Asked<'_> {
    /// Passes every check, in order.
    ///
    /// # Errors
    /// The first rule that the request breaks.
    pub fn check(&self) -> Result<(), OAuthError> {
        CHECKS.iter().try_for_each(|(_, check)| check(self))
    }

    /// The scope asked for: what was sent, or else what the client is registered for.
    ///
    /// # Errors
    /// `invalid_scope` by its form, and the other rules of the code grant.
    pub fn scope(&self) -> Result<Scope, OAuthError> {
        machine::authorize(&CodeRequest {
            client_id: &self.client.id,
            redirect_uri: &self.redirect_uri,
            response_type: self.parameters.once("response_type")?,
            scope: self.parameters.once("scope")?,
            default_scope: &self.client.scope,
            challenge: (self.parameters.once("code_challenge_method")?, self.parameters.once("code_challenge")?),
            challenge_is_needed: !self.client.is_exempt_from_pkce(),
        })
    }

    /// The checked request.
    ///
    /// # Errors
    /// `invalid_scope` or `invalid_target` if the catalogue does not know what is asked for, or the client may not have it.
    pub fn into_request(self, scope: Scope, catalogued: &Catalogued) -> Result<AuthorizationRequest, OAuthError> {
        if let Some(token) = scope.without(&catalogued.scope).iter().find(|token| !self.client.allows_token(token)) {
            return Err(ScopeFault::NotRegistered(token.to_owned()).into());
        }
        catalogued.allowed_to(self.client)?;
        Ok(AuthorizationRequest {
            resources: catalogued.resources()?,
            client_id: self.client.id.clone(),
            redirect_uri_presence: self.redirect_uri_presence,
            state: self.parameters.once("state")?.map(str::to_owned),
            code_challenge: challenge(self.client, self.parameters)?,
            prompt: prompt(self.parameters)?,
            login_hint: self.parameters.once("login_hint")?.map(str::to_owned),
            redirect_uri: self.redirect_uri,
            scope,
        })
    }
}

fn each_once(asked: &Asked<'_>) -> Result<(), OAuthError> {
    asked.parameters.each_once()
}

fn no_request_object(asked: &Asked<'_>) -> Result<(), OAuthError> {
    if asked.parameters.once("request")?.is_some() {
        return Err(OAuthError::RequestNotSupported);
    }
    match (asked.parameters.once("request_uri")?, asked.channel) {
        (None, _) => Ok(()),
        // RFC 9126 section 2.1: a pushed request must not name another one.
        (Some(_), Channel::Pushed) => {
            Err(RequestFault::Malformed { name: "request_uri", fault: "not allowed in a pushed request" }.into())
        }
        (Some(_), Channel::Front) => Err(OAuthError::RequestUriNotSupported),
    }
}

fn pushed_where_required(asked: &Asked<'_>) -> Result<(), OAuthError> {
    match (asked.client.authorization_requests, asked.channel) {
        (AuthorizationRequests::PushedOnly, Channel::Front) => Err(RequestFault::MustBePushed.into()),
        _ => Ok(()),
    }
}

fn registered_for_codes(asked: &Asked<'_>) -> Result<(), OAuthError> {
    if asked.client.may_use(GrantType::AuthorizationCode) {
        Ok(())
    } else {
        Err(OAuthError::UnauthorizedClient("this client is not registered for authorization_code"))
    }
}

fn query_response_mode(asked: &Asked<'_>) -> Result<(), OAuthError> {
    match asked.parameters.once("response_mode")? {
        None | Some("query") => Ok(()),
        // A fragment or a posted message would lead around the checks of RFC 9700 sections 4.1 and 4.17.
        Some(_) => Err(RequestFault::Malformed { name: "response_mode", fault: "not query, the only one here" }.into()),
    }
}

fn well_formed_challenge(asked: &Asked<'_>) -> Result<(), OAuthError> {
    challenge(asked.client, asked.parameters).map(|_| ())
}

fn code_grant(asked: &Asked<'_>) -> Result<(), OAuthError> {
    asked.scope().map(|_| ())
}

fn followable_prompt(asked: &Asked<'_>) -> Result<(), OAuthError> {
    prompt(asked.parameters).map(|_| ())
}

fn reasonable_length(asked: &Asked<'_>) -> Result<(), OAuthError> {
    for (name, longest) in [("state", 2048), ("login_hint", 254)] {
        if asked.parameters.once(name)?.is_some_and(|value| value.len() > longest) {
            return Err(RequestFault::Malformed { name, fault: "too long" }.into());
        }
    }
    Ok(())
}

fn challenge(client: &Client, parameters: &Parameters<'_>) -> Result<Option<CodeChallenge>, OAuthError> {
    let Some(sent) = parameters.once("code_challenge")? else {
        return if client.is_exempt_from_pkce() { Ok(None) } else { Err(RequestFault::ChallengeMissing.into()) };
    };
    let malformed =
        RequestFault::Malformed { name: "code_challenge", fault: "not 43 to 128 characters of A-Z a-z 0-9 - . _ ~" };
    sent.parse().map(Some).map_err(|_| malformed.into())
}

fn prompt(parameters: &Parameters<'_>) -> Result<Prompt, OAuthError> {
    Ok(parameters.once("prompt")?.map(str::parse).transpose().map_err(RequestFault::from)?.unwrap_or_default())
}
