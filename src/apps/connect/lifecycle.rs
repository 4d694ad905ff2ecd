//! Telling a Connect app what becomes of its installations: installed, enabled, disabled, uninstalled.
//!
//! Whether an app learned of something never decides what holds here, but for one thing: an app that does not take its secret is
//! not installed. It is told a bounded number of times; an admin may have it told again.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use crate::access::connect::shared_secret::{self, Unsealed};
use crate::access::keys::{self, KeyError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::canonical_request::{RequestTarget, canonical};
use crate::domain::connect::{CallOutcome, Descriptor, LifecycleCall, LifecycleEvent, Tenancy};
use crate::domain::event::{Actor, Event};
use crate::domain::id::InstallationId;
use crate::domain::installation::Installation;
use crate::domain::secret::Secret;
use crate::domain::site::{Site, path_of};
use crate::domain::time::Lifetime;
use crate::outbound::Untold;
use crate::secrets::digest::qsh;
use crate::secrets::signing::{SigningFailure, public_pem};
use crate::secrets::{hs256, random};
use crate::store::StoreError;

/// How long what an app is told may be believed.
const LIFETIME: Lifetime = Lifetime::minutes(3);

/// How long to wait before it is told again; there is an end to that.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(1)];

/// After so long it is not told again: somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(12);

/// Why an app was not told.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// It did not take it.
    #[error(transparent)]
    Untold(#[from] Untold),
    /// Its descriptor is not kept any more, or it is on no site.
    #[error("its descriptor is not kept any more; deploy it again and approve it")]
    Forgotten,
    /// The address it gave cannot be called.
    #[error("the address in its descriptor is none that can be called")]
    Address,
    /// This server cannot prove who it is.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The secret cannot be opened.
    #[error(transparent)]
    Unsealed(#[from] Unsealed),
    /// The library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotTold {
    /// Whether the app may have taken it all the same.
    pub fn is_open(&self) -> bool {
        matches!(self, NotTold::Untold(untold) if untold.is_transient())
    }
}

/// What an app is told, in the form of Connect's lifecycle payload.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    key: &'a str,
    client_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared_secret: Option<&'a str>,
    server_version: &'static str,
    plugins_version: &'static str,
    base_url: &'a str,
    display_url: &'a str,
    product_type: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    event_type: &'static str,
}

/// A new secret for an installation, and what it then shares; the app is yet to be told.
pub fn begin(server: &AuthorizationServer, of: InstallationId) -> Tenancy {
    let secret = shared_secret::seal(&server.sealing, of, &random::shared_secret());
    Tenancy { secret, next_secret: None, last_call: due(server, LifecycleEvent::Installed) }
}

/// That an app is to be told of something from now on.
pub fn due(server: &AuthorizationServer, event: LifecycleEvent) -> LifecycleCall {
    LifecycleCall { event, at: server.now(), outcome: CallOutcome::Due }
}

/// Tells an app, as its approved descriptor wants to be told; nothing where that names no address. With `installed` goes the
/// secret that is to hold from then on.
///
/// # Errors
/// [`NotTold`] says why; it is in the audit trail too.
pub async fn tell(
    server: &AuthorizationServer,
    installation: &Installation,
    event: LifecycleEvent,
    by: Actor,
) -> Result<(), NotTold> {
    let told = tell_repeatedly(server, installation, event, by).await;
    let (installation_id, lifecycle) = (installation.id, event);
    server
        .record(match &told {
            Ok(()) => Event::LifecycleTold { installation_id, lifecycle, by },
            Err(why) => Event::LifecycleNotTold { installation_id, lifecycle, reason: why.to_string(), by },
        })
        .await;
    told
}

async fn tell_repeatedly(
    server: &AuthorizationServer,
    installation: &Installation,
    event: LifecycleEvent,
    by: Actor,
) -> Result<(), NotTold> {
    let descriptor = descriptor(server, installation).await?.ok_or(NotTold::Forgotten)?;
    let Some(url) = descriptor.lifecycle.of(event) else { return Ok(()) };
    let site = server.store.site(installation.site_id).await?.ok_or(NotTold::Forgotten)?;
    let call = Call { server, installation, descriptor: &descriptor, site: &site, event, by, url };
    let began = Instant::now();
    for pause in PAUSES {
        match call.tell().await {
            Err(NotTold::Untold(why)) if why.is_transient() && began.elapsed() < PATIENCE => sleep(pause).await,
            outcome => return outcome,
        }
    }
    call.tell().await
}

/// What an app is told by: the newest version for which the approval of its admin is enough.
async fn descriptor(
    server: &AuthorizationServer,
    installation: &Installation,
) -> Result<Option<Descriptor>, StoreError> {
    let versions = server.store.versions(installation.deployment).await?.into_iter();
    let mut approved = versions.filter(|version| version.number.major == installation.approval.version.major);
    Ok(approved.next_back().and_then(|version| version.descriptor))
}

/// One thing that an app is told.
struct Call<'a> {
    server: &'a AuthorizationServer,
    installation: &'a Installation,
    descriptor: &'a Descriptor,
    site: &'a Site,
    event: LifecycleEvent,
    by: Actor,
    url: &'a str,
}

