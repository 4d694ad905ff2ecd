//! An API with the model of Assets, and callers with every kind of credential.

use std::sync::Arc;

use hallmark::access::{groups, models, objects, roles};
use hallmark::apps::resources;
use hallmark::domain::access_model::{Access, AccessModel};
use hallmark::domain::api_token::Reach;
use hallmark::domain::client::Client;
use hallmark::domain::connect::{ConnectMode, ConnectPolicy};
use hallmark::domain::event::Actor;
use hallmark::domain::id::{GroupId, ResourceId};
use hallmark::domain::protected_object::{ObjectRef, ProtectedObject, Realm};
use hallmark::domain::resource::{ApiTokenPolicy, ProtectedResource};
use hallmark::domain::role_binding::{Held, RoleSubject};
use hallmark::domain::scope::Risk;
use hallmark::domain::site::SiteStanding;
use hallmark::domain::user::{Epoch, Standing, User, UserState};
use hallmark::oauth::evaluation::{self, BatchRequest};
use serde_json::{Value, json};

use crate::support::client::{App, basic, form};
use crate::support::connect::{ConnectWorld, claims, connect_world, signed};
use crate::support::forge::{BEARER, EXCHANGE, JWT_TYPE, version, world_with};
use crate::support::oauth::{add_resource, confidential, entry, scope};
use crate::support::scripts::{for_scopes, payload};
use crate::support::server::{NOW, TestServer, server_with};

/// The name of the API.
const API: &str = "cmdb";

/// Somebody who calls.
pub struct Caller {
    /// By the name of the golden table.
    pub name: &'static str,
    /// Whom an evaluation is about.
    pub subject: Value,
    /// What is shown, and where.
    pub context: Value,
    /// Who holds its roles.
    pub holder: Option<RoleSubject>,
}

/// A server with the API, and some callers.
pub struct Side {
    pub server: TestServer,
    pub callers: Vec<Caller>,
    pub access: Arc<Access>,
    pub realm: Realm,
    pub person: User,
    other: User,
    group: GroupId,
    source: String,
    given: Vec<Held>,
}

pub fn object(text: &str) -> ObjectRef {
    text.parse().expect("an object")
}

impl Side {
    async fn new(server: TestServer) -> Self {
        let model = AccessModel::read(models::ASSETS).expect("a model");
        let mut scopes: Vec<String> = model.operations.iter().filter_map(|operation| operation.scope.clone()).collect();
        scopes.sort();
        scopes.dedup();
        let entries: Vec<_> = scopes.iter().map(|scope| entry(scope, "Something", Risk::Change, API)).collect();
        add_resource(&server.core, API, "https://cmdb.example", &entries).await;
        let id: ResourceId = API.parse().expect("an id");
        let core = &server.core;
        resources::set_api_tokens(core, &id, ApiTokenPolicy::Everything).await.expect("set");
        let access = models::set(core, &id, model, Actor::Operator).await.expect("a model");
        let access = Access::clone(&access).asking_by_id(true);
        assert!(core.store.set_access(&id, &Arc::new(access.clone())).await.expect("a store"));
        let source = server.import_source("Hosts").await.id.to_string();
        let realm = Realm { resource_id: id, site_id: core.site.id };
        let import_source = format!("import_source:{source}");
        for (known, parent) in
            [("schema:4", None), ("object_type:12", Some("schema:4")), (&*import_source, Some("schema:4"))]
        {
            let told = ProtectedObject {
                object: object(known),
                label: "Something".parse().expect("a label"),
                parent: parent.map(object),
            };
            objects::put(core, (&realm, &access), &told).await.expect("told");
        }
        let person = server.person().await;
        let other = another(&server).await;
        let group = groups::add(core, core.site.id, "Ops".parse().expect("a label"), Actor::Operator).await;
        let group = group.expect("a group").id;
        groups::put(core, core.site.id, (group, person.id), Actor::Operator).await.expect("in the group");
        let access = Arc::new(access);
        Self { server, callers: Vec::new(), access, realm, person, other, group, source, given: Vec::new() }
    }

    /// Every scope of the API.
    pub fn scopes(&self) -> String {
        let scopes = self.access.model.operations.iter().filter_map(|operation| operation.scope.as_deref());
        hallmark::domain::scope::Scope::of(scopes).to_string()
    }

    fn shows(&mut self, name: &'static str, token: &str, holder: Option<RoleSubject>, more: Value) {
        let mut context = json!({ "token": token, "site": self.realm.site_id.to_string() });
        for (name, value) in more.as_object().into_iter().flatten() {
            context[name] = value.clone();
        }
        self.callers.push(Caller { name, subject: json!({ "type": "token", "id": "self" }), context, holder });
    }

    fn is_named(&mut self, name: &'static str, kind: &str, holder: RoleSubject) {
        let id = holder.to_string().split_once(':').expect("a subject").1.to_owned();
        let context = json!({ "site": self.realm.site_id.to_string() });
        self.callers.push(Caller { name, subject: json!({ "type": kind, "id": id }), context, holder: Some(holder) });
    }

