//! Rotate a refresh token, RFC 6749 section 6, RFC 9700 section 4.14: once each, retried safely, reused never.

use crate::access::issue::{self, Successors};
use crate::authorization_server::AuthorizationServer;
use crate::domain::client::Client;
use crate::domain::event::Event;
use crate::domain::id::FamilyId;
use crate::domain::refresh_token::{Family, FamilyEnd, Presented};
use crate::domain::time::Timestamp;
use crate::oauth::error::{GrantFault, OAuthError};
use crate::oauth::machine::{self, Refreshing};
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::oauth::token::{TokenResponse, effective, live_grant};
use crate::secrets::refresh_token::{Presented as PresentedToken, read};
use crate::store::Issued;

/// Exchanges the refresh token of a token request.
///
/// # Errors
/// `invalid_grant` if it is not live (an old one ends its family); `invalid_scope` and `invalid_target` leave it as it was.
pub async fn refresh(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<TokenResponse, OAuthError> {
    let now = server.now();
    let presented = read(parameters.required("refresh_token")?).ok_or(GrantFault::Unknown)?;
    let id = presented.family;

    // Whoever loses the race for the head finds the winner's rotation there, and answers with the same tokens.
    loop {
        let family = server.store.family(id).await?.ok_or(GrantFault::Unknown)?;
        if family.client_id != client.id {
            let owner = family.client_id;
            server.record(Event::ForeignTokenPresented { client_id: client.id.clone(), owner }).await;
            return Err(GrantFault::OtherClient.into());
        }
        match family.judge(presented.digest, server.config.lifetimes.refresh_token_leeway, now) {
            Presented::Current => {
                if let Some(response) = rotate(server, client, &family, &presented, parameters, now).await? {
                    return Ok(response);
                }
            }
            Presented::Retried { rotation, current } => {
                live_grant(server, (family.grant_id, family.site_id), family.user_id, family.epoch).await?;
                let again = issue::repeat(client, &family, &presented, (rotation, &current));
                server.store.settled().await?;
                return Ok(TokenResponse::new(&again.access, Some(&again.refresh), now));
            }
            Presented::Reused => return Err(reused(server, client, (id, &family)).await?.into()),
            Presented::Expired => return Err(GrantFault::Expired.into()),
            Presented::Ended(FamilyEnd::Revoked) => return Err(GrantFault::Withdrawn.into()),
            Presented::Ended(_) => return Err(GrantFault::Replayed.into()),
        }
    }
}

/// The answer to the one who moves the family on; `None` if somebody else did.
async fn rotate(
    server: &AuthorizationServer,
    client: &Client,
    family: &Family,
    presented: &PresentedToken<'_>,
    parameters: &Parameters<'_>,
    now: Timestamp,
) -> Result<Option<TokenResponse>, OAuthError> {
    let grant = live_grant(server, (family.grant_id, family.site_id), family.user_id, family.epoch).await?;
    let asked = machine::refresh(&Refreshing { client_id: &client.id, scope: parameters.once("scope")? }, family, now)?;
    let scope = effective(&asked, client, &grant);
    let catalogued = Catalogued::load(server, &scope, parameters.resources()).await?;
    let target = catalogued.one_of(&family.resources)?;
    let (resource, scope) = (target.0, target.1);

    let Successors { access, refresh, rotation } =
        issue::rotate(server, client, family, presented, (scope, resource), now);
    let next = family.rotated(refresh.record.clone(), rotation);
    let issued = Issued { access_key: access.minted.key, access: &access.record, now };
    if !server.store.rotate(presented.family, family, &next, issued).await? {
        return Ok(None);
    }
    server.record(Event::TokenRefreshed { user_id: family.user_id, client_id: client.id.clone() }).await;
    Ok(Some(TokenResponse::new(&access, Some(&refresh), now)))
}

/// An old token came back: either its client or somebody else holds a copy, and which of the two cannot be known.
async fn reused(
    server: &AuthorizationServer,
    client: &Client,
    (id, family): (FamilyId, &Family),
) -> Result<GrantFault, OAuthError> {
    let forget = server.now() + server.config.lifetimes.access_token;
    server.store.end_family(id, FamilyEnd::RefreshTokenReused, forget).await?;
    server.record(Event::RefreshTokenReused { user_id: family.user_id, client_id: client.id.clone() }).await;
    Ok(GrantFault::Replayed)
}
