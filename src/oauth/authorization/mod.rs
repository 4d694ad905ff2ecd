//! The authorization endpoint, RFC 6749 section 4.1: from parameters to the next step (sign in, consent, answer).

pub mod checks;
pub mod request;
pub mod response;

use std::sync::Arc;

use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_request::{AuthorizationRequest, SignInDemand, Transaction};
use crate::domain::client::Client;
use crate::domain::secret::{Secret, TokenKey};
use crate::oauth::authorization::checks::Channel;
use crate::oauth::authorization::request::{PageFault, bind, checked};
use crate::oauth::authorization::response::AuthorizationResponse;
use crate::oauth::consent::{self, Person, Step};
use crate::oauth::error::{Interaction, OAuthError};
use crate::oauth::parameters::Parameters;
use crate::oauth::pushed_authorization;
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
    /// The answer is that the request of this client was refused.
    Refuse(Arc<Client>, OAuthError, AuthorizationResponse),
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
        Some(request_uri) if request_uri.starts_with(pushed_authorization::URN) => {
            pushed_authorization::take(server, &client, request_uri).await?
        }
        _ => {
            let (redirect_uri, presence) = bind(server, &client, parameters)?;
            match checked(server, &client, (redirect_uri.clone(), presence), parameters, Channel::Front).await {
                Ok(request) => request,
                Err(OAuthError::ServerError(error)) => return Err(error.into()),
                Err(error) => {
                    let state = parameters.once("state").ok().flatten();
                    let issuer = &server.config.issuer.url;
                    server.telemetry.refused(error.error_code());
                    let response = AuthorizationResponse::error(issuer, &redirect_uri, state, &error);
                    return Ok(Next::Refuse(client, error, response));
                }
            }
        }
    };
    proceed(server, client, request, browser, person).await.map_err(PageFault::Store)
}

/// Who asks. Nothing is sent to anybody before this is known.
async fn named_client(server: &AuthorizationServer, parameters: &Parameters<'_>) -> Result<Arc<Client>, PageFault> {
    let id = parameters.required("client_id").map_err(PageFault::Unreadable)?;
    let unknown = || PageFault::UnknownClient(id.chars().take(128).collect());
    server.store.client(&id.parse().map_err(|_| unknown())?).await?.ok_or_else(unknown)
}

/// Answers at once where the person need not be asked anything, and opens a transaction where they must.
async fn proceed(
    server: &AuthorizationServer,
    client: Arc<Client>,
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
        server.telemetry.refused(error.error_code());
        let response = AuthorizationResponse::error(issuer, &request.redirect_uri, state, &error);
        return Ok(Next::Refuse(open.client, error, response));
    }
    server.store.open_transaction(open.key, &open.transaction).await?;
    Ok(match interaction {
        Interaction::SignIn => Next::SignIn(minted.token),
        Interaction::Consent => Next::Consent(minted.token),
    })
}
