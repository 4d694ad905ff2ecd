//! The registered error codes and what else a client may be told.
//!
//! A refusal names the code for the client's program, the fault for its developer and, through the audit trail, for the
//! operator. What a status each has is for `http::responses::oauth_error`.

use crate::domain::authorization_request::MalformedPrompt;
use crate::domain::error_code::ErrorCode;
use crate::domain::scope::MalformedScope;
use crate::secrets::hs256::MalformedJwt;
use crate::store::StoreError;

/// Why a request at a protocol endpoint was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// `invalid_request`: RFC 6749 sections 4.1.2.1 and 5.2.
    #[error(transparent)]
    InvalidRequest(#[from] RequestFault),
    /// `invalid_client`: RFC 6749 section 5.2.
    #[error(transparent)]
    InvalidClient(#[from] ClientFault),
    /// `invalid_grant`: RFC 6749 section 5.2.
    #[error(transparent)]
    InvalidGrant(#[from] GrantFault),
    /// `invalid_grant`, to a client with the Atlassian profile that refreshes: it relies on these words and on their status.
    #[error("Unknown or invalid refresh token.")]
    RefreshRefused(#[source] GrantFault),
    /// `unauthorized_client`: RFC 6749 sections 4.1.2.1 and 5.2.
    #[error("{0}")]
    UnauthorizedClient(&'static str),
    /// `unauthorized_client`, to a client that asks about tokens: only a protected resource may.
    #[error("only a protected resource may ask about tokens")]
    NotAResource,
    /// `unauthorized_client`, to a resource that asks about whom it names.
    #[error("this protected resource is not trusted to ask about whom it names; show a credential in context.token")]
    NotTrusted,
    /// `unsupported_grant_type`: RFC 6749 section 5.2.
    #[error("grant_type is none of those in grant_types_supported of this server's metadata")]
    UnsupportedGrantType,
    /// `unsupported_response_type`: RFC 6749 section 4.1.2.1.
    #[error("response_type is code, the only one there is here")]
    UnsupportedResponseType,
    /// `invalid_scope`: RFC 6749 sections 4.1.2.1 and 5.2.
    #[error(transparent)]
    InvalidScope(#[from] ScopeFault),
    /// `invalid_target`: RFC 8707 section 2.
    #[error(transparent)]
    InvalidTarget(#[from] TargetFault),
    /// `access_denied`: RFC 6749 section 4.1.2.1.
    #[error("the person did not allow it")]
    AccessDenied,
    /// `login_required`, `consent_required` and the like: OpenID Connect Core section 3.1.2.6, for `prompt=none`.
    #[error("prompt=none was asked for, and the person would have to {}", .0.what())]
    InteractionNeeded(Interaction),
    /// `consent_required`: an app would act for a person who has not allowed it.
    #[error("the person has to allow this app first, at consent_uri")]
    ConsentNeeded {
        /// Where they do that.
        uri: String,
    },
    /// `access_denied`, to a resource that asks for invocations and is no host product.
    #[error("only a host product may ask for invocations; an operator registers it as one")]
    NotAHostProduct,
    /// `request_not_supported`: RFC 9101 section 6.
    #[error("signed request objects are not supported; push the request instead (RFC 9126)")]
    RequestNotSupported,
    /// `request_uri_not_supported`: RFC 9101 section 6.
    #[error("request_uri must come from the pushed authorization request endpoint (RFC 9126)")]
    RequestUriNotSupported,
    /// `server_error`: the store failed; nothing was promised.
    #[error("the server could not keep what this needs; try again")]
    ServerError(#[from] StoreError),
}

/// What `prompt=none` stood against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// `login_required`
    SignIn,
    /// `consent_required`
    Consent,
}

impl Interaction {
    fn what(self) -> &'static str {
        match self {
            Interaction::SignIn => "sign in",
            Interaction::Consent => "consent",
        }
    }
}

/// What is wrong with the form of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// RFC 6749 section 3.1: no parameter more than once.
    #[error("the parameter {0:?} is there more than once")]
    Repeated(String),
    /// A parameter that must be there is not.
    #[error("the parameter {0:?} is missing")]
    Missing(&'static str),
    /// A value cannot be what the parameter means.
    #[error("the parameter {name:?} is {fault}")]
    Malformed {
        /// The parameter.
        name: &'static str,
        /// What it should have been, or what it is.
        fault: &'static str,
    },
    /// The body cannot be read.
    #[error("{0}")]
    Unreadable(&'static str),
    /// The body can be read, and asks for nothing that can be done.
    #[error("{0}")]
    Meaningless(String),
    /// RFC 6749 section 2.3: one way of authenticating per request.
    #[error("the request authenticates the client in more than one way")]
    TwoAuthentications,
    /// `client_id` in the body names another client than the authentication.
    #[error("client_id is not the client that authenticated")]
    ClientMismatch,
    /// The client must push its requests (RFC 9126 section 6).
    #[error("this client must push its authorization requests (RFC 9126)")]
    MustBePushed,
    /// The pushed request is unknown, used, expired or another client's (RFC 9126 section 4).
    #[error("this request_uri is unknown, expired, used before or another client's")]
    UnknownRequestUri,
    /// `prompt` cannot be followed.
    #[error(transparent)]
    Prompt(#[from] MalformedPrompt),
    /// PKCE is required (RFC 7636 section 4.4.1).
    #[error("code_challenge is required: BASE64URL(SHA-256(code_verifier)), with code_challenge_method=S256")]
    ChallengeMissing,
    /// Only S256 (RFC 9700 section 2.1.1).
    #[error("code_challenge_method is S256, the only one there is here")]
    ChallengeMethod,
}

impl RequestFault {
    /// The redirection URI is not one of the client's.
    pub const REDIRECT_URI: Self =
        Self::Malformed { name: "redirect_uri", fault: "not one that this client registered" };
}

/// Why a client is not who it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientFault {
    /// Nothing names a client.
    #[error("the request names no client: send client_id, a Basic header or a client assertion")]
    Unnamed,
    /// The header or assertion cannot be read.
    #[error("the client authentication cannot be read: {0}")]
    Unreadable(&'static str),
    /// No such client, or the secret is not one of its live ones. Which of the two is not told.
    #[error("no such client, or its secret is wrong")]
    Unproven,
    /// The client authenticates in another way than it registered.
    #[error("this client registered another way to authenticate")]
    OtherMethod,
    /// The assertion is not acceptable.
    #[error("the client assertion is not acceptable: {0}")]
    Assertion(AssertionFault),
}

/// The rule that a client assertion breaks (RFC 7523 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionFault {
    /// Form, algorithm or signature.
    #[error(transparent)]
    Malformed(#[from] crate::secrets::assertion::MalformedAssertion),
    /// `iss` and `sub` are both the client identifier.
    #[error("iss and sub must both be the client identifier")]
    Issuer,
    /// `aud` is one string: the issuer, the token endpoint or the endpoint called.
    #[error("aud must be one string: the issuer or the token endpoint")]
    Audience,
    /// `exp` has passed, or lies more than an hour ahead.
    #[error("exp must lie ahead, by at most an hour")]
    Expiry,
    /// `nbf` or `iat` lies ahead.
    #[error("nbf and iat must not lie ahead")]
    NotYet,
    /// `jti` was used before.
    #[error("jti was used before")]
    Replayed,
}

/// Why a code or refresh token is not honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantFault {
    /// Never issued, mistyped, or long over.
    #[error("this code or token is unknown, or has been over for long")]
    Unknown,
    /// Its time is over.
    #[error("this code or token has expired")]
    Expired,
    /// It was used before; what it had produced is over now.
    #[error("this was used before; everything issued from it has been ended, so the person must be asked again")]
    Replayed,
    /// It was issued to another client.
    #[error("this was issued to another client")]
    OtherClient,
    /// RFC 6749 section 4.1.3.
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUri,
    /// RFC 7636 section 4.6.
    #[error("code_verifier does not fit the code_challenge of the authorization request")]
    Verifier,
    /// RFC 9700 section 4.8.2.
    #[error("code_verifier was sent, and the authorization request had no code_challenge")]
    VerifierWithoutChallenge,
    /// The person, an admin or the client ended it.
    #[error("what this was issued under was withdrawn")]
    Withdrawn,
    /// The app is not on the site that is named, or it is another app's installation.
    #[error("this app is not installed there; an admin of the site can install it")]
    NotInstalled,
    /// An admin of the site suspended the installation.
    #[error("an admin of the site suspended this installation")]
    Suspended,
    /// The person is suspended or gone, or no member of the site.
    #[error("this person is not active, or not a member of the site")]
    NotMember,
    /// The app is not shared with the person.
    #[error("this app is not shared: it acts for its owner and contributors alone")]
    NotShared,
    /// An invocation was for nobody.
    #[error("this invocation is for no person; ask for a token of the app itself")]
    Nobody,
    /// Not an invocation token of this server, or for another app, or over.
    #[error("the subject_token is no invocation token of this server for this app that is still good")]
    Invocation,
    /// The assertion that names a person is not acceptable.
    #[error("the assertion is not acceptable: {0}")]
    Assertion(AssertionFault),
    /// The app registered no key.
    #[error("this app registered no key to sign assertions with; deploy it with a JSON Web Key Set")]
    NoKey,
    /// A Connect app may not act as the person.
    #[error(transparent)]
    ActAsUser(#[from] ActAsUserFault),
}

/// The rule of Connect's user impersonation that an assertion breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActAsUserFault {
    /// It cannot be read.
    #[error("the assertion cannot be read: {0}")]
    Malformed(MalformedJwt),
    /// `iss` names no installation.
    #[error("iss must be urn:atlassian:connect:clientid: and the oauthClientId of an installation")]
    Issuer,
    /// The secret cannot be opened here.
    #[error("the shared secret cannot be opened here; an admin of the site has to rotate it")]
    Unsealed,
    /// Another secret signed it.
    #[error("the assertion was not signed with the shared secret of this installation")]
    Signature,
    /// It is over.
    #[error("exp has passed")]
    Expired,
    /// It would be good for too long.
    #[error("exp lies more than 60 seconds after iat")]
    TooLong,
    /// It is not yet good.
    #[error("iat or nbf lies ahead; the clock of the app is wrong")]
    NotYet,
    /// It was made for another server.
    #[error("aud must be one string: an audience of this server")]
    Audience,
    /// It was made for another site.
    #[error("tnt is not the URL of the site of this installation")]
    Tenant,
    /// The app may not act as anybody.
    #[error("the app has no scope ACT_AS_USER that an admin of the site approved")]
    NotAllowed,
    /// It names a person by a key.
    #[error("people are named by account ids: urn:atlassian:connect:useraccountid:, since user keys are no more")]
    UserKey,
    /// It names nobody.
    #[error("sub must be urn:atlassian:connect:useraccountid: and an account id")]
    Subject,
    /// It was used before.
    #[error("this assertion was used before; make a new one for each request")]
    Replayed,
}

/// Why a scope cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// Not the form of RFC 6749 section 3.3.
    #[error(transparent)]
    Malformed(#[from] MalformedScope),
    /// No protected resource owns it.
    #[error("no resource here knows the scope {0:?}")]
    Unknown(String),
    /// The client is not registered for it.
    #[error("this client is not registered for the scope {0:?}")]
    NotRegistered(String),
    /// More than was granted (RFC 6749 section 6).
    #[error("the scope asked for is more than was granted")]
    Exceeded,
    /// No admin of the site approved it.
    #[error("no admin of the site approved the scope {0:?}, or the version that runs does not ask for it")]
    NotApproved(String),
    /// The person did not consent to it.
    #[error("the person did not allow the scope {0:?}")]
    NotConsented(String),
    /// It may not be used for a person who is away.
    #[error("the scope {0:?} was not approved for acting as a person who is away (allowImpersonation)")]
    NotImpersonating(String),
    /// Not one of Connect's.
    #[error("{0:?} is no scope of a Connect app; write them in capitals")]
    NoConnectScope(String),
    /// Nothing is left that a token could be for.
    #[error("no scope of a protected resource is asked for")]
    Nothing,
}

/// Why a resource cannot be had (RFC 8707 section 2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetFault {
    /// No resource has that identifier, or it owns none of the scopes.
    #[error("no resource here is {0:?}, or it owns none of the scopes")]
    Unknown(String),
    /// A scope belongs to a resource that the request does not name.
    #[error("the scope {0:?} belongs to none of the resources that are named")]
    OtherOwner(String),
    /// The code or token was not for it.
    #[error("this was not granted for {0:?}")]
    NotGranted(String),
    /// The scopes belong to several resources, and an access token is for one.
    #[error("the scopes belong to several resources: name one with the parameter \"resource\"")]
    Several,
    /// An access token is for one resource.
    #[error("an access token is for one resource: send \"resource\" once here")]
    TooMany,
}

impl OAuthError {
    /// The registered code, as it is written in an answer.
    pub fn code(&self) -> &'static str {
        self.error_code().as_str()
    }

    /// The registered code.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            OAuthError::InvalidRequest(_) => ErrorCode::InvalidRequest,
            OAuthError::InvalidClient(_) => ErrorCode::InvalidClient,
            OAuthError::InvalidGrant(_) | OAuthError::RefreshRefused(_) => ErrorCode::InvalidGrant,
            OAuthError::UnauthorizedClient(_) | OAuthError::NotAResource | OAuthError::NotTrusted => {
                ErrorCode::UnauthorizedClient
            }
            OAuthError::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            OAuthError::UnsupportedResponseType => ErrorCode::UnsupportedResponseType,
            OAuthError::InvalidScope(_) => ErrorCode::InvalidScope,
            OAuthError::InvalidTarget(_) => ErrorCode::InvalidTarget,
            OAuthError::AccessDenied => ErrorCode::AccessDenied,
            OAuthError::InteractionNeeded(Interaction::SignIn) => ErrorCode::LoginRequired,
            OAuthError::InteractionNeeded(Interaction::Consent) => ErrorCode::ConsentRequired,
            OAuthError::ConsentNeeded { .. } => ErrorCode::ConsentRequired,
            OAuthError::NotAHostProduct => ErrorCode::UnauthorizedClient,
            OAuthError::RequestNotSupported => ErrorCode::RequestNotSupported,
            OAuthError::RequestUriNotSupported => ErrorCode::RequestUriNotSupported,
            OAuthError::ServerError(_) => ErrorCode::ServerError,
        }
    }

    /// What a developer is told, in the characters that RFC 6749 section 5.2 allows there.
    pub fn description(&self) -> String {
        let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
        self.to_string().replace('"', "'").chars().map(|c| if allowed(c) { c } else { '?' }).take(400).collect()
    }
}

impl From<MalformedScope> for OAuthError {
    fn from(fault: MalformedScope) -> Self {
        OAuthError::InvalidScope(fault.into())
    }
}
