//! The world that the protocol's tests live in: a resource `assets`, apps, a person who consents.

use hallmark::accounts::people::{self, Joining};
use hallmark::authorization_server::AuthorizationServer;
use hallmark::domain::client::{AuthorizationRequests, Client, Credentials, GrantType, Pkce, Profile};
use hallmark::domain::event::Actor;
use hallmark::domain::id::{SiteId, UserId};
use hallmark::domain::resource::{Invocations, ProtectedResource};
use hallmark::domain::scope::{Risk, Scope, ScopeEntry};
use hallmark::domain::secret::TokenKey;
use hallmark::domain::site::{Member, SiteStanding};
use hallmark::domain::user::User;
use hallmark::oauth::authorization::{self, Next};
use hallmark::oauth::consent::{self, Decision, Person};
use hallmark::oauth::parameters::Parameters;
use hallmark::oauth::transaction;
use hallmark::secrets::digest::digest;
use hallmark::secrets::token::{TokenKind, mint};
use hallmark::store::Added;

use crate::support::client::App;
use crate::support::server::TestServer;

/// Parses a scope.
pub fn scope(text: &str) -> Scope {
    text.parse().expect(text)
}

/// A confidential client named `sprint-mailer` that may do everything, before it is registered.
pub fn confidential() -> Client {
    let now = hallmark::domain::time::Timestamp(1);
    Client {
        id: "sprint-mailer".parse().expect("an identifier"),
        name: "Sprint Mailer".into(),
        publisher: Some("Example Labs".into()),
        policy_uri: None,
        tos_uri: None,
        credentials: Credentials::Secrets(Vec::new()).with_secret(digest("app-secret-of-many-characters"), now),
        redirect_uris: vec!["https://app.example/cb".parse().expect("a URI")],
        grant_types: GrantType::ALL.to_vec(),
        scope: scope("read:objects write:objects offline_access"),
        optional_scope: Scope::default(),
        authorization_requests: AuthorizationRequests::Any,
        created: now,
        profile: Profile::default(),
        pkce: Pkce::default(),
        deployment: None,
    }
}

/// A public client named `desk-app` on the person's own computer, before it is registered.
pub fn native() -> Client {
    Client {
        id: "desk-app".parse().expect("an identifier"),
        name: "Desk App".into(),
        credentials: Credentials::Public,
        redirect_uris: vec!["http://127.0.0.1/cb".parse().expect("a URI")],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        ..confidential()
    }
}

/// A confidential client named `issue-mailer` that behaves as 3LO clients do, before it is registered.
pub fn three_legged() -> Client {
    Client {
        id: "issue-mailer".parse().expect("an identifier"),
        name: "Issue Mailer".into(),
        scope: scope("read:objects write:objects read:me offline_access"),
        profile: Profile::Atlassian,
        pkce: Pkce::Exempt,
        ..confidential()
    }
}

/// A scope that the resource owns.
pub fn entry(name: &str, title: &str, risk: Risk, resource: &str) -> ScopeEntry {
    let resource = resource.parse().expect("an identifier");
    ScopeEntry { name: name.into(), title: title.into(), sentence: String::new(), risk, resource }
}

/// Registers a resource with its scopes.
pub async fn add_resource(server: &AuthorizationServer, id: &str, identifier: &str, entries: &[ScopeEntry]) {
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let secret = digest(&format!("{id}-secret-of-many-characters"));
    let resource = ProtectedResource {
        id: id.parse().expect("an identifier"),
        name: id.into(),
        identifiers: vec![identifier.parse().expect("an identifier")],
        scope: scope(&names.join(" ")),
        credentials: Credentials::Secrets(Vec::new()).with_secret(secret, server.now()),
        created: server.now(),
        base_url: None,
        invocations: Invocations::default(),
        connect: Default::default(),
        api_tokens: Default::default(),
    };
    assert_eq!(server.store.add_resource(&resource, entries).await.expect("a store"), Added::Done);
}

