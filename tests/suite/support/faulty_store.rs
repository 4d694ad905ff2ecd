//! A store that fails when a test says so: before a call reaches the real store, after it was done there, or for good.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use hallmark::domain::access_model::Access;
use hallmark::domain::access_token::AccessToken;
use hallmark::domain::api_token::{ApiToken, TokenUse};
use hallmark::domain::app::{App, AppVersion, Deployed, Deployment, VersionNumber};
use hallmark::domain::authorization_code::{AuthorizationCode, CodeState};
use hallmark::domain::authorization_request::{PushedRequest, Transaction};
use hallmark::domain::client::{Client, ClientChange};
use hallmark::domain::connect::ConnectPolicy;
use hallmark::domain::container::{Container, ContainerToken};
use hallmark::domain::event::Recorded;
use hallmark::domain::grant::Grant;
use hallmark::domain::group::Group;
use hallmark::domain::guess::GuessRate;
use hallmark::domain::id::{
    AppId, ClientId, ContainerId, FamilyId, GrantId, GroupId, InstallationId, ResourceId, SiteId, UserId,
};
use hallmark::domain::installation::{Installation, InstallationRequest, Tenant};
use hallmark::domain::link::OneTimeLink;
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::refresh_token::{Family, FamilyEnd};
use hallmark::domain::resource::{ApiTokenPolicy, ProtectedResource};
use hallmark::domain::role_binding::{Held, RoleBinding, RoleSubject};
use hallmark::domain::scope::{Scope, ScopeEntry};
use hallmark::domain::secret::{Digest, TokenKey};
use hallmark::domain::session::Session;
use hallmark::domain::signing_key::KeyRing;
use hallmark::domain::site::{Member, Site};
use hallmark::domain::time::Timestamp;
use hallmark::domain::user::{Email, PasswordHash, User, UserState};
use hallmark::store::{
    Activity, Added, ApiCredential, ApiTokens, Apps, Asked, Belongs, Clients, ContainerCredential, Containers, Counted,
    Credential, EventPlace, Events, Given, Grants, Groups, Guesses, Horizon, Issued, Kept, Keys, Links, Measured,
    Portable, Records, Redeemed, Requests, Resources, Result, Roles, RolesThere, Sessions, Sites, Snapshot, Store,
    StoreError, Swept, Tokens, Told, Users,
};
use hallmark::telemetry::PoolMeasures;
use hallmark::telemetry::tally::Distribution;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never reaches the store; the next one does.
    Before,
    /// It is done and the answer is lost, so that its outcome is unknown; the next one is answered.
    After,
    /// It never reaches the store, and neither does any call after it.
    Outage,
}

impl Fault {
    /// Every way to fail.
    pub const ALL: [Fault; 3] = [Fault::Before, Fault::After, Fault::Outage];
}

/// What is to fail, and what did.
#[derive(Debug, Default)]
enum Plan {
    /// Nothing.
    #[default]
    Healthy,
    /// The call that is so many calls away.
    Nth(usize, Fault),
    /// Every call of this verb.
    Verb(&'static str),
    /// This verb failed, and what follows it goes on failing or not.
    Failed(&'static str, Fault),
}

/// The switch of a [`FaultyStore`].
#[derive(Clone, Debug, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
    shared: Arc<AtomicBool>,
}

impl Faults {
    /// Has the store say that it is one of several servers.
    pub fn share(&self) {
        self.shared.store(true, Ordering::Relaxed);
    }

    /// Has the call after `healthy` further ones fail.
    pub fn fail_after(&self, healthy: usize, fault: Fault) {
        *self.plan() = Plan::Nth(healthy, fault);
    }

    /// Has every call of a verb fail, before it reaches the store.
    pub fn fail_verb(&self, verb: &'static str) {
        *self.plan() = Plan::Verb(verb);
    }

    /// Ends all faults; the verb that failed, if the plan came that far.
    pub fn heal(&self) -> Option<&'static str> {
        match std::mem::take(&mut *self.plan()) {
            Plan::Failed(verb, _) => Some(verb),
            Plan::Healthy | Plan::Nth(..) | Plan::Verb(_) => None,
        }
    }

