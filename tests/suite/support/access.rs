//! The world of roles: the resource `assets` with the model of the Assets API, its objects on a site, people and apps.
//!
//! ```text
//! workspace
//! ├── schema:4 Machines
//! │   ├── object_type:12 Servers ── object:88, object:89
//! │   ├── object_type:13 Desks ──── object:90
//! │   └── import_source:… Hosts
//! └── schema:5 People
//!     └── object_type:20 Staff ──── object:200
//! ```

use std::sync::Arc;

use hallmark::access::models::{self, ASSETS};
use hallmark::access::{objects, roles};
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::client::Client;
use hallmark::domain::container::Container;
use hallmark::domain::event::Actor;
use hallmark::domain::installation::Installation;
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::role_binding::{Held, RoleSubject};
use hallmark::domain::scope::{Risk, Scope};
use hallmark::domain::site::{Site, SiteStanding};
use hallmark::domain::user::User;
use rocket::http::{Header, Method};
use serde_json::{Value, json};

use crate::support::client::{Answer, App, basic};
use crate::support::connect::{Listener, claims, install, signed};
use crate::support::faulty_store::Faults;
use crate::support::oauth::{add_resource, confidential, entry};
use crate::support::people::PASSWORD;
use crate::support::server::{TestServer, server, server_with, server_with_faults};

/// Where one decision is asked for.
pub const EVALUATION: &str = "/access/v1/evaluation";

/// The scope that reads objects.
pub const READ: &str = "read:cmdb-object:jira";
/// The scope that changes objects.
pub const WRITE: &str = "write:cmdb-object:jira";

/// A server with the model of the Assets API, objects, and somebody without a role.
pub struct AccessWorld {
    pub server: TestServer,
    /// The default site.
    pub site: Arc<Site>,
    /// A client that may ask for every scope of `assets`.
    pub app: App,
    /// A member of the site who holds nothing.
    pub person: User,
    /// An import source of the first schema.
    pub source: Container,
}

/// An app of Connect that is installed in the world.
pub struct ConnectApp {
    pub installation: Installation,
    secret: String,
    _listener: Listener,
}

/// The world.
pub async fn access_world() -> AccessWorld {
    furnished(server().await).await
}

/// The world with more settings, in TOML.
pub async fn access_world_with(settings: &str) -> AccessWorld {
    furnished(server_with(settings).await).await
}

/// The world on a store that fails when `faults` says so.
pub async fn access_world_with_faults(faults: Faults) -> AccessWorld {
    furnished(server_with_faults(faults).await).await
}

async fn furnished(server: TestServer) -> AccessWorld {
    let model = AccessModel::read(ASSETS).expect("a model");
    let mut scopes: Vec<&str> = model.operations.iter().filter_map(|known| known.scope.as_deref()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let entries: Vec<_> = scopes.iter().map(|name| entry(name, name, Risk::Private, "assets")).collect();
    add_resource(&server.core, "assets", "https://assets.example", &entries).await;
    let bills = [entry("read:bills", "Read bills", Risk::Private, "billing")];
    add_resource(&server.core, "billing", "https://billing.example", &bills).await;
    let all: Scope = format!("{} read:bills offline_access", scopes.join(" ")).parse().expect("a scope");
    let app = server.register(Client { scope: all, ..confidential() }).await;
    let assets = "assets".parse().expect("an identifier");
    models::set(&server.core, &assets, model, Actor::Operator).await.expect("a model");
    let (person, source) = (server.person().await, server.import_source("Hosts").await);
    let site = server.core.site.clone();
    let world = AccessWorld { server, site, app, person, source };
    world.tell("schema:4", None).await;
    world.tell("schema:5", None).await;
    for (object, parent) in [
        ("object_type:12", "schema:4"),
        ("object_type:13", "schema:4"),
        ("object_type:20", "schema:5"),
        ("object:88", "object_type:12"),
        ("object:89", "object_type:12"),
        ("object:90", "object_type:13"),
        ("object:200", "object_type:20"),
        (&format!("import_source:{}", world.source.id), "schema:4"),
    ] {
        world.tell(object, Some(parent)).await;
    }
    world
}

/// An object as it is written.
pub fn object(text: &str) -> ObjectRef {
    text.parse().expect("an object")
}

/// The question whether a credential may be used for something.
pub fn question(token: &str, operation: &str, on: &str) -> Value {
    let on = object(on);
    json!({
        "subject": { "type": "token", "id": "self" },
        "action": { "name": operation },
        "resource": { "type": on.kind(), "id": on.id() },
        "context": { "token": token },
    })
}

impl TestServer {
    /// Sends JSON, or something that should be, as a resource.
    pub async fn send_json(&self, method: Method, path: &str, asker: &str, body: &str) -> Answer {
        let credentials = basic(asker, &format!("{asker}-secret-of-many-characters"));
        let headers = [Header::new("Content-Type", "application/json"), credentials];
        self.send(method, path, headers, body).await
    }

    /// Sends a request as a program does.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: impl IntoIterator<Item = Header<'static>>,
        body: &str,
    ) -> Answer {
        let mut request = self.local.req(method, path.to_owned()).body(body);
        headers.into_iter().for_each(|header| request.add_header(header));
        let response = request.dispatch().await;
        let headers =
            response.headers().iter().map(|header| (header.name().to_string(), header.value().to_owned())).collect();
        let status = response.status();
        Answer { status, headers, text: response.into_string().await.unwrap_or_default() }
    }
}

