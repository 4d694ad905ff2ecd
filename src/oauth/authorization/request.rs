//! From parameters to an authorization request that passed every check, whichever way it came.

use crate::authorization_server::AuthorizationServer;
use crate::domain::authorization_request::{AuthorizationRequest, Presence};
use crate::domain::client::{Client, Profile};
use crate::domain::id::ClientId;
use crate::domain::uri::RedirectUri;
use crate::oauth::authorization::checks::{Asked, Channel};
use crate::oauth::error::OAuthError;
use crate::oauth::installed;
use crate::oauth::parameters::Parameters;
use crate::oauth::target::Catalogued;
use crate::store::StoreError;

/// Why a request is answered with a page: nobody who is known to be the client could be told.
#[derive(Debug, thiserror::Error)]
pub enum PageFault {
    /// `client_id` is missing, repeated or unreadable, or the request is.
    #[error("the request cannot be followed: {0}")]
    Unreadable(OAuthError),
    /// There is no such client.
    #[error("no app is registered as {0:?}")]
    UnknownClient(String),
    /// The redirection URI is not one of the client's.
    #[error("{received:?} is not a redirection URI of {client}")]
    RedirectUri {
        /// The client.
        client_id: ClientId,
        /// The app's name.
        client: String,
        /// What was sent, if anything was.
        received: String,
        /// In whose words the developer is told.
        profile: Profile,
    },
    /// The pushed request is unknown, used, expired or another client's.
    #[error("the pushed request is unknown, was used before, has expired or is another app's")]
    PushedRequest,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the answer goes: one of the client's own redirection URIs (RFC 9700 section 2.1), or its only one if none is sent.
pub(in crate::oauth) fn bind(
    server: &AuthorizationServer,
    client: &Client,
    parameters: &Parameters<'_>,
) -> Result<(RedirectUri, Presence), PageFault> {
    let received = parameters.once("redirect_uri").map_err(PageFault::Unreadable)?;
    let bound = match (received, client.redirect_uris.as_slice()) {
        (Some(requested), _) => client
            .redirect_uri(requested, server.config.issuer.loopback_ports)
            .or_else(|| own_place(server, client, requested))
            .map(|redirect_uri| (redirect_uri, Presence::Sent)),
        (None, [only]) => Some((only.clone(), Presence::Assumed)),
        (None, _) => None,
    };
    bound.ok_or_else(|| PageFault::RedirectUri {
        client_id: client.id.clone(),
        client: client.name.clone(),
        received: received.unwrap_or_default().chars().take(512).collect(),
        profile: client.profile,
    })
}

/// This server's own page, which is for people who allow a deployed app something without having come from it.
fn own_place(server: &AuthorizationServer, client: &Client, requested: &str) -> Option<RedirectUri> {
    let own = client.deployment.is_some() && requested == server.config.issuer.url.url(installed::CONNECTED);
    own.then(|| requested.parse().ok()).flatten()
}

/// The request, once every check has passed.
pub(in crate::oauth) async fn checked(
    server: &AuthorizationServer,
    client: &Client,
    (redirect_uri, redirect_uri_presence): (RedirectUri, Presence),
    parameters: &Parameters<'_>,
    channel: Channel,
) -> Result<AuthorizationRequest, OAuthError> {
    let asked = Asked { client, redirect_uri, redirect_uri_presence, parameters, channel };
    asked.check()?;
    let scope = asked.scope()?;
    let catalogued = Catalogued::load(server, &scope, parameters.resources()).await?;
    asked.into_request(scope, &catalogued)
}
