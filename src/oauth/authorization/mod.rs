//! The authorization endpoint, RFC 6749 section 4.1: from parameters to the next step (sign in, consent, answer).

pub mod checks;
pub mod response;

use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_request::{AuthorizationRequest, Presence, SignInDemand, Transaction};
use crate::domain::client::Client;
use crate::domain::secret::{Secret, TokenKey};
use crate::domain::uri::RedirectUri;
use crate::oauth::authorization::checks::{Asked, Channel};
use crate::oauth::authorization::response::AuthorizationResponse;
use crate::oauth::consent::{self, Person, Step};
use crate::oauth::error::{Interaction, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::transaction::OpenTransaction;
use crate::secrets::token::{TokenKind, mint};
use crate::store::StoreError;

/// What a browser does next.
pub enum Next {
    /// The person signs in, or chooses an account, for this transaction.
    SignIn(Secret<String>),
    /// The person is asked about this transaction.
    Consent(Secret<String>),
    /// The answer is there already.
    Respond(AuthorizationResponse),
}

/// Why a request is answered with a page: nobody who is known to be the client could be told.
#[derive(Debug, thiserror::Error)]
pub enum PageFault {
    /// `client_id` is missing, repeated or unreadable, or the request is.
    #[error("the request does not say which app it is from: {0}")]
    Unreadable(OAuthError),
    /// There is no such client.
    #[error("no app is registered as {0:?}")]
    UnknownClient(String),
    /// The redirection URI is not one of the client's.
    #[error("{received:?} is not a redirection URI of {client}")]
    RedirectUri {
        /// The app's name.
        client: String,
        /// What was sent, if anything was.
        received: String,
    },
    /// The pushed request is unknown, used, expired or another client's.
    #[error("the pushed request is unknown, was used before, has expired or is another app's")]
    PushedRequest,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Judges an authorization request that a browser brought. `browser` is the cookie it is tied to.
///
/// # Errors
/// [`PageFault`] where no answer may be sent to a client.
pub async fn begin(
    server: &AuthorizationServer,
    parameters: &Parameters<'_>,
    browser: TokenKey,
    person: Option<&Person<'_>>,
) -> Result<Next, PageFault> {
    let client = named_client(server, parameters).await?;
    let request = match parameters.once("request_uri").map_err(PageFault::Unreadable)? {
        Some(request_uri) if request_uri.starts_with(crate::oauth::pushed_authorization::URN) => {
            crate::oauth::pushed_authorization::take(server, &client, request_uri).await?
        }
        _ => {
            let (redirect_uri, presence) = bind(server, &client, parameters)?;
            match checked(server, &client, (redirect_uri.clone(), presence), parameters, Channel::Front).await {
                Ok(request) => request,
                Err(OAuthError::ServerError(error)) => return Err(error.into()),
                Err(error) => {
                    let state = parameters.once("state").ok().flatten();
                    let issuer = &server.config.issuer.url;
                    return Ok(Next::Respond(AuthorizationResponse::error(issuer, &redirect_uri, state, &error)));
                }
            }
        }
    };
    proceed(server, client, request, browser, person).await.map_err(PageFault::Store)
}

/// Who asks. Nothing is sent to anybody before this is known.
async fn named_client(server: &AuthorizationServer, parameters: &Parameters<'_>) -> Result<Client, PageFault> {
    let id = parameters.required("client_id").map_err(PageFault::Unreadable)?;
    let unknown = || PageFault::UnknownClient(id.chars().take(128).collect());
    server.store.client(&id.parse().map_err(|_| unknown())?).await?.ok_or_else(unknown)
}

/// Where the answer goes: one of the client's own redirection URIs (RFC 9700 section 2.1), or its only one if none is sent.
pub(super) fn bind(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<(RedirectUri, Presence), PageFault> {
    let received = parameters.once("redirect_uri").map_err(PageFault::Unreadable)?;
    let bound = match (received, client.redirect_uris.as_slice()) {
        (Some(requested), _) => client
            .redirect_uri(requested, server.config.issuer.loopback_ports)
            .map(|redirect_uri| (redirect_uri, Presence::Sent)),
        (None, [only]) => Some((only.clone(), Presence::Assumed)),
        (None, _) => None,
    };
    bound.ok_or_else(|| PageFault::RedirectUri {
        client: client.name.clone(),
        received: received.unwrap_or_default().chars().take(512).collect(),
    })
}

/// The request, once every check has passed.
pub(super) async fn checked(
    server: &AuthorizationServer,
    client: &Client,
    (redirect_uri, redirect_uri_presence): (RedirectUri, Presence),
    parameters: &Parameters<'_>,
    channel: Channel,
) -> Result<AuthorizationRequest, OAuthError> {
    let asked = Asked { client, redirect_uri, redirect_uri_presence, parameters, channel };
    asked.check()?;
    let scope = asked.scope()?;
    let catalogued = Catalogued::load(server, &scope, parameters.resources()).await?;
    asked.into_request(scope, &catalogued)
}

/// Answers at once where the person need not be asked anything, and opens a transaction where they must.
async fn proceed(
    server: &AuthorizationServer,
    client: Client,
    request: AuthorizationRequest,
    browser: TokenKey,
    person: Option<&Person<'_>>,
) -> Result<Next, StoreError> {
    let now = server.now();
    let expires = now + server.config.lifetimes.transaction;
    let sign_in = SignInDemand::of(request.prompt);
    let silent = request.prompt.none;
    let transaction = Transaction { request, browser: browser.digest, sign_in, shown_to: None, expires };
    let minted = mint(TokenKind::Transaction, expires);
    let mut open = OpenTransaction { key: minted.key, transaction, client };

    let step = consent::step(server, &open, person).await?;
    let interaction = match step {
        Step::Respond(response) => return Ok(Next::Respond(response)),
        Step::SignIn(demand) => {
            open.transaction.sign_in = demand;
            Interaction::SignIn
        }
        Step::Ask(_) => Interaction::Consent,
    };
    if silent {
        let request = &open.transaction.request;
        let error = OAuthError::InteractionNeeded(interaction);
        let (issuer, state) = (&server.config.issuer.url, request.state.as_deref());
        return Ok(Next::Respond(AuthorizationResponse::error(issuer, &request.redirect_uri, state, &error)));
    }
    server.store.open_transaction(open.key, &open.transaction).await?;
    Ok(match interaction {
        Interaction::SignIn => Next::SignIn(minted.token),
        Interaction::Consent => Next::Consent(minted.token),
    })
}
