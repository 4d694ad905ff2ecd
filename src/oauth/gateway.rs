//! The managed API: whether an app may call a protected resource through the gateway, and with which token. The app never sees
//! that token, and what it calls the gateway with is good nowhere else.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::invocation;
use crate::access::issue::Purpose;
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{Presence, Subject};
use crate::domain::client::Client;
use crate::domain::id::{InstallationId, ResourceId, UserId};
use crate::domain::installation::Authority;
use crate::domain::resource::{BaseUrl, ProtectedResource};
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::domain::time::{Lifetime, Timestamp};
use crate::domain::user::Epoch;
use crate::oauth::error::{GrantFault, OAuthError};
use crate::oauth::installed;
use crate::oauth::token::of_installation;
use crate::secrets::token::{TokenKind, read};
use crate::store::StoreError;

/// How long a token of the gateway lives.
const TOKEN: Lifetime = Lifetime::minutes(2);

/// How long it is used again in place of a new one.
const KEPT: Lifetime = Lifetime::seconds(60);

/// So many tokens are kept at most.
const MOST_KEPT: usize = 10_000;

/// For whom an app calls, by the header `forge-proxy-authorization`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyAuthorization {
    /// As itself or as a person.
    pub party: Party,
    /// On which installation.
    pub place: Place,
}

/// As whom an app calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// As itself.
    App,
    /// As the person of the invocation, or as the one who is named.
    User(Option<UserId>),
}

/// Where an app calls from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An invocation, by its name.
    Invocation(String),
    /// An installation.
    Installation(InstallationId),
}

/// Why a header is none of `Forge as=app|user[,accountId=…],(id=…|installationId=…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "forge-proxy-authorization is Forge as=app or as=user[,accountId=…], then id=<invocation> or installationId=<ARI>"
)]
pub struct MalformedProxyAuthorization;

impl FromStr for ProxyAuthorization {
    type Err = MalformedProxyAuthorization;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scheme, parts) = text.split_once(' ').ok_or(MalformedProxyAuthorization)?;
        if !scheme.eq_ignore_ascii_case("forge") {
            return Err(MalformedProxyAuthorization);
        }
        let mut said = HashMap::new();
        for part in parts.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(MalformedProxyAuthorization)?;
            let known = ["as", "accountId", "id", "installationId"].contains(&name);
            if !known || said.insert(name, value).is_some() {
                return Err(MalformedProxyAuthorization);
            }
        }
        let account = said.get("accountId").map(|id| id.parse::<UserId>()).transpose();
        let account = account.map_err(|_| MalformedProxyAuthorization)?;
        let party = match (said.get("as").copied(), account) {
            (Some("app"), None) => Party::App,
            (Some("user"), account) => Party::User(account),
            _ => return Err(MalformedProxyAuthorization),
        };
        let place = match (said.get("id"), said.get("installationId")) {
            (Some(id), None) => Place::Invocation((*id).to_owned()),
            (None, Some(id)) => Place::Installation(installation(id).ok_or(MalformedProxyAuthorization)?),
            _ => return Err(MalformedProxyAuthorization),
        };
        Ok(Self { party, place })
    }
}

/// An installation by its ARI or the identifier alone.
pub fn installation(text: &str) -> Option<InstallationId> {
    InstallationId::from_ari(text).or_else(|_| text.parse()).ok()
}

