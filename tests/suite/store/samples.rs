//! Nouns to keep, each as plain as it can be.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hallmark::domain::access_token::{AccessToken, Subject};
use hallmark::domain::authorization_code::AuthorizationCode;
use hallmark::domain::authorization_request::{
    AuthorizationRequest, Presence, Prompt, PushedRequest, SignInDemand, Transaction,
};
use hallmark::domain::client::{AuthorizationRequests, Client, Credentials, GrantType, Pkce, Profile};
use hallmark::domain::grant::Grant;
use hallmark::domain::id::{FamilyId, UserId};
use hallmark::domain::refresh_token::{Family, FamilyState, RefreshToken, Rotation};
use hallmark::domain::resource::{Invocations, ProtectedResource};
use hallmark::domain::scope::{Risk, Scope, ScopeEntry};
use hallmark::domain::secret::{Digest, TokenDigest, TokenKey};
use hallmark::domain::session::Session;
use hallmark::domain::site::{Member, Site, SiteStanding};
use hallmark::domain::time::{Hour, Lifetime, Timestamp};
use hallmark::domain::uri::Destination;
use hallmark::domain::user::{Email, Epoch, PasswordHash, Standing, User, UserState};
use hallmark::secrets::{random, refresh_token};
use hallmark::store::{Issued, Result, Store};

/// When every test begins.
pub const NOW: Timestamp = Timestamp(1_764_000_000);

/// A whole number of seconds after the beginning.
pub fn after(lifetime: Lifetime) -> Timestamp {
    NOW + lifetime
}

pub fn scope(text: &str) -> Scope {
    text.parse().expect("a scope")
}

/// A new key of something that expires at `expires`.
pub fn key(expires: Timestamp) -> TokenKey {
    TokenKey { hour: Hour::after(expires).0, digest: Digest(random::secret_bytes()).into() }
}

pub fn user(email: &str) -> User {
    User {
        id: random::user_id(),
        email: email.parse().expect("an address"),
        name: "Person".into(),
        password: None,
        standing: Standing::Member,
        state: UserState::Active,
        epoch: Epoch::default(),
        created: NOW,
        password_changed: None,
    }
}

pub fn email(text: &str) -> Email {
    text.parse().expect("an address")
}

pub fn hash(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id${text}"))
}

pub fn client(id: &str) -> Client {
    Client {
        id: id.parse().expect("an identifier"),
        name: "Sprint mailer".into(),
        publisher: Some("Acme".into()),
        policy_uri: None,
        tos_uri: None,
        credentials: Credentials::Secrets(Vec::new()).with_secret(Digest([1; 32]), NOW),
        redirect_uris: vec!["https://app.example/cb".parse().expect("a URI")],
        grant_types: GrantType::ALL.to_vec(),
        scope: scope("read:a offline_access"),
        optional_scope: scope("write:a"),
        authorization_requests: AuthorizationRequests::Any,
        created: NOW,
        profile: Profile::default(),
        pkce: Pkce::default(),
        deployment: None,
    }
}

pub fn resource(id: &str, identifier: &str) -> ProtectedResource {
    ProtectedResource {
        id: id.parse().expect("an identifier"),
        name: "Assets".into(),
        identifiers: vec![identifier.parse().expect("an identifier")],
        scope: scope("read:a"),
        credentials: Credentials::Secrets(Vec::new()).with_secret(Digest([2; 32]), NOW),
        created: NOW,
        base_url: None,
        invocations: Invocations::default(),
        connect: Default::default(),
        api_tokens: Default::default(),
    }
}

pub fn scope_entry(name: &str, resource: &str) -> ScopeEntry {
    ScopeEntry {
        name: name.into(),
        title: "Read objects".into(),
        sentence: String::new(),
        risk: Risk::Private,
        resource: resource.parse().expect("an identifier"),
    }
}

pub fn site() -> Site {
    Site {
        id: random::site_id(),
        name: "Default site".into(),
        url: Some("https://acme.example".into()),
        workspace_id: random::site_id(),
    }
}