    /// The protected resource.
    pub async fn asker(&self) -> Arc<ProtectedResource> {
        self.server.core.store.resource(&self.realm.resource_id).await.expect("a store").expect("a resource")
    }

    /// What an operation is done to, by the type that the documents name.
    pub fn resource(&self, kind: &str) -> Value {
        match kind {
            "object" => json!({ "type": "object", "id": "88", "properties": { "object_type": "12" } }),
            "objecttype" => json!({ "type": "object_type", "id": "12" }),
            "schema" | "schema?" => json!({ "type": "schema", "id": "4" }),
            "importsource" => json!({ "type": "import_source", "id": self.source }),
            "workspace" | "filter" => {
                json!({ "type": "workspace", "id": self.server.core.site.workspace_id.to_string() })
            }
            other => panic!("no such type: {other}"),
        }
    }

    /// The answers to several questions.
    pub async fn ask(&self, caller: &Caller, questions: Vec<Value>) -> Vec<Value> {
        let request = json!({ "subject": caller.subject, "context": caller.context, "evaluations": questions });
        let request: BatchRequest = serde_json::from_value(request).expect("a request");
        let answer = evaluation::evaluations(&self.server.core, &self.asker().await, request).await;
        let answer = serde_json::to_value(answer.expect("an answer")).expect("JSON");
        answer["evaluations"].as_array().expect("answers").clone()
    }

    /// Has the holder of a caller's roles hold this on the schema, and this be given on the type of the object; nothing else is held.
    pub async fn give(&mut self, holder: RoleSubject, given: &str, on_the_type: &str) {
        let core = &self.server.core;
        for held in self.given.drain(..) {
            assert!(roles::take(core, &self.realm, &held, Actor::Operator).await.expect("taken"));
        }
        let standing = if given == "site_admin" { SiteStanding::Admin } else { SiteStanding::Member };
        self.server.stand(&self.person, standing).await;
        let whole = format!("workspace:{}", core.site.workspace_id);
        let mut all = Vec::new();
        let mut add = |on: &str, role: &str, subject| all.push(Held { object: object(on), role: role.into(), subject });
        match given {
            "nothing" | "site_admin" => {}
            "admin" => add(&whole, "admin", holder),
            "developer_by_group" => add("schema:4", "developer", RoleSubject::Group(self.group)),
            role => add("schema:4", role, holder),
        }
        if let Some(role) = on_the_type.strip_prefix("is_") {
            add("object_type:12", role, holder);
        } else if let Some(role) = on_the_type.strip_prefix("another_is_") {
            add("object_type:12", role, RoleSubject::User(self.other.id));
        }
        let count = all.len();
        let site = core.site.clone();
        let gave = roles::give(core, (&self.realm, &self.access), &site, all.clone(), Actor::Operator).await;
        assert_eq!(gave.expect("given"), count);
        self.given = all;
    }
}

/// Another member of the site.
async fn another(server: &TestServer) -> User {
    let user = User {
        id: hallmark::secrets::random::user_id(),
        email: "other@example.com".parse().expect("an address"),
        name: String::new(),
        password: None,
        standing: Standing::Member,
        state: UserState::Active,
        epoch: Epoch::default(),
        created: NOW,
        password_changed: None,
    };
    server.core.store.add_user(&user).await.expect("a store");
    server.enter(&user, server.core.site.id).await;
    user
}

/// OAuth apps, scripts of a person and of import sources, and whom the API names.
pub async fn plain() -> Side {
    let everything = "[default.api_tokens]\neverything = true\n";
    let mut side = Side::new(server_with(everything).await).await;
    let every = side.scopes();
    let app = side.server.register(Client { scope: scope(&every), ..confidential() }).await;
    let person = side.person.clone();
    let holder = Some(RoleSubject::User(person.id));
    let code = async |side: &Side, scope: &str, app: &App| {
        let code = side.server.code_of(&person, app, scope, &[]).await;
        app.redeem(&side.server, &code, &[]).await.text_of("access_token")
    };
    let token = code(&side, &every, &app).await;
    side.shows("oauth_user", &token, holder, json!({}));
    let token = code(&side, "read:cmdb-object:jira", &app).await;
    side.shows("oauth_user_of_one_scope", &token, holder, json!({}));
    let token = code(&side, &every, &app).await;
    let revoked = app.post(&side.server, "/oauth/revoke", &[("token", &token)]).await;
    assert_eq!(revoked.status.code, 200, "{}", revoked.text);
    side.shows("revoked", &token, holder, json!({}));
    let own = [("grant_type", "client_credentials"), ("scope", &*every)];
    let token = app.post(&side.server, "/oauth/token", &own).await.text_of("access_token");
    side.shows("oauth_app", &token, None, json!({}));

    let token = side.server.api_token(&person, &every).await;
    let shown = payload(person.email.as_str(), &token);
    side.shows("api_token", &shown, holder, json!({ "token_type_hint": "basic" }));
    let token = side.server.api_token_for(&person, for_scopes("read:cmdb-object:jira"), None).await.expect("a token");
    side.shows("api_token_of_one_scope", &token, holder, json!({}));
    let token = side.server.api_token_for(&person, Reach::Everything, None).await.expect("a token");
    side.shows("api_token_for_everything", &token, holder, json!({}));

    let id = side.source.parse().expect("an id");
    let own = side.server.core.store.container(id).await.expect("a store").expect("an import source");
    let token = side.server.container_token(&own).await;
    side.shows("container_token", &token, None, json!({}));
    let another = side.server.import_source("Desks").await;
    let token = side.server.container_token(&another).await;
    side.shows("container_token_of_another", &token, None, json!({}));
    side.is_named("person_by_name", "user", RoleSubject::User(person.id));
    side
}

