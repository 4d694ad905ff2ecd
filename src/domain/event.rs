//! Event: every fact worth auditing. No event holds a secret, a token or a password.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::domain::app::{Distribution, Environment};
use crate::domain::connect::{ConnectMode, LifecycleEvent};
use crate::domain::id::{AppId, ClientId, ContainerId, GrantId, GroupId, InstallationId, ResourceId, SiteId, UserId};
use crate::domain::refresh_token::FamilyEnd;
use crate::domain::resource::ApiTokenPolicy;
use crate::domain::role_binding::RoleSubject;
use crate::domain::site::SiteStanding;
use crate::domain::time::Timestamp;
use crate::domain::user::Email;

/// A fact, with when and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What somebody found in public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakedKind {
    /// An access token of an app.
    AccessToken,
    /// A refresh token of an app; its whole family is over.
    RefreshToken,
    /// An API token of a person.
    ApiToken,
    /// The token of an import source.
    ContainerToken,
    /// The cookie of a session.
    Session,
    /// A link for set-up, an invitation or a new password.
    OneTimeLink,
}

/// Who caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// An operator at the command line.
    Operator,
    /// This person.
    User(UserId),
    /// An app on a site, as itself.
    App(InstallationId),
}

impl Actor {
    /// The person who it was, if it was one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Actor::User(user) => Some(user),
            Actor::Operator | Actor::App(_) => None,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the nouns of this folder by their own names")]
pub enum Event {
    /// Somebody was added.
    UserAdded { user_id: UserId, email: Email, by: Actor },
    /// Somebody may no longer sign in.
    UserSuspended { user_id: UserId, by: Actor },
    /// Somebody may sign in again.
    UserResumed { user_id: UserId, by: Actor },
    /// A one-time link was made.
    LinkMade { purpose: String, user_id: Option<UserId>, by: Actor },
    /// A one-time link was used.
    LinkUsed { purpose: String, user_id: Option<UserId>, address: Option<IpAddr> },
    /// A password was right.
    SignedIn { user_id: UserId, address: Option<IpAddr> },
    /// A password was wrong, or the name unknown.
    SignInRefused { user_id: Option<UserId>, address: Option<IpAddr>, reason: String },
    /// A session was ended.
    SessionEnded { user_id: UserId, by: Actor },
    /// Every session of a person was ended, but perhaps for the one that asked.
    SessionsEnded { user_id: UserId, count: usize, by: Actor },
    /// A password was chosen; tokens of the old one are over.
    PasswordChanged { user_id: UserId, by: Actor },
    /// A person allowed a client something.
    ConsentGiven { user_id: UserId, client_id: ClientId, grant_id: GrantId, scope: String },
    /// A person refused a client.
    ConsentDenied { user_id: UserId, client_id: ClientId, scope: String },
    /// What a person allowed a client was taken back.
    GrantEnded { user_id: UserId, client_id: ClientId, grant_id: GrantId, by: Actor },
    /// A code was redeemed.
    CodeRedeemed { user_id: UserId, client_id: ClientId, scope: String },
    /// A code was presented again, by the client that had redeemed it or by another.
    CodeReplayed { client_id: ClientId, family_ended: bool },
    /// A refresh token was exchanged.
    TokenRefreshed { user_id: UserId, client_id: ClientId },
    /// An old refresh token was presented; the family is over.
    RefreshTokenReused { user_id: UserId, client_id: ClientId },
    /// A token or code was presented by a client it was not issued to; it is untouched.
    ForeignTokenPresented { client_id: ClientId, owner: ClientId },
    /// A token was issued to a client for itself.
    ClientTokenIssued { client_id: ClientId, scope: String },
    /// A client revoked an access token.
    TokenRevoked { client_id: ClientId },
    /// A family is over by its client's word.
    FamilyEnded { client_id: ClientId, end: FamilyEnd },
    /// A client or resource could not prove who it is.
    ClientRefused { client_id: Option<ClientId>, address: Option<IpAddr>, reason: String },
    /// A client was registered.
    ClientAdded { client_id: ClientId },
    /// A client got one more secret.
    ClientSecretAdded { client_id: ClientId },
    /// Where answers to a client may be sent was replaced.
    RedirectUrisReplaced { client_id: ClientId, by: Actor },
    /// A client is gone, and with it everything issued to it.
    ClientRemoved { client_id: ClientId },
    /// A protected resource was registered.
    ResourceAdded { resource_id: ResourceId },
    /// A protected resource got one more secret.
    ResourceSecretAdded { resource_id: ResourceId },
    /// A protected resource takes Connect apps in another way.
    ResourceConnectSet { resource_id: ResourceId, mode: ConnectMode },
    /// A protected resource is gone.
    ResourceRemoved { resource_id: ResourceId },
    /// An app was registered.
    AppRegistered { app_id: AppId, by: Actor },
    /// A version of an app runs in an environment.
    VersionDeployed { app_id: AppId, environment: Environment, version: String, by: Actor },
    /// Who may allow an app anything was changed.
    AppShared { app_id: AppId, distribution: Distribution, by: Actor },
    /// Somebody may deploy an app, and allow it something before it is shared.
    ContributorAdded { app_id: AppId, user_id: UserId, by: Actor },
    /// Somebody may no longer.
    ContributorRemoved { app_id: AppId, user_id: UserId, by: Actor },
    /// Somebody who may not install an app asked for it.
    InstallationRequested { site_id: SiteId, app_id: AppId, environment: Environment, user_id: UserId },
    /// What somebody asked for was refused.
    InstallationDeclined { site_id: SiteId, app_id: AppId, environment: Environment, by: Actor },
    /// An app was installed on a site, with these scopes.
    AppInstalled {
        installation_id: InstallationId,
        site_id: SiteId,
        version: String,
        scope: String,
        impersonation: String,
        by: Actor,
    },
    /// An admin approved what a version asks for.
    VersionApproved {
        installation_id: InstallationId,
        site_id: SiteId,
        version: String,
        scope: String,
        impersonation: String,
        by: Actor,
    },
    /// An admin refused what a version asks for; what was approved before stays.
    VersionRefused { installation_id: InstallationId, site_id: SiteId, version: String, scope: String, by: Actor },
    /// Nothing issued to an installation is live until it is resumed.
    InstallationSuspended { installation_id: InstallationId, site_id: SiteId, by: Actor },
    /// What is issued to an installation is live again.
    InstallationResumed { installation_id: InstallationId, site_id: SiteId, by: Actor },
    /// An app is no longer on a site, and everything issued to it there is over.
    AppUninstalled {
        installation_id: InstallationId,
        site_id: SiteId,
        app_id: AppId,
        environment: Environment,
        by: Actor,
    },
    /// A Connect app took what it was told of an installation.
    LifecycleTold { installation_id: InstallationId, lifecycle: LifecycleEvent, by: Actor },
    /// A Connect app did not take what it was told of an installation.
    LifecycleNotTold { installation_id: InstallationId, lifecycle: LifecycleEvent, reason: String, by: Actor },
    /// A Connect app and a site share a new secret.
    SharedSecretRotated { installation_id: InstallationId, site_id: SiteId, by: Actor },
    /// A Connect app may not act as a person.
    ActAsUserRefused { installation_id: Option<InstallationId>, reason: String, address: Option<IpAddr> },
    /// A token was issued to an app as itself.
    AppTokenIssued { installation_id: InstallationId, client_id: ClientId, scope: String },
    /// A host product invoked an app, perhaps for a person.
    AppInvoked { installation_id: InstallationId, resource_id: ResourceId, module: String, user_id: Option<UserId> },
    /// A token was issued to an app that acts for a person: who was there, or who was away and is impersonated.
    ActingTokenIssued {
        installation_id: InstallationId,
        client_id: ClientId,
        user_id: UserId,
        act: String,
        scope: String,
        away: bool,
    },
    /// A signing key is in the key set; by nobody where the schedule said so.
    SigningKeyPublished { kid: String, by: Option<Actor> },
    /// A signing key signs.
    SigningKeyBegan { kid: String, by: Option<Actor> },
    /// A signing key signs no more, and is kept for what it signed.
    SigningKeyRetired { kid: String, by: Option<Actor> },
    /// A signing key is gone.
    SigningKeyRemoved { kid: String, by: Option<Actor> },
    /// Everything that is kept was read for a backup.
    BackupRead { by: Actor },
    /// What is kept is that of a backup of this moment; whether what somebody could act with at that time lives on.
    BackupRestored { of: Timestamp, credentials_kept: bool, by: Actor },
    /// The configuration was read again, and these settings are others now.
    ConfigurationReloaded { settings: Vec<String>, by: Actor },
    /// A site was added.
    SiteAdded { site_id: SiteId, name: String, by: Actor },
    /// A site got another name or URL.
    SiteChanged { site_id: SiteId, name: String, by: Actor },
    /// Somebody became a member of a site.
    MemberAdded { site_id: SiteId, user_id: UserId, standing: SiteStanding, by: Actor },
    /// What a member may do on a site was changed.
    MemberChanged { site_id: SiteId, user_id: UserId, standing: SiteStanding, by: Actor },
    /// Somebody is no member of a site any more; what they allowed there is over.
    MemberRemoved { site_id: SiteId, user_id: UserId, by: Actor },
    /// A person made an API token, for these scopes or, without any, for all that they may do.
    ApiTokenMade {
        user_id: UserId,
        token: String,
        label: String,
        scope: Option<String>,
        site_id: Option<SiteId>,
        expires: Timestamp,
        by: Actor,
    },
    /// An API token was ended.
    ApiTokenRevoked { user_id: UserId, token: String, label: String, by: Actor },
    /// Every API token of a person was ended.
    ApiTokensRevoked { user_id: UserId, count: usize, by: Actor },
    /// Somebody found a token in public, and it is over; whose it was and what it was called, where that is known.
    LeakedTokenEnded { kind: LeakedKind, user_id: Option<UserId>, name: Option<String>, address: Option<IpAddr> },
    /// A token that was shown to this server itself is no good.
    TokenRefused { address: Option<IpAddr>, reason: String },
    /// A protected resource takes other API tokens than before.
    ResourceApiTokensSet { resource_id: ResourceId, policy: ApiTokenPolicy },
    /// An import source was registered.
    ContainerAdded { container_id: ContainerId, site_id: SiteId, label: String, by: Actor },
    /// An import source is gone, and its token with it.
    ContainerRemoved { container_id: ContainerId, site_id: SiteId, by: Actor },
    /// An import source got a token; a former one is over.
    ContainerTokenMade { container_id: ContainerId, site_id: SiteId, token: String, expires: Timestamp, by: Actor },
    /// The token of an import source was ended.
    ContainerTokenEnded { container_id: ContainerId, site_id: SiteId, token: String, by: Actor },
    /// A group was made on a site.
    GroupAdded { group_id: GroupId, site_id: SiteId, name: String, by: Actor },
    /// A group is gone, and whatever it held.
    GroupRemoved { group_id: GroupId, site_id: SiteId, name: String, by: Actor },
    /// Somebody is in a group.
    GroupMemberAdded { group_id: GroupId, site_id: SiteId, user_id: UserId, by: Actor },
    /// Somebody is in a group no more.
    GroupMemberRemoved { group_id: GroupId, site_id: SiteId, user_id: UserId, by: Actor },
    /// Somebody was given a role on an object.
    RoleGiven {
        site_id: SiteId,
        resource_id: ResourceId,
        object: String,
        role: String,
        subject: RoleSubject,
        by: Actor,
    },
    /// A role on an object was taken from somebody.
    RoleTaken {
        site_id: SiteId,
        resource_id: ResourceId,
        object: String,
        role: String,
        subject: RoleSubject,
        by: Actor,
    },
    /// An object is gone, and with it whatever is beneath it and every role that was given there; by its protected resource
    /// where by nobody else.
    ObjectRemoved { site_id: SiteId, resource_id: ResourceId, object: String, by: Option<Actor> },
    /// A protected resource declares other objects, roles or operations.
    AccessModelSet { resource_id: ResourceId, operations: usize, by: Actor },
    /// Who may do something at a protected resource was decided.
    RoleSettingSet { resource_id: ResourceId, setting: String, role: String, by: Actor },
    /// Whether a protected resource may ask about whom it names, without a credential of theirs.
    AskingByIdSet { resource_id: ResourceId, asks_by_id: bool, by: Actor },
    /// A protected resource was told that a call goes no further, by which layer and why; `trace` is in its answer.
    AccessRefused {
        trace: String,
        resource_id: ResourceId,
        site_id: Option<SiteId>,
        layer: u8,
        operation: String,
        object: String,
        subject: Option<String>,
        required: Option<String>,
    },
    /// What a person allowed a client was taken back on one of its sites.
    GrantNarrowed { user_id: UserId, client_id: ClientId, grant_id: GrantId, site_id: SiteId, by: Actor },
}

impl Event {
    /// The person whose account it concerns, and who is told of it in their activity: sign-ins, secrets, and what may act for them.
    pub fn is_about(&self) -> Option<UserId> {
        match self {
            Event::SignedIn { user_id, .. }
            | Event::SessionEnded { user_id, .. }
            | Event::SessionsEnded { user_id, .. }
            | Event::PasswordChanged { user_id, .. }
            | Event::ConsentGiven { user_id, .. }
            | Event::GrantEnded { user_id, .. }
            | Event::GrantNarrowed { user_id, .. }
            | Event::RefreshTokenReused { user_id, .. }
            | Event::ApiTokenMade { user_id, .. }
            | Event::ApiTokenRevoked { user_id, .. }
            | Event::ApiTokensRevoked { user_id, .. }
            | Event::UserSuspended { user_id, .. }
            | Event::UserResumed { user_id, .. } => Some(*user_id),
            Event::LeakedTokenEnded { user_id, .. } => *user_id,
            Event::ContainerTokenMade { by: Actor::User(user), .. }
            | Event::ContainerTokenEnded { by: Actor::User(user), .. } => Some(*user),
            _ => None,
        }
    }
}
