//! Layer 1 for a request that a Connect app signed: whose JWT it is, whether it is live, and whether it is about this request.
//!
//! The app that its `iss` names and the site lead to one installation, whose secret alone proves it. Nothing is written, so
//! that a JWT may be asked about as often as its request is judged; its life is short and it is good for one request alone.

use std::borrow::Cow;

use crate::access::connect::shared_secret;
use crate::access::sites;
use crate::authorization_server::AuthorizationServer;
use crate::domain::canonical_request::{RequestTarget, canonical};
use crate::domain::id::{ClientId, SiteId};
use crate::domain::installation::Tenant;
use crate::domain::site::path_of;
use crate::domain::time::{Lifetime, Timestamp};
use crate::secrets::digest::matches_qsh;
use crate::secrets::hs256::{ConnectClaims, MalformedJwt, UnverifiedJwt};
use crate::store::StoreError;

/// How far ahead a request JWT may end.
pub const LONGEST: Lifetime = Lifetime::minutes(5);

/// How much an app's clock may be ahead of ours.
const CLOCK_SKEW: Lifetime = Lifetime::minutes(1);

/// The `qsh` of a context token, which a product gives to the pages of an app and which binds no request.
const CONTEXT: &str = "context-qsh";

/// What is asked about: a JWT and the request that came with it.
#[derive(Clone, Copy)]
pub struct Presented<'r> {
    /// The JWT.
    pub token: &'r str,
    /// The method of the request.
    pub method: Option<&'r str>,
    /// Its target as it was sent: path and query, not decoded.
    pub target: Option<&'r str>,
    /// The site, by id or URL, where the resource knows it.
    pub site: Option<&'r str>,
}

/// A request JWT that is what it says.
pub struct Proven {
    /// Whose it is, and where.
    pub tenant: Tenant,
    /// When it was made.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// A request JWT that is not taken.
#[derive(Debug)]
pub struct Refused {
    /// The app that it says to be of, if there is one on the site.
    pub app: Option<ClientId>,
    /// Why.
    pub fault: JwtFault,
}

/// The rule that a request JWT breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtFault {
    /// It cannot be read.
    #[error("{0}")]
    Malformed(#[from] MalformedJwt),
    /// The resource did not say which request it came with.
    #[error("the resource server did not send request_method and request_target, which the JWT must fit")]
    NoRequest,
    /// What it says is no target of a request.
    #[error("request_target is not the path and query of a request as it was sent")]
    Target,
    /// No site is named.
    #[error("neither the resource server nor `aud` names a site; put the clientKey in `aud`")]
    NoSite,
    /// No app of that key is on the site.
    #[error("no app of the key in `iss` is installed on this site")]
    NotInstalled,
    /// Its admin suspended it, or it is not installed to the end.
    #[error("the app is suspended on this site, or its installation was not completed")]
    NotActive,
    /// The secret cannot be opened here.
    #[error("the shared secret cannot be opened; an admin of the site has to rotate it")]
    Unsealed,
    /// Another secret signed it.
    #[error("the signature was not made with the shared secret of this installation")]
    Signature,
    /// It is over.
    #[error("exp has passed")]
    Expired,
    /// It would be good for too long.
    #[error("exp lies more than five minutes ahead")]
    TooLong,
    /// It is not yet good.
    #[error("iat or nbf lies ahead; the clock of the app is wrong")]
    NotYet,
    /// It is for another site.
    #[error("aud does not name the clientKey of this site")]
    Audience,
    /// It binds no request.
    #[error("a context token binds no request and is not taken from an app; sign each request")]
    Context,
    /// It has no `qsh`.
    #[error("qsh is missing")]
    NoHash,
    /// The request carries a JWT more than once.
    #[error("the request carries more than one JWT")]
    Repeated,
    /// It was made for another request.
    #[error("qsh is not the SHA-256 of this request, whose canonical form is {0}")]
    Hash(String),
}

/// Whether a credential may be a JWT at all; no token of ours has a dot.
pub fn may_be(token: &str) -> bool {
    token.contains('.')
}

/// What `presented` proves.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn prove(
    server: &AuthorizationServer,
    presented: Presented<'_>,
) -> Result<Result<Proven, Refused>, StoreError> {
    let unknown = |fault: JwtFault| Ok(Err(Refused { app: None, fault }));
    let jwt = match UnverifiedJwt::read(presented.token) {
        Ok(jwt) => jwt,
        Err(fault) => return unknown(fault.into()),
    };
    let claims = jwt.claims();
    let Some(site) = site(server, presented.site, claims).await? else { return unknown(JwtFault::NoSite) };
    let Some(tenant) = server.store.tenant(&claims.iss, site).await? else { return unknown(JwtFault::NotInstalled) };
    let proof = match judge(server, &jwt, &tenant) {
        Ok(()) => fits(presented, claims, server.url_of(&tenant.site)),
        Err(fault) => Err(fault),
    };
    Ok(match proof {
        Ok(()) => Ok(Proven { issued: Timestamp(claims.iat), expires: Timestamp(claims.exp), tenant }),
        Err(fault) => Err(Refused { app: Some(tenant.client.id.clone()), fault }),
    })
}