/// Why the gateway does not forward a call.
#[derive(Debug, thiserror::Error)]
pub enum GatewayRefusal {
    /// No system token, or one that is no longer live.
    #[error("the gateway takes the app's system token: Authorization: Bearer, live and of this installation")]
    SystemToken,
    /// The header cannot be read.
    #[error(transparent)]
    Malformed(#[from] MalformedProxyAuthorization),
    /// The invocation is over, or there never was one.
    #[error("this invocation is over, or was never made")]
    Invocation,
    /// No resource of that name is behind the gateway.
    #[error("no protected resource of that name is behind the gateway; an operator registers one with a base URL")]
    Resource,
    /// The app has no installation of that name.
    #[error("this app has no installation of that name")]
    Installation,
    /// The method or the path is not forwarded.
    #[error("this method or path is not forwarded: it would lead elsewhere than below the resource's base URL")]
    Path,
    /// The resource cannot be reached.
    #[error("the resource could not be reached; whether it did anything is not known")]
    Down,
    /// The resource said nothing for too long.
    #[error("the resource did not answer in time; whether it did anything is not known")]
    Silent,
    /// Nothing is approved, or allowed by the person, at that resource.
    #[error("the app has no scope of this resource here: ask for one in its manifest, and have it approved")]
    Scope,
    /// What a token request would be refused for.
    #[error(transparent)]
    Refused(#[from] OAuthError),
}

impl From<GrantFault> for GatewayRefusal {
    fn from(fault: GrantFault) -> Self {
        GatewayRefusal::Refused(fault.into())
    }
}

impl From<StoreError> for GatewayRefusal {
    fn from(error: StoreError) -> Self {
        GatewayRefusal::Refused(error.into())
    }
}

/// A call that is to be forwarded.
pub struct Admitted {
    /// To where.
    pub base_url: BaseUrl,
    /// With which token.
    pub token: Arc<Secret<String>>,
}

/// The app that holds a system token, and its installation.
pub struct Holder {
    /// Its client.
    pub client: Arc<Client>,
    /// What it may there.
    pub authority: Authority,
}

/// The app that holds the system token `bearer`.
///
/// # Errors
/// [`GatewayRefusal::SystemToken`] if it is no live one.
pub async fn holder(server: &AuthorizationServer, bearer: Option<&str>) -> Result<Holder, GatewayRefusal> {
    let key = bearer.and_then(|bearer| read(TokenKind::Access, bearer)).ok_or(GatewayRefusal::SystemToken)?;
    let credential = server.store.credential(key, None).await?.ok_or(GatewayRefusal::SystemToken)?;
    let is_live = matches!(credential.token.subject, Subject::Gateway { .. })
        && !credential.token.expires.has_passed(server.now());
    match (credential.client, credential.authority) {
        (Some(client), Some(authority))
            if is_live
                && authority.installation.is_active()
                && client.deployment == Some(authority.installation.deployment) =>
        {
            Ok(Holder { client, authority })
        }
        _ => Err(GatewayRefusal::SystemToken),
    }
}

/// The tokens that the gateway minted a moment ago, so that not every call writes one. Whether a call is allowed is asked
/// each time; a token that was kept saves no question.
#[derive(Default)]
pub struct Gateway {
    kept: Mutex<HashMap<Caller, Kept>>,
}

/// Who calls what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Caller {
    installation: InstallationId,
    person: Option<(UserId, Presence)>,
    resource: ResourceId,
}

struct Kept {
    token: Arc<Secret<String>>,
    scope: Scope,
    epoch: Option<Epoch>,
    until: Timestamp,
}

impl Gateway {
    /// Whether the app that holds the system token `bearer` may call `resource` as `authorization` says, and with what.
    ///
    /// # Errors
    /// [`GatewayRefusal`] names the rule.
    pub async fn admit(
        &self,
        server: &AuthorizationServer,
        bearer: Option<&str>,
        authorization: &str,
        resource: &str,
    ) -> Result<Admitted, GatewayRefusal> {
        let Holder { client, authority } = holder(server, bearer).await?;
        let ProxyAuthorization { party, place } = authorization.parse()?;
        let invoked_for = match place {
            Place::Installation(id) if id == authority.installation.id => None,
            Place::Installation(_) => return Err(GatewayRefusal::SystemToken),
            Place::Invocation(id) => {
                let invocation = invocation::named(server, &id).ok_or(GatewayRefusal::Invocation)?;
                if invocation.installation_id != authority.installation.id {
                    return Err(GatewayRefusal::SystemToken);
                }
                invocation.user_id
            }
        };
        let resource = match resource.parse::<ResourceId>() {
            Ok(id) => server.store.resource(&id).await?.ok_or(GatewayRefusal::Resource)?,
            Err(_) => return Err(GatewayRefusal::Resource),
        };
        let base_url = resource.base_url.clone().ok_or(GatewayRefusal::Resource)?;
        let (subject, scope) = match party {
            Party::App => as_app(&client, &authority, &resource),
            Party::User(named) => as_user(server, &client, &authority, &resource, (invoked_for, named)).await?,
        };
        if scope.is_empty() {
            return Err(GatewayRefusal::Scope);
        }
        let purpose =
            Purpose { subject, scope, resource: resource.id.clone(), site_id: authority.installation.site_id };
        let token = self.token(server, &client, purpose).await?;
        Ok(Admitted { base_url, token })
    }

