//! Redeem a code, RFC 6749 section 4.1.3: check everything, then spend, so that neither a thief nor a typo burns it.

use crate::access::issue::{self, MintedAccess, MintedRefresh, Purpose};
use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_code::{AuthorizationCode, CodeState};
use crate::domain::authorization_request::Presence;
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::id::{ClientId, FamilyId};
use crate::domain::refresh_token::{Family, FamilyEnd, FamilyState};
use crate::domain::secret::TokenKey;
use crate::domain::time::Timestamp;
use crate::oauth::error::{GrantFault, OAuthError};
use crate::oauth::machine::{self, CodeRedemption};
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::token::{TokenResponse, effective, live_grant};
use crate::secrets::random;
use crate::secrets::token::{TokenKind, read};
use crate::store::{Issued, Redeemed};

/// Redeems the code of a token request.
///
/// # Errors
/// `invalid_grant` names what does not hold; `invalid_target` and `invalid_scope` leave the code as it was.
pub async fn redeem(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    let now = server.now();
    let key = read(TokenKind::Code, parameters.required("code")?).ok_or(GrantFault::Unknown)?;
    let code = match server.store.code(key).await?.ok_or(GrantFault::Unknown)? {
        CodeState::Live(code) => code,
        CodeState::Spent { client_id, family } => {
            return Err(replayed(server, client, &client_id, family).await?.into());
        }
    };
    if code.client_id != client.id {
        let owner = code.client_id;
        server.record(Event::ForeignTokenPresented { client_id: client.id.clone(), owner }).await;
        return Err(GrantFault::OtherClient.into());
    }
    check(client, &code, parameters, now)?;

    let (access, refresh, family_id, family) = mint(server, client, &code, key, parameters, now).await?;
    let issued = Issued { access_key: access.minted.key, access: &access.record, now };
    match server.store.redeem_code(key, family_id, &family, issued).await? {
        Redeemed::Won => {
            let (user_id, scope) = (code.user_id, access.record.scope.to_string());
            server.record(Event::CodeRedeemed { user_id, client_id: client.id.clone(), scope }).await;
            Ok(TokenResponse::new(&access, refresh.as_ref(), now))
        }
        Redeemed::Lost => match server.store.code(key).await? {
            Some(CodeState::Spent { client_id, family }) => {
                Err(replayed(server, client, &client_id, family).await?.into())
            }
            _ => Err(GrantFault::Unknown.into()),
        },
    }
}

/// The bindings of the code: client, redirection URI, expiry and verifier.
fn check(
    client: &Client,
    code: &AuthorizationCode,
    parameters: &Parameters<'_>,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let redirect_uri = parameters.once("redirect_uri")?;
    // The machine compares parsed URLs and wants one in any case; the RFC compares what was sent, and wants it only
    // where the authorization request had it.
    let as_sent = match redirect_uri {
        Some(sent) => sent == code.redirect_uri.as_str(),
        None => code.redirect_uri_presence == Presence::Assumed,
    };
    if !as_sent {
        return Err(GrantFault::RedirectUri.into());
    }
    let verifier = parameters.once("code_verifier")?;
    machine::redeem(&CodeRedemption { client_id: &client.id, code, redirect_uri, verifier }, now)
}

type MintedFamily = (MintedAccess, Option<MintedRefresh>, FamilyId, Family);

async fn mint(
    server: &AuthorizationServer,
    client: &Client,
    code: &AuthorizationCode,
    key: TokenKey,
    parameters: &Parameters<'_>,
    now: Timestamp,
) -> Result<MintedFamily, OAuthError> {
    let grant = live_grant(server, (code.grant_id, code.site_id), code.user_id, code.epoch).await?;
    let scope = effective(&code.scope, client, &grant);
    let catalogued = Catalogued::load(server, &scope, parameters.resources()).await?;
    let (resource, access_scope) = catalogued.one_of(&code.resources)?;

    let lifetimes = &server.config.lifetimes;
    let refreshes = client.refreshes(&scope);
    let expires = now + if refreshes { lifetimes.refresh_token_absolute } else { lifetimes.access_token };
    let (family_id, refresh) = if refreshes {
        let (family_id, refresh) = issue::refresh_token(server, expires, now);
        (family_id, Some(refresh))
    } else {
        (random::family_id(expires), None)
    };
    let family = Family {
        grant_id: grant.id,
        client_id: client.id.clone(),
        user_id: code.user_id,
        epoch: code.epoch,
        site_id: code.site_id,
        scope: code.scope.clone(),
        resources: code.resources.clone(),
        code: key,
        expires,
        state: refresh.as_ref().map_or(FamilyState::WithoutRefresh, |refresh| FamilyState::Live {
            current: refresh.record.clone(),
            previous: None,
        }),
    };
    let purpose =
        Purpose { subject: issue::subject(family_id, &family), scope: access_scope, resource, site_id: code.site_id };
    let access = issue::access_token(server, client, purpose, Some(expires), now);
    Ok((access, refresh, family_id, family))
}

/// A code came twice. If its own client brought it, somebody has a copy: what it produced is over (RFC 9700 section
/// 4.5.3.1). Another client learns nothing and ends nothing.
async fn replayed(
    server: &AuthorizationServer,
    client: &Client,
    redeemed_by: &ClientId,
    family: FamilyId,
) -> Result<GrantFault, OAuthError> {
    let own = *redeemed_by == client.id;
    if own {
        let forget = server.now() + server.config.lifetimes.access_token;
        server.store.end_family(family, FamilyEnd::CodeReplayed, forget).await?;
    }
    server.record(Event::CodeReplayed { client_id: client.id.clone(), family_ended: own }).await;
    Ok(if own { GrantFault::Replayed } else { GrantFault::OtherClient })
}