    fn next(&self, verb: &'static str) -> Option<Fault> {
        let mut plan = self.plan();
        match &mut *plan {
            Plan::Healthy | Plan::Failed(_, Fault::Before | Fault::After) => None,
            Plan::Failed(_, Fault::Outage) => Some(Fault::Outage),
            Plan::Verb(failing) => (*failing == verb).then_some(Fault::Before),
            Plan::Nth(0, fault) => {
                let fault = *fault;
                *plan = Plan::Failed(verb, fault);
                Some(fault)
            }
            Plan::Nth(healthy, _) => {
                *healthy -= 1;
                None
            }
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store before which a test puts [`Faults`].
pub struct FaultyStore {
    store: Arc<dyn Store>,
    faults: Faults,
}

impl FaultyStore {
    /// `store`, healthy until `faults` says otherwise.
    pub fn new(store: Arc<dyn Store>, faults: Faults) -> Self {
        Self { store, faults }
    }

    async fn call<T>(&self, verb: &'static str, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let broken = || StoreError::Unavailable(format!("{verb} was made to fail").into());
        match self.faults.next(verb) {
            None => call.await,
            Some(Fault::Before | Fault::Outage) => Err(broken()),
            Some(Fault::After) => call.await.and_then(|_| Err(broken())),
        }
    }
}

#[async_trait]
impl Portable for FaultyStore {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.store.snapshot()
    }

    async fn import(&self, records: Records) -> Result<()> {
        self.call("import", self.store.import(records)).await
    }
}

impl Measured for FaultyStore {
    fn belongs_to(&self) -> Belongs {
        if self.faults.shared.load(Ordering::Relaxed) { Belongs::ToSeveral } else { self.store.belongs_to() }
    }

    fn commits(&self) -> Distribution {
        self.store.commits()
    }

    fn size(&self) -> Result<u64> {
        self.store.size()
    }

    fn pool(&self) -> Option<PoolMeasures> {
        self.store.pool()
    }
}

/// Hands each verb on to the store within, by way of `call`.
macro_rules! hand_on {
    ($($noun:ident { $($verb:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* })*) => { $(
        #[async_trait]
        impl $noun for FaultyStore { $(
            async fn $verb(&self, $($argument: $kind),*) -> Result<$answer> {
                self.call(stringify!($verb), self.store.$verb($($argument),*)).await
            }
        )* }
    )* };
}

hand_on! {
    Activity {
        add_activity(user: UserId, fact: &Recorded) -> ();
        activity_of(user: UserId) -> Vec<Recorded>;
    }
    ApiTokens {
        add_api_token(token: &ApiToken, limit: u16, now: Timestamp) -> Kept;
        api_token(key: TokenKey) -> Option<ApiToken>;
        api_credential(key: TokenKey, site: Option<SiteId>, otherwise: SiteId) -> Option<ApiCredential>;
        api_tokens_of(user: UserId) -> Vec<ApiToken>;
        api_tokens() -> Vec<ApiToken>;
        revoke_api_token(key: TokenKey) -> bool;
        revoke_api_tokens_of(user: UserId) -> usize;
        note_token_uses(uses: &[(TokenKey, TokenUse)]) -> ();
        token_use(key: TokenKey) -> Option<TokenUse>;
    }
    Containers {
        add_container(container: &Container) -> Added;
        container(id: ContainerId) -> Option<Arc<Container>>;
        containers() -> Vec<Arc<Container>>;
        containers_on(site: SiteId) -> Vec<Arc<Container>>;
        remove_container(id: ContainerId) -> bool;
        container_token(id: ContainerId) -> Option<ContainerToken>;
        set_container_token(id: ContainerId, token: &ContainerToken) -> bool;
        end_container_token(id: ContainerId, key: TokenKey) -> bool;
        container_credential(key: TokenKey) -> Option<ContainerCredential>;
    }
    Clients {
        client(id: &ClientId) -> Option<Arc<Client>>;
        clients() -> Vec<Arc<Client>>;
        add_client(client: &Client) -> Added;
        add_client_secret(id: &ClientId, secret: Digest, now: Timestamp) -> Option<Arc<Client>>;
        change_client(id: &ClientId, change: &ClientChange) -> Option<Arc<Client>>;
        remove_client(id: &ClientId) -> bool;
        spend_assertion(assertion: Digest, expires: Timestamp) -> bool;
    }
    Events {
        append_event(event: &Recorded) -> ();
        newest_events(count: usize) -> Vec<Recorded>;
        events(from: EventPlace, until: EventPlace, count: usize) -> Vec<(EventPlace, Recorded)>;
    }
    Grants {
        grant(id: GrantId) -> Option<Grant>;
        grant_between(user: UserId, client: &ClientId) -> Option<Grant>;
        grants_of(user: UserId) -> Vec<(Grant, Option<Timestamp>)>;
        record_consent(answer: &Grant) -> Grant;
        end_grant(id: GrantId) -> Option<Grant>;
        narrow_grant(id: GrantId, site: SiteId) -> Option<Grant>;
        add_code(key: TokenKey, code: &AuthorizationCode) -> ();
    }
    Groups {
        group(id: GroupId) -> Option<Arc<Group>>;
        groups_on(site: SiteId) -> Vec<Arc<Group>>;
        add_group(group: &Group) -> Added;
        remove_group(id: GroupId) -> bool;
        add_to_group(id: GroupId, user: UserId) -> bool;
        remove_from_group(id: GroupId, user: UserId) -> bool;
        group_members(id: GroupId) -> Vec<UserId>;
        groups_of(site: SiteId, user: UserId) -> Vec<GroupId>;
    }
    Guesses {
        take_guess(count: Digest, rate: GuessRate, now: Timestamp) -> Counted;
        give_back_guess(count: Digest, rate: GuessRate, now: Timestamp) -> ();
    }
    Keys {
        key_ring() -> KeyRing;
        replace_key_ring(old: &KeyRing, new: &KeyRing) -> bool;
        seal_check() -> Option<Vec<u8>>;
        begin_seal_check(check: &[u8]) -> Vec<u8>;
    }
    Links {
        add_link(key: TokenKey, link: &OneTimeLink) -> ();
        link(key: TokenKey) -> Option<OneTimeLink>;
        take_link(key: TokenKey) -> bool;
    }
    Requests {
        push_request(key: TokenKey, request: &PushedRequest) -> ();
        pushed_request(key: TokenKey) -> Option<PushedRequest>;
        take_pushed_request(key: TokenKey) -> Option<PushedRequest>;
        open_transaction(key: TokenKey, transaction: &Transaction) -> ();
        transaction(key: TokenKey) -> Option<Transaction>;
        advance_transaction(key: TokenKey, old: &Transaction, new: &Transaction) -> bool;
        take_transaction(key: TokenKey) -> bool;
    }
    Apps {
        app(id: AppId) -> Option<Arc<App>>;
        apps() -> Vec<Arc<App>>;
        change_app(old: Option<&App>, new: &App) -> bool;
        deployed(deployment: Deployment) -> Option<Arc<Deployed>>;
        deploy(deployment: Deployment, old: Option<&Deployed>, new: &Deployed, version: &AppVersion) -> bool;
        version(deployment: Deployment, number: VersionNumber) -> Option<AppVersion>;
        versions(deployment: Deployment) -> Vec<AppVersion>;
        installation(id: InstallationId) -> Option<Arc<Installation>>;
        tenant(key: &str, site: SiteId) -> Option<Tenant>;
        installation_on(site: SiteId, deployment: Deployment) -> Option<Arc<Installation>>;
        installations_on(site: SiteId) -> Vec<Arc<Installation>>;
        installations_of(deployment: Deployment) -> Vec<Arc<Installation>>;
        install(installation: &Installation, client: &ClientId) -> bool;
        change_installation(old: &Installation, new: &Installation) -> bool;
        uninstall(installation: &Installation, client: &ClientId) -> bool;
        request_installation(request: &InstallationRequest) -> ();
        installation_requests(site: SiteId) -> Vec<InstallationRequest>;
        end_installation_requests(site: SiteId, deployment: Deployment, by: Option<UserId>) -> usize;
    }
    Resources {
        resource(id: &ResourceId) -> Option<Arc<ProtectedResource>>;
        resources() -> Vec<Arc<ProtectedResource>>;
        resource_identified_by(identifier: &str) -> Option<ResourceId>;
        scope_entries(scope: &Scope) -> Vec<ScopeEntry>;
        scopes_of(id: &ResourceId) -> Vec<ScopeEntry>;
        add_resource(resource: &ProtectedResource, scopes: &[ScopeEntry]) -> Added;
        add_resource_secret(id: &ResourceId, secret: Digest, now: Timestamp) -> Option<Arc<ProtectedResource>>;
        set_connect(id: &ResourceId, policy: &ConnectPolicy) -> Option<Arc<ProtectedResource>>;
        set_api_tokens(id: &ResourceId, policy: ApiTokenPolicy) -> Option<Arc<ProtectedResource>>;
        remove_resource(id: &ResourceId) -> bool;
    }
    Roles {
        access(resource: &ResourceId) -> Option<Arc<Access>>;
        set_access(resource: &ResourceId, access: &Arc<Access>) -> bool;
        object(realm: &Realm, object: &ObjectRef) -> Option<ProtectedObject>;
        objects(realm: &Realm, kind: &str, after: Option<&str>, count: usize) -> Vec<ProtectedObject>;
        objects_beneath(realm: &Realm, parent: &ObjectRef, kind: &str, after: Option<&str>, count: usize) -> Vec<ProtectedObject>;
        put_object(realm: &Realm, object: &ProtectedObject) -> Told;
        put_objects(realm: &Realm, objects: &[ProtectedObject]) -> Vec<Told>;
        remove_object(realm: &Realm, object: &ObjectRef) -> bool;
        give_roles(site: &ObjectRef, bindings: &[RoleBinding]) -> Vec<Given>;
        take_role(realm: &Realm, held: &Held) -> bool;
        roles_on(realm: &Realm, object: &ObjectRef) -> Vec<RoleBinding>;
        roles_of(realm: &Realm, subject: RoleSubject) -> Vec<(ObjectRef, Vec<String>)>;
        roles_there(realm: &Realm, subject: RoleSubject, objects: &[ObjectRef]) -> Vec<RolesThere>;
        holds_anywhere(realm: &Realm, subject: RoleSubject, roles: &[&str]) -> bool;
        roles_set(realm: &Realm, kind: &str) -> Vec<(ObjectRef, Vec<String>)>;
        end_roles_of(site: SiteId, subject: RoleSubject) -> ();
    }
    Sessions {
        session(key: TokenKey) -> Option<Session>;
        open_session(key: TokenKey, session: &Session) -> ();
        touch_session(key: TokenKey, now: Timestamp) -> ();
        end_session(key: TokenKey) -> bool;
        sessions_of(user: UserId) -> Vec<(TokenKey, Session)>;
        end_sessions_of(user: UserId, except: Option<TokenKey>) -> usize;
        know_device(key: TokenKey, user: UserId) -> ();
        knows_device(key: TokenKey, user: UserId) -> bool;
    }
    Sites {
        site(id: SiteId) -> Option<Arc<Site>>;
        site_at(url: &str) -> Option<Arc<Site>>;
        site_of_workspace(workspace: SiteId) -> Option<Arc<Site>>;
        sites() -> Vec<Arc<Site>>;
        default_site(new: &Site) -> Arc<Site>;
        add_site(site: &Site) -> Added;
        change_site(site: &Site) -> Option<Added>;
        member(site: SiteId, user: UserId) -> Option<Member>;
        members(site: SiteId) -> Vec<Member>;
        memberships(user: UserId) -> Vec<Member>;
        put_member(member: &Member) -> ();
        remove_member(site: SiteId, user: UserId) -> bool;
    }
    Tokens {
        code(key: TokenKey) -> Option<CodeState>;
        redeem_code(key: TokenKey, family_id: FamilyId, family: &Family, issued: Issued<'_>) -> Redeemed;
        family(id: FamilyId) -> Option<Family>;
        rotate(id: FamilyId, old: &Family, new: &Family, issued: Issued<'_>) -> bool;
        keep_access_token(key: TokenKey, token: &AccessToken) -> ();
        end_family(id: FamilyId, end: FamilyEnd, forget: Timestamp) -> bool;
        access_token(key: TokenKey) -> Option<AccessToken>;
        credential(key: TokenKey, site: Option<SiteId>) -> Option<Credential>;
        asked(asker: &ResourceId, key: TokenKey) -> Asked;
        revoke_access_token(key: TokenKey) -> bool;
        settled() -> ();
    }
    Users {
        user(id: UserId) -> Option<User>;
        user_by_email(email: &Email) -> Option<User>;
        users() -> Vec<User>;
        add_user(user: &User) -> Added;
        has_admin() -> bool;
        set_password(id: UserId, password: &PasswordHash, now: Timestamp) -> Option<User>;
        rehash_password(id: UserId, old: &PasswordHash, new: &PasswordHash) -> ();
        set_user_state(id: UserId, state: UserState) -> Option<User>;
    }
    Store {
        sweep(horizon: Horizon) -> Swept;
    }
}
