//! Invocations: a host product calls an app, and gets what it sends along. The app learns by it who called and for whom.

use std::sync::Arc;

use serde::Serialize;

use crate::access::invocation::{self, Call, LIFETIME};
use crate::access::issue::Purpose;
use crate::access::keys::KeyError;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Presence;
use crate::domain::app::AppVersion;
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::id::{ClientId, InstallationId, UserId};
use crate::domain::installation::Authority;
use crate::domain::manifest::Privileges;
use crate::domain::resource::{BaseUrl, Invocations, ProtectedResource};
use crate::domain::user::User;
use crate::oauth::error::{GrantFault, OAuthError, RequestFault};
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::oauth::token::{as_app, of_installation};
use crate::store::StoreError;

/// Without this scope a remote is sent no token of the app, whatever its manifest says.
const SYSTEM: &str = "read:app-system-token";

/// Without this scope a remote is sent no token of the person.
const USER: &str = "read:app-user-token";

/// What a host product sends along when it calls an app.
#[derive(Serialize)]
pub struct Invoked {
    /// The JWT that proves the call; it goes into `Authorization: Bearer`.
    invocation_token: String,
    /// Its `jti`, by which the gateway knows the invocation.
    invocation_id: String,
    /// Seconds.
    expires_in: u64,
    /// Where the module's endpoint is, if it has a remote.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// What the remote is sent beside it.
    headers: Headers,
    /// Where the person can allow what the app may not do for them yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent_uri: Option<String>,
}