impl TestServer {
    /// Registers the resources `assets` and `billing`.
    pub async fn with_resources(self) -> Self {
        let objects = [
            entry("read:objects", "Read objects", Risk::Private, "assets"),
            entry("write:objects", "Change objects", Risk::Change, "assets"),
            entry("delete:objects", "Delete objects", Risk::Manage, "assets"),
        ];
        add_resource(&self.core, "assets", "https://assets.example", &objects).await;
        let bills = [entry("read:bills", "Read bills", Risk::Private, "billing")];
        add_resource(&self.core, "billing", "https://billing.example", &bills).await;
        self
    }

    /// Registers a client and gives what its developer gets.
    pub async fn register(&self, client: Client) -> App {
        assert_eq!(self.core.store.add_client(&client).await.expect("a store"), Added::Done);
        let secret = client.credentials.is_confidential().then(|| "app-secret-of-many-characters".to_owned());
        App { id: client.id.to_string(), secret, redirect_uri: client.redirect_uris[0].as_str().to_owned() }
    }

    /// A code that `user` allowed `app`, without the pages.
    pub async fn code_of(&self, user: &User, app: &App, scope: &str, more: &[(&str, &str)]) -> String {
        let query = app.authorize(scope, more);
        let query = query.split_once('?').expect("a query").1.to_owned();
        let parameters = Parameters::from_form(&query).expect("parameters");
        let browser = mint(TokenKind::Browser, self.core.now()).key;
        let session = mint(TokenKind::Session, self.core.now()).key;
        let person = Person { session, signed_in: self.core.now(), user };
        let url = match authorization::begin(&self.core, &parameters, browser, Some(&person)).await.expect("no page") {
            Next::Respond(response) => response.url().to_owned(),
            Next::SignIn(_) => panic!("the person is signed in"),
            Next::Refuse(_, error, _) => panic!("refused: {error}"),
            Next::Consent(txn) => self.allow(txn.expose(), browser, &person).await,
        };
        let url = url::Url::parse(&url).expect("a URL");
        let answer: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        answer.get("code").unwrap_or_else(|| panic!("no code in {url}")).clone()
    }

    async fn allow(&self, txn: &str, browser: TokenKey, person: &Person<'_>) -> String {
        let open = transaction::open(&self.core, txn, Some(browser)).await.expect("a transaction");
        transaction::shown(&self.core, &open, person.session).await.expect("a transaction");
        let open = transaction::open(&self.core, txn, Some(browser)).await.expect("a transaction");
        let everything =
            Decision::Allow { ticked: open.transaction.request.scope.clone(), site: Some(self.core.site.id) };
        consent::answer(&self.core, &open, person, everything).await.expect("an answer").url().to_owned()
    }

    /// A code that the person `person@example.com` allowed `app`.
    pub async fn code(&self, app: &App, scope: &str) -> String {
        let user = self.person().await;
        self.code_of(&user, app, scope, &[]).await
    }

    /// The person `person@example.com`, added at first need.
    pub async fn person(&self) -> User {
        let email = "person@example.com".parse().expect("an address");
        if let Some(user) = self.core.store.user_by_email(&email).await.expect("a store") {
            return user;
        }
        let user = User {
            id: UserId::from_random([5; 16]),
            email,
            name: "A. Person".into(),
            password: None,
            standing: hallmark::domain::user::Standing::Member,
            state: hallmark::domain::user::UserState::Active,
            epoch: hallmark::domain::user::Epoch::default(),
            created: self.core.now(),
            password_changed: None,
        };
        people::enter(&self.core, user, &Joining::DefaultSite, Actor::Operator).await.expect("a person")
    }

    /// Makes a person a member of a site.
    pub async fn enter(&self, user: &User, site_id: SiteId) {
        let member = Member { site_id, user_id: user.id, standing: SiteStanding::Member, since: self.core.now() };
        self.core.store.put_member(&member).await.expect("a store");
    }

    /// Access and refresh token from a fresh code.
    pub async fn tokens(&self, app: &App, scope: &str) -> (String, String) {
        let code = self.code(app, scope).await;
        let answer = app.redeem(self, &code, &[]).await;
        assert_eq!(answer.status.code, 200, "{}", answer.text);
        (answer.text_of("access_token"), answer.text_of("refresh_token"))
    }
}