impl Call<'_> {
    async fn tell(&self) -> Result<(), NotTold> {
        let secret = self.secret()?;
        let token = match self.event {
            LifecycleEvent::Installed | LifecycleEvent::Uninstalled => {
                let mut claims = self.claims()?;
                claims.insert("aud".into(), json!([self.descriptor.base_url]));
                keys::sign_rs256(self.server, claims, LIFETIME).await?
            }
            // Without `aud`: apps take that of a JWT of this kind for the name of a site.
            LifecycleEvent::Enabled | LifecycleEvent::Disabled => {
                let (now, mut claims) = (self.server.now(), self.claims()?);
                claims.insert("iat".into(), now.0.into());
                claims.insert("exp".into(), (now + LIFETIME).0.into());
                hs256::sign(&claims, secret.expose())?
            }
        };
        let public_key = match self.event {
            LifecycleEvent::Installed => keys::public_rs256(self.server).await?.as_deref().and_then(public_pem),
            _ => None,
        };
        let payload = self.payload(std::str::from_utf8(secret.expose()).unwrap_or_default(), public_key);
        Ok(self.server.outbound.tell(self.url, &format!("JWT {token}"), &payload).await?)
    }

    /// What both sign with: of a secret that is being replaced the one that follows.
    fn secret(&self) -> Result<Secret<Vec<u8>>, NotTold> {
        let tenancy = self.installation.tenancy.as_ref().ok_or(NotTold::Forgotten)?;
        let next = tenancy.next_secret.as_ref().filter(|_| self.event == LifecycleEvent::Installed);
        Ok(shared_secret::open(&self.server.sealing, self.installation.id, next.unwrap_or(&tenancy.secret))?)
    }

    fn claims(&self) -> Result<Map<String, Value>, NotTold> {
        let base_path = path_of(self.descriptor.base_url.as_str());
        let target = RequestTarget::parse(self.url).map_err(|_| NotTold::Address)?;
        let mut claims = Map::new();
        claims.insert("iss".into(), self.site.id.to_string().into());
        claims.insert("qsh".into(), qsh(&canonical("POST", &target, base_path)).into());
        if let Actor::User(user) = self.by {
            claims.insert("sub".into(), user.to_string().into());
        }
        Ok(claims)
    }

    fn payload<'b>(&'b self, secret: &'b str, public_key: Option<String>) -> Payload<'b> {
        let is_installed = self.event == LifecycleEvent::Installed;
        let url = self.server.url_of(self.site);
        Payload {
            key: self.descriptor.key.as_str(),
            client_key: self.site.id.to_string(),
            oauth_client_id: Some(self.installation.id.to_string()),
            public_key: public_key.map(|pem| pem.lines().filter(|line| !line.starts_with("-----")).collect()),
            shared_secret: is_installed.then_some(secret),
            server_version: env!("CARGO_PKG_VERSION"),
            plugins_version: env!("CARGO_PKG_VERSION"),
            base_url: url,
            display_url: url,
            product_type: &self.server.config.connect.product_type,
            description: &self.site.name,
            account_id: self.by.user().map(|user| user.to_string()),
            event_type: self.event.as_str(),
        }
    }
}

/// Keeps what came of telling an app, unless it was told something else since.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn settle(
    server: &AuthorizationServer,
    id: InstallationId,
    call: &LifecycleCall,
    outcome: CallOutcome,
) -> Result<(), StoreError> {
    loop {
        let Some(installation) = server.store.installation(id).await? else { return Ok(()) };
        let Some(tenancy) = installation.tenancy.as_ref().filter(|tenancy| tenancy.last_call == *call) else {
            return Ok(());
        };
        let last_call = LifecycleCall { outcome: outcome.clone(), ..call.clone() };
        let settled = Installation {
            tenancy: Some(Tenancy { last_call, ..tenancy.clone() }),
            ..Installation::clone(&installation)
        };
        if server.store.change_installation(&installation, &settled).await? {
            return Ok(());
        }
    }
}

/// The outcome of telling an app, as it is kept.
pub fn outcome(told: &Result<(), NotTold>) -> CallOutcome {
    match told {
        Ok(()) => CallOutcome::Done,
        Err(why) => CallOutcome::Failed(why.to_string()),
    }
}