/// The site that is meant: the one that the resource names, or else the first that `aud` does.
async fn site(
    server: &AuthorizationServer,
    named: Option<&str>,
    claims: &ConnectClaims,
) -> Result<Option<SiteId>, StoreError> {
    match named {
        Some(named) => Ok(sites::named(server, named).await?.map(|site| site.id)),
        None => Ok(claims.aud.iter().find_map(|audience| audience.parse().ok())),
    }
}

/// Who made it, for whom, and whether it is live.
fn judge(server: &AuthorizationServer, jwt: &UnverifiedJwt<'_>, tenant: &Tenant) -> Result<(), JwtFault> {
    let (claims, now) = (jwt.claims(), server.now());
    let installation = &tenant.authority.installation;
    if !installation.is_active() {
        return Err(JwtFault::NotActive);
    }
    if !shared_secret::signed(&server.sealing, installation, jwt).map_err(|_| JwtFault::Unsealed)? {
        return Err(JwtFault::Signature);
    }
    let (expires, latest) = (Timestamp(claims.exp), now + CLOCK_SKEW);
    if expires.has_passed(now) {
        return Err(JwtFault::Expired);
    }
    if expires > now + LONGEST {
        return Err(JwtFault::TooLong);
    }
    if Timestamp(claims.iat) > latest || claims.nbf.is_some_and(|nbf| Timestamp(nbf) > latest) {
        return Err(JwtFault::NotYet);
    }
    let names_site = |audience: &String| audience.parse() == Ok(tenant.site.id);
    if !claims.aud.is_empty() && !claims.aud.iter().any(names_site) {
        return Err(JwtFault::Audience);
    }
    Ok(())
}

/// Whether it is about the request that it came with. `base_url` is what the app knows as the URL of the product.
fn fits(presented: Presented<'_>, claims: &ConnectClaims, base_url: &str) -> Result<(), JwtFault> {
    let (Some(method), Some(target)) = (presented.method, presented.target) else { return Err(JwtFault::NoRequest) };
    let target = RequestTarget::parse(target).map_err(|_| JwtFault::Target)?;
    carries_one(presented.token, &target)?;
    let qsh = claims.qsh.as_deref().ok_or(JwtFault::NoHash)?;
    if qsh == CONTEXT {
        return Err(JwtFault::Context);
    }
    let canonical = canonical(method, &target, path_of(base_url));
    if matches_qsh(&canonical, qsh) {
        return Ok(());
    }
    Err(JwtFault::Hash(canonical.as_str().chars().take(MOST_TOLD).collect()))
}

/// So much of a canonical request is told at most.
const MOST_TOLD: usize = 500;

/// Whether the JWT in the query, if there is one, is the one that is asked about: who reads one and hashes another is deceived.
fn carries_one(token: &str, target: &RequestTarget<'_>) -> Result<(), JwtFault> {
    let mut carried = target.jwts();
    let is_it = |carried: Cow<'_, str>| carried == token;
    if carried.next().is_none_or(is_it) && carried.next().is_none() { Ok(()) } else { Err(JwtFault::Repeated) }
}