pub fn session(user_id: UserId, expires: Timestamp) -> Session {
    Session {
        user_id,
        created: NOW,
        last_seen: NOW,
        expires,
        user_agent: "Browser".into(),
        address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

pub fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: "app".parse().expect("an identifier"),
        redirect_uri: "https://app.example/cb".parse().expect("a URI"),
        redirect_uri_presence: Presence::Sent,
        state: Some("state".into()),
        scope: scope("read:a"),
        resources: vec!["api".parse().expect("an identifier")],
        code_challenge: Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".parse().expect("a challenge")),
        prompt: Prompt::default(),
        login_hint: None,
    }
}

pub fn pushed_request() -> PushedRequest {
    PushedRequest { request: request(), expires: after(Lifetime::seconds(90)) }
}

pub fn transaction() -> Transaction {
    Transaction {
        request: request(),
        browser: Digest([3; 32]).into(),
        sign_in: SignInDemand::AnySession,
        shown_to: None,
        expires: after(Lifetime::minutes(10)),
    }
}

/// What the person allows the client of [`Story`], once more.
pub fn grant(user_id: UserId, client_id: &str, allowed: &str) -> Grant {
    Grant {
        id: random::grant_id(),
        user_id,
        client_id: client_id.parse().expect("an identifier"),
        sites: vec![random::site_id()],
        scope: scope(allowed),
        declined: Scope::default(),
        publisher: Some("Acme".into()),
        destinations: vec![Destination::Web("https://app.example".into())],
        created: NOW,
        consented: NOW,
    }
}

/// A person, an app, an API and a site, and what the person allowed: all that a code needs.
pub struct Story {
    pub user: User,
    pub client: Client,
    pub resource: ProtectedResource,
    pub site: Arc<Site>,
    pub grant: Grant,
}

impl Story {
    pub async fn begin(store: &dyn Store) -> Result<Self> {
        let user = user("person@example.com");
        let client = client("app");
        let resource = resource("api", "https://api.example");
        store.add_user(&user).await?;
        store.add_client(&client).await?;
        store.add_resource(&resource, &[scope_entry("read:a", "api")]).await?;
        let site = store.default_site(&site()).await?;
        let member = Member { site_id: site.id, user_id: user.id, standing: SiteStanding::Member, since: NOW };
        store.put_member(&member).await?;
        let answer = Grant { sites: vec![site.id], ..grant(user.id, "app", "read:a offline_access") };
        let grant = store.record_consent(&answer).await?;
        Ok(Self { user, client, resource, site, grant })
    }

    pub fn code(&self) -> AuthorizationCode {
        AuthorizationCode {
            client_id: self.client.id.clone(),
            user_id: self.user.id,
            epoch: self.user.epoch,
            grant_id: self.grant.id,
            site_id: self.site.id,
            redirect_uri: "https://app.example/cb".parse().expect("a URI"),
            redirect_uri_presence: Presence::Sent,
            code_challenge: request().code_challenge,
            scope: scope("read:a offline_access"),
            resources: vec![self.resource.id.clone()],
            expires: after(Lifetime::minutes(1)),
        }
    }

    /// Keeps a new live code and returns its key.
    pub async fn add_code(&self, store: &dyn Store) -> Result<TokenKey> {
        let code = self.code();
        let key = key(code.expires);
        store.add_code(key, &code).await?;
        Ok(key)
    }

    /// What one redemption of that code would issue.
    pub fn redemption(&self, code: TokenKey) -> Redemption {
        let expires = after(Lifetime::days(365));
        let idle = after(Lifetime::days(90));
        let (id, first) = refresh_token::begin(expires);
        let refresh = RefreshToken { digest: first.key.digest, expires: idle };
        let family = Family {
            grant_id: self.grant.id,
            client_id: self.client.id.clone(),
            user_id: self.user.id,
            epoch: self.user.epoch,
            site_id: self.site.id,
            scope: scope("read:a offline_access"),
            resources: vec![self.resource.id.clone()],
            code,
            expires,
            state: FamilyState::Live { current: refresh, previous: None },
        };
        let access = self.access_token(id);
        Redemption { code, id, family, access_key: key(access.expires), access }
    }

