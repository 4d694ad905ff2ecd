//! On which site an app asks, and what it may there: the installation that a token request names.

use std::sync::Arc;

use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{Presence, Subject};
use crate::domain::client::Client;
use crate::domain::grant::Grant;
use crate::domain::id::{InstallationId, UserId};
use crate::domain::installation::{Authority, Installation};
use crate::domain::scope::Scope;
use crate::domain::user::{User, UserState};
use crate::oauth::error::{GrantFault, OAuthError, RequestFault, ScopeFault};
use crate::oauth::parameters::Parameters;
use crate::secrets::digest::base64url;
use crate::secrets::random;
use crate::store::StoreError;

/// Where a person ends up who allowed an app something without having come from it.
pub const CONNECTED: &str = "/connected";

/// The installation that `installation` (its ARI) or `site` (its id or URL) names, of the app that `client` belongs to.
///
/// # Errors
/// `invalid_request` if neither is there; `invalid_grant` if the app is not there, or suspended.
pub async fn named(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<Authority, OAuthError> {
    let id = match (parameters.once("installation")?, parameters.once("site")?) {
        (Some(ari), _) => InstallationId::from_ari(ari).map_err(|_| RequestFault::Malformed {
            name: "installation",
            fault: "the ARI of an installation, ari:cloud:ecosystem::installation/ and a UUID",
        })?,
        (None, Some(site)) => on_site(server, client, site).await?.ok_or(GrantFault::NotInstalled)?.id,
        (None, None) => return Err(RequestFault::Missing("installation").into()),
    };
    live(server, client, id).await
}

async fn on_site(
    server: &AuthorizationServer,
    client: &Client,
    site: &str,
) -> Result<Option<Arc<Installation>>, StoreError> {
    let Some(deployment) = client.deployment else { return Ok(None) };
    let Some(site) = sites::named(server, site).await? else { return Ok(None) };
    server.store.installation_on(site.id, deployment).await
}

/// The installation of that name, if it is one of the app that `client` belongs to, and on.
///
/// # Errors
/// `invalid_grant` if not.
pub async fn live(server: &AuthorizationServer, client: &Client, id: InstallationId) -> Result<Authority, OAuthError> {
    let installation = server.store.installation(id).await?.ok_or(GrantFault::NotInstalled)?;
    if client.deployment != Some(installation.deployment) {
        return Err(GrantFault::NotInstalled.into());
    }
    if !installation.is_active() {
        return Err(GrantFault::Suspended.into());
    }
    let deployed = server.store.deployed(installation.deployment).await?.ok_or(GrantFault::NotInstalled)?;
    Ok(Authority { installation, deployed })
}

/// The person of that name, if they are active and a member of the installation's site.
///
/// # Errors
/// `invalid_grant` if not.
pub async fn person(server: &AuthorizationServer, authority: &Authority, user: UserId) -> Result<User, OAuthError> {
    let user = server.store.user(user).await?.filter(|user| user.state == UserState::Active);
    let user = user.ok_or(GrantFault::NotMember)?;
    match server.store.member(authority.installation.site_id, user.id).await? {
        Some(_) => Ok(user),
        None => Err(GrantFault::NotMember.into()),
    }
}

/// What a person allowed an app on the installation's site.
///
/// # Errors
/// `consent_required`, and where, if nothing.
pub async fn consent(
    server: &AuthorizationServer,
    client: &Client,
    authority: &Authority,
    user: &User,
) -> Result<Grant, OAuthError> {
    let grant = server.store.grant_between(user.id, &client.id).await?;
    match grant.filter(|grant| grant.sites.contains(&authority.installation.site_id)) {
        Some(grant) => Ok(grant),
        None => consent_needed(server, client, authority).await,
    }
}

/// That a person has to allow an app what was approved on the site, and where.
///
/// # Errors
/// That error; `server_error` if the store fails.
pub async fn consent_needed<T>(
    server: &AuthorizationServer,
    client: &Client,
    authority: &Authority,
) -> Result<T, OAuthError> {
    let issuer = &server.config.issuer.url;
    let entries = server.store.scope_entries(&authority.installation.approval.scope).await?;
    let owned = entries.iter().map(|entry| entry.name.as_str());
    let scope = Scope::of(owned.filter(|token| authority.allows(client, token)));
    let mut uri = url::form_urlencoded::Serializer::new(String::new());
    // The code that comes of it can never be redeemed: nobody knows what its challenge was made of.
    uri.append_pair("response_type", "code")
        .append_pair("client_id", client.id.as_str())
        .append_pair("redirect_uri", &issuer.url(CONNECTED))
        .append_pair("scope", scope.as_str())
        .append_pair("code_challenge", &base64url(&random::secret_bytes()))
        .append_pair("code_challenge_method", "S256");
    Err(OAuthError::ConsentNeeded { uri: issuer.url(&format!("/oauth/authorize?{}", uri.finish())) })
}

/// What an app may do for a person who is there: what it may at all, and they allowed.
pub fn allowed_here(client: &Client, authority: &Authority, grant: &Grant) -> Scope {
    grant.scope.filter(|token| authority.allows(client, token))
}

/// The scopes asked for, or all of `most` where none is; each must be among `most`.
///
/// # Errors
/// `invalid_scope` names the first that is not, as `refused` says.
pub fn within(
    parameters: &Parameters<'_>,
    most: &Scope,
    refused: impl FnOnce(String) -> ScopeFault,
) -> Result<Scope, OAuthError> {
    let Some(asked) = parameters.once("scope")? else { return Ok(most.clone()) };
    let asked: Scope = asked.parse()?;
    if let Some(token) = asked.iter().find(|token| !most.contains(token)) {
        return Err(refused(token.to_owned()).into());
    }
    Ok(asked)
}

/// A person for whom an app acts.
pub fn acting(authority: &Authority, user: &User, presence: Presence) -> Subject {
    Subject::Acting { installation_id: authority.installation.id, user_id: user.id, epoch: user.epoch, presence }
}
