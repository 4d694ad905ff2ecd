//! The answer, by the names of RFC 7662 section 2.2 and our own.

use std::fmt::{self, Display};

use serde::{Serialize, Serializer};

use crate::access::api_token::LiveApiToken;
use crate::access::container_token::LiveContainerToken;
use crate::access::roles::ToldRoles;
use crate::domain::access_token::{Subject, SubjectClaim};
use crate::domain::connect::Level;
use crate::domain::container::{ACTIONS, ASSETS_IMPORT};
use crate::domain::id::{ContainerId, SiteId};
use crate::domain::installation::AppAccount;
use crate::domain::protected_object::ObjectRef;
use crate::oauth::bounds::Bounds;
use crate::oauth::introspection::{ActiveApiToken, ActiveContainerToken, ActiveToken, Introspection};
use crate::secrets::token;

impl Serialize for Introspection<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Introspection::Inactive(_) => Inactive { active: false }.serialize(serializer),
            Introspection::Active(token) => token.serialize(serializer),
            Introspection::ApiToken(token) => token.serialize(serializer),
            Introspection::ContainerToken(token) => token.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct Inactive {
    active: bool,
}

impl Serialize for ActiveToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { server, asker, jti, kind, token, client, site, bounds, effective, roles } = self;
        let is_connect = bounds.is_of_connect();
        let authority = bounds.authority.as_ref();
        let level = authority
            .filter(|_| is_connect)
            .and_then(|authority| bounds.level(client, &authority.installation.approval.scope));
        let has = |name: &&str| bounds.approve(client, name) || Level::of(name).is_some_and(|of| Some(of) <= level);
        let connect: Option<Vec<&str>> = is_connect.then(|| token.scope.iter().filter(has).collect());
        let approved = |name: &&str| match is_connect {
            true => asker.connect.covers(level, name),
            false => bounds.approve(client, name),
        };
        let consented = bounds.grant.as_ref().map(|grant| &grant.scope);
        Claims {
            active: true,
            iss: server.config.issuer.url.as_str(),
            aud: asker.audience(),
            sub: token.subject.claim(&client.id),
            act: token.subject.actor().map(|sub| Actor { sub }),
            client_id: Some(client.id.as_str()),
            username: bounds.user.as_ref().map(|user| user.email.as_str()),
            token_type: kind.token_type(),
            scope: effective.as_str(),
            iat: token.issued.0,
            exp: token.expires.0,
            jti: jti.as_str(),
            credential: *kind,
            site: SiteClaim { id: site.id, url: server.url_of(site), workspace_id: site.workspace_id },
            installation: authority.map(|authority| InstallationClaim {
                id: authority.installation.id.ari(),
                app: authority.installation.deployment.app_id.ari(),
            }),
            scopes: Scopes {
                approved: Some(asker.scope.iter().filter(approved).collect()),
                consented: consented.map(|scope| asker.scope.iter().filter(|name| scope.contains(name)).collect()),
                effective: effective.iter().collect(),
                connect,
            },
            roles: roles.as_ref().map(role_claims),
            roles_complete: roles.as_ref().map(|roles| roles.is_complete),
        }
        .serialize(serializer)
    }
}

impl Serialize for ActiveApiToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { server, asker, live: LiveApiToken { token, user, site, .. }, effective, is_basic, roles } = self;
        Claims {
            active: true,
            iss: server.config.issuer.url.as_str(),
            aud: asker.audience(),
            sub: SubjectClaim::User(&user.id),
            act: None,
            client_id: None,
            username: Some(user.email.as_str()),
            token_type: if *is_basic { "Basic" } else { CredentialKind::ApiToken.token_type() },
            scope: effective.as_str(),
            iat: token.created.0,
            exp: token.expires.0,
            jti: &token::name(token.key),
            credential: CredentialKind::ApiToken,
            site: SiteClaim { id: site.id, url: server.url_of(site), workspace_id: site.workspace_id },
            installation: None,
            scopes: Scopes { approved: None, consented: None, effective: effective.iter().collect(), connect: None },
            roles: roles.as_ref().map(role_claims),
            roles_complete: roles.as_ref().map(|roles| roles.is_complete),
        }
        .serialize(serializer)
    }
}