    /// A code that was redeemed.
    pub async fn redeemed(&self, store: &dyn Store) -> Result<Redemption> {
        let redemption = self.redemption(self.add_code(store).await?);
        redemption.redeem(store).await?;
        Ok(redemption)
    }

    fn access_token(&self, family: FamilyId) -> AccessToken {
        AccessToken {
            subject: Subject::User { user_id: self.user.id, epoch: self.user.epoch, grant_id: self.grant.id, family },
            ..self.client_token()
        }
    }

    /// A token of the client for itself.
    pub fn client_token(&self) -> AccessToken {
        AccessToken {
            client_id: self.client.id.clone(),
            subject: Subject::Client,
            scope: scope("read:a"),
            resource: self.resource.id.clone(),
            site_id: self.site.id,
            issued: NOW,
            expires: after(Lifetime::hours(1)),
        }
    }
}

/// What one redemption of a code, or one rotation after it, issues.
#[derive(Clone)]
pub struct Redemption {
    pub code: TokenKey,
    pub id: FamilyId,
    pub family: Family,
    pub access: AccessToken,
    pub access_key: TokenKey,
}

impl Redemption {
    pub fn issued(&self) -> Issued<'_> {
        Issued { access_key: self.access_key, access: &self.access, now: NOW }
    }

    pub async fn redeem(&self, store: &dyn Store) -> Result<hallmark::store::Redeemed> {
        store.redeem_code(self.code, self.id, &self.family, self.issued()).await
    }

    /// The rotation of this family to new tokens.
    pub fn rotated(&self) -> Redemption {
        self.rotated_at(NOW)
    }

    /// The rotation of this family to new tokens at that moment.
    pub fn rotated_at(&self, at: Timestamp) -> Redemption {
        let idle = after(Lifetime::days(90));
        let refresh = RefreshToken { digest: key(idle).digest, expires: idle };
        let rotation = Rotation {
            presented: self.refresh_digest(),
            salt: random::salt(),
            at,
            access_expires: self.access.expires,
            scope: self.access.scope.clone(),
            resource: self.access.resource.clone(),
        };
        Redemption {
            family: self.family.rotated(refresh, rotation),
            access_key: key(self.access.expires),
            ..self.clone()
        }
    }

    fn refresh_digest(&self) -> TokenDigest {
        match &self.family.state {
            FamilyState::Live { current, .. } => current.digest,
            FamilyState::WithoutRefresh | FamilyState::Ended(_) => panic!("a family that is rotated is live"),
        }
    }

    pub async fn rotate_to(&self, new: &Redemption, store: &dyn Store) -> Result<bool> {
        store.rotate(self.id, &self.family, &new.family, new.issued()).await
    }

    /// Whether introspection would find the access token live: everything it hangs from is there, and none of it is over.
    pub async fn is_live(&self, store: &dyn Store) -> Result<bool> {
        is_live(store, self.access_key).await
    }
}

/// Whether everything that an access token hangs from is there, and none of it is over.
pub async fn is_live(store: &dyn Store, access: TokenKey) -> Result<bool> {
    let Some(credential) = store.credential(access, None).await? else { return Ok(false) };
    let owned = match (&credential.token.subject, &credential.owner) {
        (Subject::Client, None) => true,
        (Subject::User { epoch, .. }, Some(owner)) => {
            owner.user.as_ref().is_some_and(|user| user.honours(*epoch))
                && owner.grant.is_some()
                && owner.member_since.is_some()
                && owner.family_is_live
        }
        _ => false,
    };
    Ok(owned && credential.client.is_some() && credential.site.is_some())
}
