//! A request that a Connect app signed. The resource learns of it what it would learn of a token.

use std::sync::Arc;

use crate::access::connect::request_jwt::{self, JwtFault, Presented, Proven, Refused};
use crate::authorization_server::AuthorizationServer;
use crate::domain::access_token::{AccessToken, Subject};
use crate::domain::connect::ConnectMode;
use crate::domain::error_code::ErrorCode;
use crate::domain::id::ClientId;
use crate::domain::installation::Tenant;
use crate::domain::resource::ProtectedResource;
use crate::oauth::bounds::Bounds;
use crate::oauth::error::OAuthError;
use crate::oauth::introspection::claims::CredentialKind;
use crate::oauth::introspection::{ActiveToken, Introspection, levels};
use crate::oauth::parameters::Parameters;
use crate::telemetry::refusals::Refusal;

/// A request that was not taken, and the app whose developer is told why.
#[derive(Debug)]
pub struct RefusedJwt {
    /// The app.
    pub app: ClientId,
    /// Why.
    pub fault: JwtFault,
}

impl RefusedJwt {
    /// Remembers it for the developer of the app, who alone is told why: where it was asked about, and the name by which that is
    /// found again.
    pub fn remember(&self, server: &AuthorizationServer, endpoint: &'static str, name: &str) {
        let refusal = Refusal {
            at: server.now(),
            endpoint,
            code: ErrorCode::InvalidToken,
            description: self.fault.to_string(),
            remedy: "Sign each request anew, as it is sent, with the sharedSecret that came with the newest `installed`.",
            request_id: name.to_owned(),
        };
        server.telemetry.last_refusals.remember(&self.app, refusal);
    }
}

/// The answer about a JWT, for the request that the asker tells of.
pub(super) async fn introspect<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    token: &str,
    parameters: &Parameters<'_>,
) -> Result<Introspection<'s>, OAuthError> {
    if !asker.takes_connect() {
        return Ok(Introspection::Inactive(None));
    }
    let presented = Presented {
        token,
        method: parameters.once("request_method")?,
        target: parameters.once("request_target")?,
        site: parameters.once("site")?,
    };
    Ok(match request_jwt::prove(server, presented).await? {
        Ok(proven) => Introspection::Active(Box::new(active(server, asker, token, proven))),
        Err(Refused { app, fault }) => Introspection::Inactive(app.map(|app| Box::new(RefusedJwt { app, fault }))),
    })
}

fn active<'s>(
    server: &'s AuthorizationServer,
    asker: Arc<ProtectedResource>,
    jwt: &str,
    proven: Proven,
) -> ActiveToken<'s> {
    let Proven { tenant: Tenant { client, site, authority }, issued, expires } = proven;
    let token = AccessToken {
        client_id: client.id.clone(),
        subject: Subject::App { installation_id: authority.installation.id },
        scope: authority.installation.approval.scope.clone(),
        resource: asker.id.clone(),
        site_id: site.id,
        issued,
        expires,
    };
    let bounds = Bounds { user: None, grant: None, authority: Some(authority), away: false };
    let effective = match asker.connect.mode {
        ConnectMode::Compatible => asker.scope.clone(),
        ConnectMode::Strict | ConnectMode::Refused => levels::covered(&asker, bounds.level(&client, &token.scope)),
    };
    let kind = CredentialKind::ConnectApp;
    ActiveToken { server, asker, jti: name(jwt), kind, token, client, site, bounds, effective, roles: None }
}

/// Half of the signature: it names the JWT in logs, and signs nothing.
fn name(jwt: &str) -> String {
    let signature = jwt.rsplit('.').next().unwrap_or_default();
    signature.chars().take(22).collect()
}
