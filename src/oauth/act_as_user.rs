//! A Connect app acts as a person of a site, RFC 7523 section 2.1, in the form of Connect's user impersonation: the assertion
//! is signed with the secret that the app shares with the site, and is the only thing that says who asks.

use std::sync::Arc;

use crate::access::connect::shared_secret;
use crate::access::issue::Purpose;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::Presence;
use crate::domain::client::Client;
use crate::domain::connect::{ACCESS_EMAIL_ADDRESSES, ACT_AS_USER, Level};
use crate::domain::id::{ClientId, InstallationId, ResourceId, UserId};
use crate::domain::installation::Authority;
use crate::domain::scope::Scope;
use crate::domain::time::{Lifetime, Timestamp};
use crate::oauth::error::{ActAsUserFault, GrantFault, OAuthError, RequestFault, ScopeFault, TargetFault};
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::oauth::token::{TokenResponse, of_installation};
use crate::secrets::digest::digest;
use crate::secrets::hs256::{ConnectClaims, UnverifiedJwt};
use crate::telemetry::IssuedToken;

/// The only `grant_type`.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What `iss` begins with, before the `oauthClientId`.
const CLIENT: &str = "urn:atlassian:connect:clientid:";

/// What `sub` begins with, before the account id.
const ACCOUNT: &str = "urn:atlassian:connect:useraccountid:";

/// What `sub` began with while people had keys.
const KEY: &str = "urn:atlassian:connect:userkey:";

/// How long an assertion may be good.
const LONGEST: Lifetime = Lifetime::seconds(60);

/// How much an app's clock may be ahead of ours.
const CLOCK_SKEW: Lifetime = Lifetime::minutes(1);

/// The path of this endpoint, whose URL an assertion may name as its audience.
pub const PATH: &str = "/oauth2/token";

/// A request that was refused.
pub struct Refused {
    /// Why.
    pub error: OAuthError,
    /// Whose it was, once the signature proved it.
    pub by: Option<(ClientId, InstallationId)>,
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self { error: error.into(), by: None }
    }
}

/// Issues a token for the person whom the assertion names.
///
/// # Errors
/// `invalid_grant` says which rule the assertion breaks; `invalid_scope` and `invalid_target` leave it unused.
pub async fn issue(server: &AuthorizationServer, parameters: &Parameters<'_>) -> Result<TokenResponse, Refused> {
    if parameters.required("grant_type")? != JWT_BEARER {
        return Err(OAuthError::UnsupportedGrantType.into());
    }
    let assertion = parameters.required("assertion")?;
    let jwt = UnverifiedJwt::read(assertion).map_err(|fault| refuse(ActAsUserFault::Malformed(fault)))?;
    let (client, authority) = asking(server, &jwt).await?;
    let by = (client.id.clone(), authority.installation.id);
    let issued = issue_to(server, (&client, &authority), (assertion, jwt.claims()), parameters).await;
    issued.map_err(|error| Refused { error, by: Some(by) })
}

/// The app that signed it, and its installation.
async fn asking(server: &AuthorizationServer, jwt: &UnverifiedJwt<'_>) -> Result<(Arc<Client>, Authority), OAuthError> {
    let unknown = || refuse(ActAsUserFault::Issuer);
    let id = jwt.claims().iss.strip_prefix(CLIENT).and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let installation = server.store.installation(id).await?.ok_or_else(unknown)?;
    let is_signed = shared_secret::signed(&server.sealing, &installation, jwt);
    if !is_signed.map_err(|_| refuse(ActAsUserFault::Unsealed))? {
        return Err(refuse(ActAsUserFault::Signature));
    }
    let deployed = server.store.deployed(installation.deployment).await?.ok_or_else(unknown)?;
    let client = server.store.client(&deployed.client_id).await?.ok_or_else(unknown)?;
    Ok((client, Authority { installation, deployed }))
}

