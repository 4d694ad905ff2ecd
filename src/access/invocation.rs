//! Invocation: a host product calls an app, perhaps for a person. The app gets a JWT that proves it, in the form of Forge's
//! invocation tokens, and its name, by which the gateway knows it too.
//!
//! The name is sealed and says of itself what it names, so that an invocation is a record nowhere.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::access::keys::{self, KeyError};
use crate::authorization_server::AuthorizationServer;
use crate::domain::app::AppVersion;
use crate::domain::client::PublicKey;
use crate::domain::id::{AppId, InstallationId, UserId};
use crate::domain::installation::Installation;
use crate::domain::resource::ProtectedResource;
use crate::domain::site::Site;
use crate::domain::time::{Lifetime, Timestamp};
use crate::secrets::assertion;
use crate::secrets::digest::{base64url, from_base64url};
use crate::store::StoreError;

/// How long an invocation may be answered.
pub const LIFETIME: Lifetime = Lifetime::seconds(25);

/// Who issues invocation tokens, as Forge's verifiers want it.
const ISSUER: &str = "forge/invocation-token";

/// What the name of an invocation is sealed for.
const NAME: &[u8] = b"the name of an invocation";

/// An invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Its name, the `jti` of its token.
    pub id: String,
    /// The installation that was called.
    pub installation_id: InstallationId,
    /// For whom; nobody where the product calls for itself.
    pub user_id: Option<UserId>,
    /// Until when it is good.
    pub expires: Timestamp,
}

/// What is called.
pub struct Call<'a> {
    /// The product that calls.
    pub host: &'a ProtectedResource,
    /// The installation.
    pub installation: &'a Installation,
    /// The version that runs there.
    pub version: &'a AppVersion,
    /// The site.
    pub site: &'a Site,
    /// The key of the module, and its type if the product says one.
    pub module: (&'a str, Option<&'a str>),
    /// For whom.
    pub user_id: Option<UserId>,
}

/// A new invocation, and its token.
///
/// # Errors
/// [`KeyError`] if no key signs or the store fails.
pub async fn begin(server: &AuthorizationServer, call: &Call<'_>) -> Result<(Invocation, String), KeyError> {
    let expires = server.now() + LIFETIME;
    let (installation_id, user_id) = (call.installation.id, call.user_id);
    let invocation =
        Invocation { id: name(server, installation_id, user_id, expires), installation_id, user_id, expires };
    let token = keys::sign(server, "JWT", claims(server, call, &invocation), LIFETIME).await?;
    Ok((invocation, token))
}

/// The claims of Forge's invocation token; moment and end are added when it is signed.
fn claims(server: &AuthorizationServer, call: &Call<'_>, invocation: &Invocation) -> Map<String, Value> {
    let Call { host, installation, version, site, module: (key, kind), .. } = call;
    let (app, environment) = (installation.deployment.app_id, installation.deployment.environment);
    let api = host.base_url.as_ref().map_or(host.audience(), |url| url.as_str());
    let context = json!({ "name": site.name, "apiBaseUrl": api, "cloudId": site.id, "workspaceId": site.workspace_id });
    let claims = json!({
        "iss": ISSUER,
        "aud": app.ari(),
        "nbf": server.now().0,
        "jti": invocation.id,
        "app": {
            "id": app.ari(),
            "version": version.number.to_string(),
            "appVersion": version.number.to_string(),
            "installationId": installation.id.ari(),
            "apiBaseUrl": api,
            "environment": {
                "type": environment.as_str().to_ascii_uppercase(),
                "id": format!("ari:cloud:ecosystem::environment/{app}/{environment}"),
            },
            "module": { "type": kind.unwrap_or("endpoint"), "key": key },
            "installation": { "id": installation.id.ari(), "contexts": [context] },
        },
        "context": {
            "cloudId": site.id,
            "workspaceId": site.workspace_id,
            "siteUrl": server.url_of(site),
            "moduleKey": key,
        },
    });
    let mut claims = match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    };
    if let Some(user) = invocation.user_id {
        claims.insert("principal".into(), user.to_string().into());
    }
    claims
}

/// The invocation that `token` proves to `app`, if it is one of this server's that is still good.
///
/// # Errors
/// [`StoreError`] if the store fails.
pub async fn proven(server: &AuthorizationServer, token: &str, app: AppId) -> Result<Option<Invocation>, StoreError> {
    #[derive(Deserialize)]
    struct Claims {
        iss: String,
        aud: String,
        jti: String,
        exp: u64,
    }
    let ring = server.store.key_ring().await?;
    let keys = ring.keys().iter().map(|key| PublicKey { kid: Some(key.kid.clone()), jwk: key.public.clone() });
    let Ok(claims) = assertion::verified::<Claims>(token, &keys.collect::<Vec<_>>()) else { return Ok(None) };
    let is_ours = claims.iss == ISSUER && claims.aud == app.ari() && !Timestamp(claims.exp).has_passed(server.now());
    Ok(is_ours.then(|| named(server, &claims.jti)).flatten())
}

/// The invocation of that name, if it is still good.
pub fn named(server: &AuthorizationServer, id: &str) -> Option<Invocation> {
    let sealed = from_base64url(id)?;
    let opened = server.sealing.open(NAME, &sealed)?;
    let (expires, rest) = opened.split_first_chunk::<8>()?;
    let (installation, rest) = rest.split_first_chunk::<16>()?;
    let user_id = match rest {
        [] => None,
        user => Some(UserId::from_bytes(user.try_into().ok()?)),
    };
    let expires = Timestamp(u64::from_be_bytes(*expires));
    let installation_id = InstallationId::from_bytes(*installation);
    let invocation = Invocation { id: id.to_owned(), installation_id, user_id, expires };
    (!expires.has_passed(server.now())).then_some(invocation)
}

fn name(
    server: &AuthorizationServer,
    installation: InstallationId,
    user: Option<UserId>,
    expires: Timestamp,
) -> String {
    let user = user.map(|user| user.as_bytes().to_vec()).unwrap_or_default();
    let said = [expires.0.to_be_bytes().as_slice(), installation.as_bytes(), &user].concat();
    base64url(&server.sealing.seal(NAME, &said))
}