/// Headers of a call, by Forge's names.
#[derive(Default, Serialize)]
struct Headers {
    #[serde(rename = "x-forge-oauth-system", skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    #[serde(rename = "x-forge-oauth-user", skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

/// What a module's endpoint wants.
struct Route {
    url: String,
    system_token: bool,
    user_token: bool,
}

/// Makes an invocation of `installation`, of the module with the key `module`, for `user` if one is there.
///
/// # Errors
/// `unauthorized_client` for a resource that is no host product; `invalid_request`; `invalid_grant` where the app is not
/// installed, or the person no active member of the site.
pub async fn invoke(
    server: &AuthorizationServer,
    host: &ProtectedResource,
    parameters: &Parameters<'_>,
) -> Result<Invoked, OAuthError> {
    if host.invocations == Invocations::Refused {
        return Err(OAuthError::NotAHostProduct);
    }
    let (client, authority) = called(server, parameters).await?;
    // A Connect app is called with what it shares with its site.
    if authority.installation.tenancy.is_some() {
        return Err(GrantFault::NotInstalled.into());
    }
    let module = parameters.required("module")?;
    let user = match parameters.once("user")? {
        Some(user) => Some(installed::person(server, &authority, account(user)?).await?),
        None => None,
    };
    let site = server.store.site(authority.installation.site_id).await?.ok_or(GrantFault::NotInstalled)?;
    let version = running(server, &authority).await?;
    let call = Call {
        host,
        installation: &authority.installation,
        version: &version,
        site: &site,
        module: (module, parameters.once("module_type")?),
        user_id: user.as_ref().map(|user| user.id),
    };
    let (invocation, token) = invocation::begin(server, &call).await.map_err(failed)?;

    let route = route(&version.manifest.privileges, module);
    let mut invoked = Invoked {
        invocation_token: token,
        invocation_id: invocation.id,
        expires_in: LIFETIME.as_secs(),
        endpoint: route.as_ref().map(|route| route.url.clone()),
        headers: Headers::default(),
        consent_uri: None,
    };
    if route.as_ref().is_some_and(|route| route.system_token) && authority.allows(&client, SYSTEM) {
        let token = as_app::system_token(server, &client, &authority).await?;
        invoked.headers.system = Some(token.into_access_token());
    }
    if let Some(user) = &user
        && route.is_some_and(|route| route.user_token)
        && authority.allows(&client, USER)
    {
        match user_token(server, host, (&client, &authority), user).await {
            Ok(token) => invoked.headers.user = Some(token),
            Err(OAuthError::ConsentNeeded { uri }) => invoked.consent_uri = Some(uri),
            Err(error) => return Err(error),
        }
    }
    let (installation_id, resource_id) = (authority.installation.id, host.id.clone());
    let (module, user_id) = (module.to_owned(), user.map(|user| user.id));
    server.record(Event::AppInvoked { installation_id, resource_id, module, user_id }).await;
    Ok(invoked)
}

/// The client of the app that a request would call, if there is one.
pub async fn client_of(server: &AuthorizationServer, parameters: &Parameters<'_>) -> Option<ClientId> {
    let id = InstallationId::from_ari(parameters.once("installation").ok()??).ok()?;
    let installation = server.store.installation(id).await.ok()??;
    let deployed = server.store.deployed(installation.deployment).await.ok()??;
    Some(deployed.client_id.clone())
}

/// The installation that is called, and its client.
async fn called(
    server: &AuthorizationServer,
    parameters: &Parameters<'_>,
) -> Result<(Arc<Client>, Authority), OAuthError> {
    let id = InstallationId::from_ari(parameters.required("installation")?).map_err(|_| RequestFault::Malformed {
        name: "installation",
        fault: "the ARI of an installation, ari:cloud:ecosystem::installation/ and a UUID",
    })?;
    let installation = server.store.installation(id).await?.ok_or(GrantFault::NotInstalled)?;
    let deployed = server.store.deployed(installation.deployment).await?.ok_or(GrantFault::NotInstalled)?;
    let client = server.store.client(&deployed.client_id).await?.ok_or(GrantFault::NotInstalled)?;
    let authority = installed::live(server, &client, id).await?;
    Ok((client, authority))
}

fn account(user: &str) -> Result<UserId, OAuthError> {
    let malformed = RequestFault::Malformed { name: "user", fault: "the account id of a person" };
    user.strip_prefix("user:").unwrap_or(user).parse().map_err(|_| malformed.into())
}

/// The version that an installation runs: the newest of those that ask for what was approved.
async fn running(server: &AuthorizationServer, authority: &Authority) -> Result<AppVersion, OAuthError> {
    let (newest, approved) = (authority.deployed.version, authority.installation.approval.version);
    let number = if newest.major == approved.major { newest } else { approved };
    let version = server.store.version(authority.installation.deployment, number).await?;
    version.ok_or_else(|| StoreError::Corrupt { place: "versions" }.into())
}

/// Where a module's endpoint leads, if there is one of that key.
fn route(privileges: &Privileges, module: &str) -> Option<Route> {
    let endpoint = privileges.endpoints.iter().find(|endpoint| endpoint.key == module)?;
    let remote = privileges.remotes.iter().find(|remote| remote.key == endpoint.remote)?;
    let (_, base) = remote.base_urls.iter().find(|(region, _)| region == "default").or(remote.base_urls.first())?;
    // A manifest may say any text. No token goes where everybody on the way could read it.
    let is_private = base.trim_end_matches('/').parse::<BaseUrl>().is_ok_and(|base| base.is_private());
    Some(Route {
        url: format!("{}{}", base.trim_end_matches('/'), endpoint.path.as_deref().unwrap_or_default()),
        system_token: is_private && endpoint.system_token.unwrap_or(remote.system_token),
        user_token: is_private && endpoint.user_token.unwrap_or(remote.user_token),
    })
}

/// A token that acts for the person at the product that calls.
async fn user_token(
    server: &AuthorizationServer,
    host: &ProtectedResource,
    (client, authority): (&Client, &Authority),
    user: &User,
) -> Result<String, OAuthError> {
    let grant = installed::consent(server, client, authority, user).await?;
    let scope = installed::allowed_here(client, authority, &grant).intersection(&host.scope);
    if scope.is_empty() {
        return installed::consent_needed(server, client, authority).await;
    }
    let subject = installed::acting(authority, user, Presence::Here { grant_id: grant.id });
    let purpose = Purpose { subject, scope, resource: host.id.clone(), site_id: authority.installation.site_id };
    let access = of_installation::keep(server, client, purpose, None).await?;
    Ok(access.minted.token.expose().clone())
}

fn failed(error: KeyError) -> OAuthError {
    match error {
        KeyError::Store(error) => error.into(),
        other => StoreError::Unavailable(Box::new(other)).into(),
    }
}
