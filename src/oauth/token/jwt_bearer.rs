//! An app says for whom it acts, RFC 7523 section 2.1: offline asUser. It may what its manifest marks with
//! `allowImpersonation` and an admin of the site approved, and no more.

use crate::access::issue::Purpose;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Presence;
use crate::domain::client::Client;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::oauth::client_authentication::{self, AUDIENCE_PATH};
use crate::oauth::error::{AssertionFault, GrantFault, OAuthError, ScopeFault};
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::token::{TokenResponse, of_installation};
use crate::secrets::assertion;
use crate::secrets::digest::digest;

/// Issues a token that acts for the person whom the assertion names.
///
/// # Errors
/// `invalid_grant` if the assertion or the person is not acceptable; `invalid_scope` for what was not approved for that.
pub async fn issue(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    let authority = installed::named(server, client, parameters).await?;
    if authority.deployed.keys.is_empty() {
        return Err(GrantFault::NoKey.into());
    }
    let refuse = |fault: AssertionFault| OAuthError::from(GrantFault::Assertion(fault));
    let claims = assertion::verify(parameters.required("assertion")?, &authority.deployed.keys);
    let claims = claims.map_err(|fault| refuse(fault.into()))?;
    let issuer = &server.config.issuer.url;
    let audiences = [issuer.as_str().to_owned(), issuer.url(AUDIENCE_PATH)];
    client_authentication::judge(&claims, client.id.as_str(), &audiences, server.now()).map_err(refuse)?;

    let user = account(&claims.sub).ok_or(GrantFault::NotMember)?;
    let user = installed::person(server, &authority, user).await?;
    let app = server.store.app(authority.installation.deployment.app_id).await?.ok_or(GrantFault::NotInstalled)?;
    if !app.is_offered_to(user.id) {
        return Err(GrantFault::NotShared.into());
    }
    let scope = installed::within(parameters, &authority.scope_away(client), ScopeFault::NotImpersonating)?;
    let (resource, scope) = Catalogued::target(server, &scope, parameters).await?;

    let once = digest(&format!("{}\n{}", client.id, claims.jti));
    if !server.store.spend_assertion(once, Timestamp(claims.exp)).await? {
        return Err(refuse(AssertionFault::Replayed));
    }
    let subject = installed::acting(&authority, &user, Presence::Away);
    let purpose = Purpose { subject, scope, resource, site_id: authority.installation.site_id };
    let access = of_installation::keep(server, client, purpose, None).await?;
    Ok(TokenResponse::new(&access, None, server.now()))
}

/// The person that a `sub` names: an account id, or one as this server writes it in a `sub`.
fn account(sub: &str) -> Option<UserId> {
    sub.strip_prefix("user:").unwrap_or(sub).parse().ok()
}