/// A Forge app, as itself and as a person.
pub async fn forge() -> Side {
    let mut first = String::new();
    for operation in &AccessModel::read(models::ASSETS).expect("a model").operations {
        if let Some(scope) = operation.scope.as_ref().filter(|scope| !first.split(' ').any(|known| known == *scope)) {
            first = format!("{first} {scope}");
        }
    }
    let first = format!("read:pages{first}");
    let world = world_with("", version(&first)).await;
    world.allow(&first, &world.sites[0]).await;
    let account = RoleSubject::App(world.installed[0].id);
    let api = ("resource", "https://cmdb.example");
    // The API is there before the tokens, and the tokens before the side has the server.
    let mut side = Side::new(world.server).await;
    let app = world.app;
    let token = async |side: &Side, pairs: &[(&str, &str)]| {
        let answer = app.post(&side.server, "/oauth/token", pairs).await;
        assert_eq!(answer.status.code, 200, "{}", answer.text);
        answer.text_of("access_token")
    };
    let ari = world.installed[0].id.ari();
    let as_app = [("grant_type", "client_credentials"), ("installation", &*ari), api];
    let every = token(&side, &as_app).await;
    side.shows("forge_app", &every, Some(account), json!({}));
    let one = token(&side, &[as_app[0], as_app[1], api, ("scope", "read:cmdb-object:jira")]).await;
    side.shows("forge_app_of_one_scope", &one, Some(account), json!({}));

    let user = world.person.id.to_string();
    let pairs = [("installation", &*ari), ("module", "hook"), ("user", &*user)];
    let product = basic("pages", "pages-secret-of-many-characters");
    let invocation = side.server.post("/forge/invocations", Some(product), &form(&pairs)).await;
    let invocation = invocation.text_of("invocation_token");
    let exchange = [("grant_type", EXCHANGE), ("subject_token", &*invocation), ("subject_token_type", JWT_TYPE), api];
    let as_user = token(&side, &exchange).await;
    side.shows("forge_user", &as_user, Some(RoleSubject::User(world.person.id)), json!({}));
    side.is_named("app_by_name", "app", account);
    side
}

/// A Connect app of these scopes, which calls itself; as a person too, where a name is given for that.
pub async fn connect(scopes: &str, (as_app, as_user): (&'static str, Option<&'static str>), mode: ConnectMode) -> Side {
    let ConnectWorld { server, installation, secret, person, .. } = connect_world(scopes).await;
    let mut side = Side::new(server).await;
    let policy = ConnectPolicy { mode, levels: Vec::new() };
    resources::set_connect(&side.server.core, &side.realm.resource_id, policy).await.expect("set");
    let jwt = signed(&claims("GET", "/x", ""), &secret);
    let request = json!({ "request_method": "GET", "request_target": "/x" });
    side.shows(as_app, &jwt, Some(RoleSubject::App(installation.id)), request);
    if let Some(as_user) = as_user {
        let claims = json!({
            "iss": format!("urn:atlassian:connect:clientid:{}", installation.id),
            "sub": format!("urn:atlassian:connect:useraccountid:{}", person.id),
            "tnt": "https://hallmark.test", "aud": "https://oauth-2-authorization-server.services.atlassian.com",
            "iat": NOW.0, "exp": NOW.0 + 60,
        });
        let assertion = signed(claims.as_object().expect("claims"), &secret);
        let pairs = [("grant_type", BEARER), ("assertion", &*assertion)];
        let token = side.server.post("/oauth2/token", None, &form(&pairs)).await.text_of("access_token");
        side.shows(as_user, &token, Some(RoleSubject::User(person.id)), json!({}));
    }
    side
}

/// Every caller of the golden table.
pub async fn sides() -> Vec<Side> {
    let strict = ConnectMode::Strict;
    vec![
        plain().await,
        forge().await,
        connect("READ", ("connect_app", None), ConnectMode::Compatible).await,
        connect("READ", ("connect_app_strict_read", None), strict).await,
        connect("WRITE ACT_AS_USER", ("connect_app_strict_write", Some("connect_user_write")), strict).await,
        connect("DELETE", ("connect_app_strict_delete", None), strict).await,
        connect("ADMIN", ("connect_app_strict_admin", None), strict).await,
    ]
}
