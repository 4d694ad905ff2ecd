//! An invocation for a token that acts for its person, RFC 8693: asUser. Once for each resource, and only for what the
//! person allowed.

use crate::access::invocation;
use crate::access::issue::Purpose;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Presence;
use crate::domain::client::Client;
use crate::oauth::error::{GrantFault, OAuthError, RequestFault, ScopeFault};
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::token::{TokenResponse, of_installation};
use crate::secrets::digest::digest;

const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Exchanges an invocation token.
///
/// # Errors
/// `invalid_grant` if the invocation is not for this app, over, or was exchanged for that resource; `consent_required` if the
/// person has not allowed it; `invalid_scope` and `invalid_target` leave the invocation as it was.
pub async fn exchange(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    check_types(parameters)?;
    let app = client.deployment.ok_or(GrantFault::NotInstalled)?.app_id;
    let token = parameters.required("subject_token")?;
    let invocation = invocation::proven(server, token, app).await?.ok_or(GrantFault::Invocation)?;
    let authority = installed::live(server, client, invocation.installation_id).await?;
    let user = installed::person(server, &authority, invocation.user_id.ok_or(GrantFault::Nobody)?).await?;
    let grant = installed::consent(server, client, &authority, &user).await?;

    let asked = installed::within(parameters, &authority.scope(client), ScopeFault::NotApproved)?;
    let allowed = installed::allowed_here(client, &authority, &grant);
    if parameters.once("scope")?.is_some() && !allowed.covers(&asked) {
        return installed::consent_needed(server, client, &authority).await;
    }
    let scope = asked.intersection(&allowed);
    let (resource, scope) = Catalogued::target(server, &scope, parameters).await?;

    let once = digest(&format!("{}\n{resource}", invocation.id));
    if !server.store.spend_assertion(once, invocation.expires).await? {
        return Err(GrantFault::Replayed.into());
    }
    let subject = installed::acting(&authority, &user, Presence::Here { grant_id: grant.id });
    let purpose = Purpose { subject, scope, resource, site_id: authority.installation.site_id };
    let access = of_installation::keep(server, client, purpose, None).await?;
    Ok(TokenResponse { issued_token_type: Some(ACCESS_TOKEN), ..TokenResponse::new(&access, None, server.now()) })
}

/// RFC 8693 section 2.1, as far as it is served here.
fn check_types(parameters: &Parameters<'_>) -> Result<(), OAuthError> {
    if parameters.required("subject_token_type")? != JWT {
        let fault = "urn:ietf:params:oauth:token-type:jwt, since only invocation tokens are exchanged";
        return Err(RequestFault::Malformed { name: "subject_token_type", fault }.into());
    }
    if parameters.once("requested_token_type")?.is_some_and(|kind| kind != ACCESS_TOKEN) {
        let fault = "urn:ietf:params:oauth:token-type:access_token, the only type that is issued";
        return Err(RequestFault::Malformed { name: "requested_token_type", fault }.into());
    }
    if parameters.once("actor_token")?.is_some() {
        let fault = "not taken: who acts is the app that authenticates";
        return Err(RequestFault::Malformed { name: "actor_token", fault }.into());
    }
    Ok(())
}