impl Serialize for ActiveContainerToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { server, asker, live: LiveContainerToken { token, container, site } } = self;
        ContainerClaims {
            active: true,
            iss: server.config.issuer.url.as_str(),
            aud: asker.audience(),
            sub: format_args!("import_source:{}", container.id),
            token_type: CredentialKind::ContainerToken.token_type(),
            iat: token.created.0,
            exp: token.expires.0,
            jti: &token::name(token.key),
            credential: CredentialKind::ContainerToken,
            site: SiteClaim { id: site.id, url: server.url_of(site), workspace_id: site.workspace_id },
            authorization_details: [AuthorizationDetail {
                kind: ASSETS_IMPORT,
                locations: [asker.audience()],
                actions: ACTIONS,
                workspace: site.workspace_id,
                import_source: container.id,
            }],
        }
        .serialize(serializer)
    }
}

/// The answer about a container token.
#[derive(Serialize)]
struct ContainerClaims<'a> {
    active: bool,
    iss: &'a str,
    aud: &'a str,
    sub: fmt::Arguments<'a>,
    token_type: &'static str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    credential: CredentialKind,
    site: SiteClaim<'a>,
    authorization_details: [AuthorizationDetail<'a>; 1],
}

/// What a container token is good for (RFC 9396 section 2).
#[derive(Serialize)]
struct AuthorizationDetail<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    locations: [&'a str; 1],
    actions: [&'static str; 3],
    workspace: SiteId,
    import_source: ContainerId,
}

/// The answer by the names of RFC 7662 section 2.2; what follows `credential` is ours.
#[derive(Serialize)]
struct Claims<'a> {
    active: bool,
    iss: &'a str,
    aud: &'a str,
    #[serde(serialize_with = "text")]
    sub: SubjectClaim<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    token_type: &'static str,
    scope: &'a str,
    iat: u64,
    exp: u64,
    jti: &'a str,
    credential: CredentialKind,
    site: SiteClaim<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installation: Option<InstallationClaim>,
    scopes: Scopes<'a>,
    /// Which roles are held, where the asker would know; of several objects of a line the entry of the nearest counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleClaim<'a>>>,
    /// Whether these are all.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles_complete: Option<bool>,
}

/// A role on an object; none where what is held above is not held there.
#[derive(Serialize)]
struct RoleClaim<'a> {
    role: Option<&'a str>,
    #[serde(serialize_with = "text")]
    object: &'a ObjectRef,
}

fn role_claims(told: &ToldRoles) -> Vec<RoleClaim<'_>> {
    let mut claims = Vec::new();
    for (object, roles) in &told.entries {
        claims.extend(roles.iter().map(|role| RoleClaim { role: Some(role), object }));
        if roles.is_empty() {
            claims.push(RoleClaim { role: None, object });
        }
    }
    claims
}

/// Which system the credential belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CredentialKind {
    /// An OAuth app for a person who consented.
    OauthUser,
    /// An OAuth app for itself.
    OauthApp,
    /// An app on a site for a person.
    ForgeUser,
    /// An app on a site for itself.
    ForgeApp,
    /// A Connect app, by a request that it signed.
    ConnectApp,
    /// A Connect app for a person.
    ConnectUser,
    /// A script of a person.
    ApiToken,
    /// A script of an import source.
    ContainerToken,
}

impl CredentialKind {
    /// That of an access token.
    pub(super) fn of(subject: &Subject, bounds: &Bounds) -> Self {
        match subject {
            Subject::Acting { .. } if bounds.is_of_connect() => CredentialKind::ConnectUser,
            Subject::User { .. } => CredentialKind::OauthUser,
            Subject::Client => CredentialKind::OauthApp,
            Subject::Acting { .. } => CredentialKind::ForgeUser,
            Subject::App { .. } | Subject::Gateway { .. } => CredentialKind::ForgeApp,
        }
    }

    /// How it is sent: by the scheme of its `Authorization` header.
    fn token_type(self) -> &'static str {
        match self {
            CredentialKind::ConnectApp => "JWT",
            _ => "Bearer",
        }
    }
}

/// Who acts for the subject (RFC 8693 section 4.1).
#[derive(Serialize)]
struct Actor {
    #[serde(serialize_with = "text")]
    sub: AppAccount,
}

/// On whose account an app is on the site.
#[derive(Serialize)]
struct InstallationClaim {
    id: String,
    app: String,
}

#[derive(Serialize)]
struct SiteClaim<'a> {
    id: SiteId,
    url: &'a str,
    workspace_id: SiteId,
}

/// Why the effective scope is what it is.
#[derive(Serialize)]
struct Scopes<'a> {
    /// Of what an app is for: what its version asks for, and the site's admin approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consented: Option<Vec<&'a str>>,
    effective: Vec<&'a str>,
    /// Of a Connect app: its own scopes, of which the others follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<Vec<&'a str>>,
}

fn text<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
