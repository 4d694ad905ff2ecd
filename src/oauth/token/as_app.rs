//! A token for an app on a site, as itself: `client_credentials` with `installation` or `site`. With the gateway as its
//! `resource` it is the app's system token, which no protected resource takes.

use crate::access::issue::Purpose;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Subject;
use crate::domain::client::Client;
use crate::domain::id::ResourceId;
use crate::domain::installation::Authority;
use crate::domain::scope::Scope;
use crate::oauth::error::{OAuthError, ScopeFault};
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::token::{TokenResponse, of_installation};

/// Issues an access token to an app for itself.
///
/// # Errors
/// `invalid_grant` where it is not installed; `invalid_scope` for what no admin of the site approved; `invalid_target`.
pub async fn issue(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    let authority = installed::named(server, client, parameters).await?;
    let gateway = server.config.issuer.url.url("/gateway");
    if parameters.resources().eq([gateway.as_str()]) {
        return system_token(server, client, &authority).await;
    }
    // What belongs to this server is about a person, and there is none.
    let scope = installed::within(parameters, &authority.scope(client), ScopeFault::NotApproved)?.of_resources();
    let (resource, scope) = Catalogued::target(server, &scope, parameters).await?;
    let installation_id = authority.installation.id;
    let purpose =
        Purpose { subject: Subject::App { installation_id }, scope, resource, site_id: authority.installation.site_id };
    keep(server, client, purpose).await
}

/// The token with which an app calls the gateway.
///
/// # Errors
/// `server_error` if the store fails.
pub async fn system_token(
    server: &AuthorizationServer,
    client: &Client,
    authority: &Authority,
) -> Result<TokenResponse, OAuthError> {
    let installation_id = authority.installation.id;
    let purpose = Purpose {
        subject: Subject::Gateway { installation_id },
        scope: Scope::default(),
        resource: ResourceId::this_server(),
        site_id: authority.installation.site_id,
    };
    keep(server, client, purpose).await
}

async fn keep(server: &AuthorizationServer, client: &Client, purpose: Purpose) -> Result<TokenResponse, OAuthError> {
    let access = of_installation::keep(server, client, purpose, None).await?;
    Ok(TokenResponse::new(&access, None, server.now()))
}