impl AccessWorld {
    /// Where `assets` has its objects.
    pub fn realm(&self) -> Realm {
        Realm { resource_id: "assets".parse().expect("an identifier"), site_id: self.site.id }
    }

    /// By what is decided.
    pub async fn access(&self) -> Arc<Access> {
        models::known(&self.server.core, &self.realm().resource_id).await.expect("a model")
    }

    /// `assets` tells of an object.
    pub async fn tell(&self, text: &str, parent: Option<&str>) {
        let label = text.parse().expect("a label");
        let told = ProtectedObject { object: object(text), label, parent: parent.map(object) };
        objects::put(&self.server.core, (&self.realm(), &*self.access().await), &told).await.expect("told");
    }

    /// An operator gives a role.
    pub async fn give(&self, role: &str, on: &str, subject: RoleSubject) {
        let held = vec![Held { object: object(on), role: role.into(), subject }];
        let place = (&self.realm(), &*self.access().await);
        roles::give(&self.server.core, place, &self.site, held, Actor::Operator).await.expect("given");
    }

    /// An operator takes a role.
    pub async fn take(&self, role: &str, on: &str, subject: RoleSubject) {
        let held = Held { object: object(on), role: role.into(), subject };
        assert!(roles::take(&self.server.core, &self.realm(), &held, Actor::Operator).await.expect("a store"));
    }

    /// The whole site, as `assets` calls it.
    pub fn whole(&self) -> String {
        format!("workspace:{}", self.site.workspace_id)
    }

    /// A member with a role.
    pub async fn member(&self, email: &str, role: &str, on: &str) -> User {
        let user = self.server.user(email, PASSWORD).await;
        self.give(role, on, RoleSubject::User(user.id)).await;
        user
    }

    /// An admin of the site.
    pub async fn site_admin(&self, email: &str) -> User {
        let user = self.server.user(email, PASSWORD).await;
        self.server.join_as(&user, self.site.id, SiteStanding::Admin).await;
        user
    }

    /// An access token of the client for somebody.
    pub async fn token(&self, user: &User, scope: &str) -> String {
        let code = self.server.code_of(user, &self.app, scope, &[]).await;
        let answer = self.app.redeem(&self.server, &code, &[]).await;
        assert_eq!(answer.status.code, 200, "{}", answer.text);
        answer.text_of("access_token")
    }

    /// The Connect app, with these scopes.
    pub async fn connect_app(&self, scopes: &str) -> ConnectApp {
        let listener = Listener::begin().await;
        let installation = install(&self.server, &listener, &self.site, scopes).await.expect("installed");
        let secret = listener.told()[0].body["sharedSecret"].as_str().expect("a secret").to_owned();
        ConnectApp { installation, secret, _listener: listener }
    }

    /// What `assets` is answered to a question.
    pub async fn evaluate(&self, question: &Value) -> Answer {
        self.server.send_json(Method::Post, EVALUATION, "assets", &question.to_string()).await
    }

    /// The decision on a question.
    pub async fn decision(&self, question: &Value) -> Value {
        let answer = self.evaluate(question).await;
        assert_eq!(answer.status.code, 200, "{}", answer.text);
        answer.json()
    }

    /// Whether a credential may be used for something.
    pub async fn allows(&self, token: &str, operation: &str, on: &str) -> bool {
        self.decision(&question(token, operation, on)).await["decision"] == true
    }
}

impl ConnectApp {
    /// The JWT by which it signs a request whose path is in canonical form and has no query.
    pub fn jwt(&self, method: &str, path: &str) -> String {
        self.jwt_with_query(method, path, "")
    }

    /// The JWT by which it signs a request with a query, that one in canonical form as well.
    pub fn jwt_with_query(&self, method: &str, path: &str, query: &str) -> String {
        signed(&claims(method, path, query), &self.secret)
    }

    /// The account of the app, which is given roles.
    pub fn account(&self) -> RoleSubject {
        RoleSubject::App(self.installation.id)
    }
}