async fn issue_to(
    server: &AuthorizationServer,
    (client, authority): (&Client, &Authority),
    (assertion, claims): (&str, &ConnectClaims),
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    let installation = &authority.installation;
    if !installation.is_active() {
        return Err(GrantFault::Suspended.into());
    }
    judge(server, claims)?;
    let site = server.store.site(installation.site_id).await?.ok_or(GrantFault::NotInstalled)?;
    if claims.tnt.as_deref().map(|url| url.trim_end_matches('/')) != Some(server.url_of(&site).trim_end_matches('/')) {
        return Err(refuse(ActAsUserFault::Tenant));
    }
    if !authority.allows_away(client, ACT_AS_USER) {
        return Err(refuse(ActAsUserFault::NotAllowed));
    }
    let user = installed::person(server, authority, account(claims)?).await?;
    let app = server.store.app(installation.deployment.app_id).await?.ok_or(GrantFault::NotInstalled)?;
    if !app.is_offered_to(user.id) {
        return Err(GrantFault::NotShared.into());
    }
    let scope = within(parameters.once("scope")?, client, authority)?;
    let resource = resource(server, parameters).await?;

    let name = claims.jti.as_deref().unwrap_or(assertion);
    let once = digest(&format!("connect\n{}\n{name}", installation.id));
    if !server.store.spend_assertion(once, Timestamp(claims.exp)).await? {
        return Err(refuse(ActAsUserFault::Replayed));
    }
    let subject = installed::acting(authority, &user, Presence::Away);
    let purpose = Purpose { subject, scope, resource, site_id: installation.site_id };
    let access = of_installation::keep(server, client, purpose, None).await?;
    server.telemetry.issued(IssuedToken::Access);
    Ok(TokenResponse::new(&access, None, server.now()))
}

/// When it is good, and for whom it was made.
fn judge(server: &AuthorizationServer, claims: &ConnectClaims) -> Result<(), OAuthError> {
    let (now, issued, expires) = (server.now(), Timestamp(claims.iat), Timestamp(claims.exp));
    if expires.has_passed(now) {
        return Err(refuse(ActAsUserFault::Expired));
    }
    if expires > issued + LONGEST {
        return Err(refuse(ActAsUserFault::TooLong));
    }
    if issued > now + CLOCK_SKEW || claims.nbf.is_some_and(|nbf| Timestamp(nbf) > now + CLOCK_SKEW) {
        return Err(refuse(ActAsUserFault::NotYet));
    }
    // A list could name another server too, which could then present the assertion here.
    let issuer = &server.config.issuer.url;
    let is_ours = |audience: &str| {
        let audience = audience.trim_end_matches('/');
        let configured = server.config.connect.audiences.iter().any(|ours| ours.trim_end_matches('/') == audience);
        configured || audience == issuer.as_str() || audience == issuer.url(PATH)
    };
    match claims.aud.as_slice() {
        [audience] if is_ours(audience) => Ok(()),
        _ => Err(refuse(ActAsUserFault::Audience)),
    }
}

/// The person whom it names.
fn account(claims: &ConnectClaims) -> Result<UserId, OAuthError> {
    let sub = claims.sub.as_deref().unwrap_or_default();
    if sub.starts_with(KEY) {
        return Err(refuse(ActAsUserFault::UserKey));
    }
    let id = sub.strip_prefix(ACCOUNT).ok_or_else(|| refuse(ActAsUserFault::Subject))?;
    id.parse().map_err(|_| refuse(ActAsUserFault::Subject))
}

/// The scopes asked for, in capitals with spaces or literal `+` between; all that were approved where none is. A level that is
/// implied may be asked for by its own name.
fn within(asked: Option<&str>, client: &Client, authority: &Authority) -> Result<Scope, OAuthError> {
    let Some(asked) = asked else { return Ok(authority.installation.approval.scope.clone()) };
    let asked: Scope = asked.replace('+', " ").parse()?;
    for name in asked.iter() {
        let level = Level::of(name);
        if level.is_none() && ![ACT_AS_USER, ACCESS_EMAIL_ADDRESSES].contains(&name) {
            return Err(ScopeFault::NoConnectScope(name.to_owned()).into());
        }
        let is_approved =
            if level.is_some() { level <= authority.level(client) } else { authority.allows_away(client, name) };
        if !is_approved {
            return Err(ScopeFault::NotApproved(name.to_owned()).into());
        }
    }
    Ok(asked)
}

/// The resource that is named; where none is, as unmodified apps ask, every one that takes Connect apps.
async fn resource(server: &AuthorizationServer, parameters: &Parameters<'_>) -> Result<ResourceId, OAuthError> {
    let mut named = parameters.resources();
    let Some(identifier) = named.next() else { return Ok(ResourceId::connect_resources()) };
    if named.next().is_some() {
        return Err(RequestFault::Repeated("resource".into()).into());
    }
    let unknown = || TargetFault::Unknown(identifier.chars().take(200).collect());
    let id = server.store.resource_identified_by(identifier).await?.ok_or_else(unknown)?;
    let found = server.store.resource(&id).await?.filter(|resource| resource.takes_connect());
    Ok(found.ok_or_else(unknown)?.id.clone())
}

fn refuse(fault: ActAsUserFault) -> OAuthError {
    GrantFault::ActAsUser(fault).into()
}
