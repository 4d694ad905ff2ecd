//! A token for the client itself, RFC 6749 section 4.4. There is no refresh token (section 4.4.3).

use crate::access::issue::{self, Purpose};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Subject;
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::oauth::error::OAuthError;
use crate::oauth::machine::{self, ForItself};
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::token::TokenResponse;

/// Issues an access token to a client for itself.
///
/// # Errors
/// `unauthorized_client` for one that cannot prove who it is; `invalid_scope`, `invalid_target`.
pub async fn issue(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    if !client.credentials.is_confidential() {
        return Err(OAuthError::UnauthorizedClient("client_credentials is for clients that authenticate"));
    }
    let now = server.now();
    let default_scope = client.allowed_scope().of_resources();
    let request = ForItself { client_id: &client.id, scope: parameters.once("scope")?, default_scope: &default_scope };
    // A client is nobody whose profile could be told, and it has no session to be away from.
    let scope = machine::client_credentials(&request)?.of_resources();
    let catalogued = Catalogued::load(server, &scope, parameters.resources()).await?;
    catalogued.allowed_to(client)?;
    let (resource, scope) = catalogued.one_of(&catalogued.resources()?)?;

    let purpose = Purpose { subject: Subject::Client, scope, resource, site_id: server.site.id };
    let access = issue::access_token(server, client, purpose, None, now);
    server.store.keep_access_token(access.minted.key, &access.record).await?;
    let scope = access.record.scope.to_string();
    server.record(Event::ClientTokenIssued { client_id: client.id.clone(), scope }).await;
    Ok(TokenResponse::new(&access, None, now))
}