    /// A token for this purpose: one that was minted less than a minute ago, or a new one.
    async fn token(
        &self,
        server: &AuthorizationServer,
        client: &Client,
        purpose: Purpose,
    ) -> Result<Arc<Secret<String>>, GatewayRefusal> {
        let now = server.now();
        let (person, epoch) = match &purpose.subject {
            Subject::Acting { user_id, epoch, presence, .. } => (Some((*user_id, *presence)), Some(*epoch)),
            _ => (None, None),
        };
        let installation = purpose.subject.installation().ok_or(GatewayRefusal::SystemToken)?;
        let caller = Caller { installation, person, resource: purpose.resource.clone() };
        if let Some(kept) = self.lock().get(&caller)
            && !kept.until.has_passed(now)
            && kept.scope == purpose.scope
            && kept.epoch == epoch
        {
            return Ok(Arc::clone(&kept.token));
        }
        let scope = purpose.scope.clone();
        let access = of_installation::keep(server, client, purpose, Some(now + TOKEN)).await?;
        let token = Arc::new(access.minted.token);
        let mut kept = self.lock();
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, kept| !kept.until.has_passed(now));
        }
        if kept.len() < MOST_KEPT {
            kept.insert(caller, Kept { token: Arc::clone(&token), scope, epoch, until: now + KEPT });
        }
        Ok(token)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Caller, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn as_app(client: &Client, authority: &Authority, resource: &ProtectedResource) -> (Subject, Scope) {
    let scope = resource.scope.filter(|token| authority.allows(client, token));
    (Subject::App { installation_id: authority.installation.id }, scope)
}

/// As the person who is there, if the app names nobody or them; as one who is away, if it names somebody else.
async fn as_user(
    server: &AuthorizationServer,
    client: &Client,
    authority: &Authority,
    resource: &ProtectedResource,
    (here, named): (Option<UserId>, Option<UserId>),
) -> Result<(Subject, Scope), GatewayRefusal> {
    let user = named.or(here).ok_or(GrantFault::Nobody)?;
    let is_here = here == Some(user);
    let user = installed::person(server, authority, user).await?;
    if is_here {
        let grant = installed::consent(server, client, authority, &user).await?;
        let scope = installed::allowed_here(client, authority, &grant).intersection(&resource.scope);
        let approved = resource.scope.filter(|token| authority.allows(client, token));
        if scope.is_empty() && !approved.is_empty() {
            return Ok(installed::consent_needed(server, client, authority).await?);
        }
        return Ok((installed::acting(authority, &user, Presence::Here { grant_id: grant.id }), scope));
    }
    let app = server.store.app(authority.installation.deployment.app_id).await?.ok_or(GrantFault::NotInstalled)?;
    if !app.is_offered_to(user.id) {
        return Err(GrantFault::NotShared.into());
    }
    let scope = resource.scope.filter(|token| authority.allows_away(client, token));
    Ok((installed::acting(authority, &user, Presence::Away), scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<ProxyAuthorization> {
        text.parse().ok()
    }

    #[test]
    fn the_header_of_forge_containers_is_read() {
        let user = UserId::from_random([1; 16]);
        let id = InstallationId::from_random([2; 16]);
        let place = Place::Installation(id);
        assert_eq!(
            parsed(&format!("Forge as=app,installationId={}", id.ari())),
            Some(ProxyAuthorization { party: Party::App, place: place.clone() })
        );
        assert_eq!(
            parsed(&format!("forge as=user, accountId={user}, installationId={id}")),
            Some(ProxyAuthorization { party: Party::User(Some(user)), place })
        );
        let place = Place::Invocation("abc".into());
        assert_eq!(parsed("Forge as=user,id=abc"), Some(ProxyAuthorization { party: Party::User(None), place }));
    }

    #[test]
    fn whatever_says_two_things_or_none_is_refused() {
        for bad in [
            "",
            "Forge",
            "Forge ",
            "Bearer as=app,id=a",
            "Forge as=app",
            "Forge id=a",
            "Forge as=admin,id=a",
            "Forge as=app,as=user,id=a",
            "Forge as=app,id=a,id=b",
            "Forge as=app,id=a,installationId=b",
            "Forge as=user,accountId=x,id=a",
            "Forge as=app,id=a,role=admin",
            "Forge as=app;id=a",
            "Forge as=app,accountId=00000000-0000-4000-8000-000000000000,id=a",
        ] {
            assert_eq!(parsed(bad), None, "{bad:?}");
        }
    }
}
