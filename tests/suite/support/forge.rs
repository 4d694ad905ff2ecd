//! The world of Forge apps: an app that was deployed, two sites, a person on both, and a product that calls apps.

use std::sync::Arc;

use hallmark::apps::deployment::{self, NewVersion};
use hallmark::apps::installations;
use hallmark::domain::app::{Deployment, Environment, VersionNumber};
use hallmark::domain::event::Actor;
use hallmark::domain::grant::Grant;
use hallmark::domain::id::{AppId, InstallationId};
use hallmark::domain::installation::Installation;
use hallmark::domain::manifest::{Endpoint, Manifest, Privileges, Remote, ScopeRequest};
use hallmark::domain::resource::{Invocations, ProtectedResource};
use hallmark::domain::scope::{Risk, Scope, ScopeEntry};
use hallmark::domain::site::{Member, Site, SiteStanding};
use hallmark::domain::user::User;
use hallmark::secrets::digest::digest;
use hallmark::secrets::random;
use hallmark::store::Added;
use serde_json::Value;

use crate::support::client::{Answer, App, basic, form};
use crate::support::oauth::scope;
use crate::support::server::{TestServer, server_with};

/// The app of the world.
pub const APP: AppId = AppId::from_bytes([7; 16]);

/// What the app's first version asks for.
pub const FIRST: &str = "read:objects read:bills read:pages read:app-system-token read:app-user-token";

/// Where token requests name the token type of an invocation.
pub const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A server with an app that is deployed and, on two sites, installed.
pub struct World {
    pub server: TestServer,
    /// The client of the app's production environment.
    pub app: App,
    pub deployment: Deployment,
    /// The default site, and another.
    pub sites: [Arc<Site>; 2],
    /// The installations on them.
    pub installed: [Installation; 2],
    /// A member of both sites.
    pub person: User,
}

/// A manifest that asks for scopes, each as `name`, `name!` where it also impersonates, or `name?` where it is optional.
pub fn manifest(scopes: &str) -> Manifest {
    let request = |written: &str| ScopeRequest {
        name: written.trim_end_matches(['!', '?']).to_owned(),
        allow_impersonation: written.ends_with('!'),
        optional: written.ends_with('?'),
        purpose: None,
    };
    let mut scopes: Vec<_> = scopes.split(' ').map(request).collect();
    scopes.sort();
    let remote = Remote {
        key: "back".into(),
        base_urls: vec![("default".into(), "https://back.example/api".into())],
        configurable: false,
        system_token: true,
        user_token: true,
    };
    let endpoint = Endpoint {
        key: "hook".into(),
        remote: "back".into(),
        path: Some("/hook".into()),
        system_token: None,
        user_token: None,
    };
    let privileges = Privileges { scopes, remotes: vec![remote], endpoints: vec![endpoint], ..Privileges::default() };
    Manifest { app_id: APP, name: Some("Asset Helper".into()), privileges }
}

pub fn version(scopes: &str) -> NewVersion {
    NewVersion {
        manifest: manifest(scopes),
        name: None,
        environment: Environment::Production,
        publisher: Some("Example Labs".into()),
        redirect_uris: vec!["https://helper.example/cb".parse().expect("a URI")],
        keys: None,
        descriptor: None,
    }
}

/// The world in which the first version is installed on both sites.
pub async fn world() -> World {
    world_with("", version(FIRST)).await
}

/// The same with more settings and another first version.
pub async fn world_with(settings: &str, first: NewVersion) -> World {
    let server = server_with(settings).await.with_resources().await;
    add_product(&server).await;
    let deployed = deployment::deploy(&server.core, first, Actor::Operator).await.expect("deployed");
    let app = App {
        id: deployed.client_id.to_string(),
        secret: deployed.secret.map(|secret| secret.expose().clone()),
        redirect_uri: "https://helper.example/cb".into(),
    };
    let other = Site {
        id: random::site_id(),
        name: "Other".into(),
        url: Some("https://other.example".into()),
        workspace_id: random::site_id(),
    };
    assert_eq!(server.core.store.add_site(&other).await.expect("a store"), Added::Done);
    let sites = [server.core.site.clone(), Arc::new(other)];
    let person = server.person().await;
    for site in &sites {
        join(&server, site, &person).await;
    }
    let install = async |site: &Site| {
        let place = (site.id, deployed.deployment);
        installations::install(&server.core, place, &Scope::default(), Actor::Operator).await.expect("installed")
    };
    let installed = [install(&sites[0]).await, install(&sites[1]).await];
    World { deployment: deployed.deployment, server, app, sites, installed, person }
}

/// Registers `pages`, a product that calls apps.
async fn add_product(server: &TestServer) {
    let name = "read:pages".to_owned();
    let id: hallmark::domain::id::ResourceId = "pages".parse().expect("an id");
    let resource = ProtectedResource {
        id: id.clone(),
        name: "Pages".into(),
        identifiers: vec!["https://pages.example".parse().expect("an identifier")],
        scope: scope(&name),
        credentials: hallmark::domain::client::Credentials::Secrets(Vec::new())
            .with_secret(digest("pages-secret-of-many-characters"), server.core.now()),
        created: server.core.now(),
        base_url: None,
        invocations: Invocations::Allowed,
        connect: Default::default(),
        api_tokens: Default::default(),
    };
    let entry =
        ScopeEntry { name, title: "Read pages".into(), sentence: String::new(), risk: Risk::Private, resource: id };
    assert_eq!(server.core.store.add_resource(&resource, &[entry]).await.expect("a store"), Added::Done);
}

/// Makes a person a member of a site.
pub async fn join(server: &TestServer, site: &Site, user: &User) {
    let since = server.core.now();
    let member = Member { site_id: site.id, user_id: user.id, standing: SiteStanding::Member, since };
    server.core.store.put_member(&member).await.expect("a store");
}

impl World {
    /// Deploys another version.
    pub async fn deploy(&self, scopes: &str) -> VersionNumber {
        let deployed = deployment::deploy(&self.server.core, version(scopes), Actor::Operator).await.expect("deployed");
        deployed.version.number
    }

    /// Approves a version on the first site.
    pub async fn approve(&self, number: VersionNumber) {
        let id = self.installed[0].id;
        let core = &self.server.core;
        installations::approve(core, id, number, &Scope::default(), Actor::Operator).await.expect("approved");
    }

    /// The person allows the app scopes on a site.
    pub async fn allow(&self, scopes: &str, site: &Site) -> Grant {
        let now = self.server.core.now();
        let grant = Grant {
            id: random::grant_id(),
            user_id: self.person.id,
            client_id: self.app.id.parse().expect("an id"),
            sites: vec![site.id],
            scope: scope(scopes),
            declined: Scope::default(),
            publisher: Some("Example Labs".into()),
            destinations: Vec::new(),
            created: now,
            consented: now,
        };
        self.server.core.store.record_consent(&grant).await.expect("a store")
    }

    /// A token request of the app.
    pub async fn token(&self, pairs: &[(&str, &str)]) -> Answer {
        self.app.post(&self.server, "/oauth/token", pairs).await
    }

    /// A token of the app for itself on the first site.
    pub async fn as_app(&self, more: &[(&str, &str)]) -> Answer {
        let ari = self.installed[0].id.ari();
        let mut pairs = vec![("grant_type", "client_credentials"), ("installation", ari.as_str())];
        pairs.extend_from_slice(more);
        self.token(&pairs).await
    }

    /// The product calls the app on the first site.
    pub async fn invoke(&self, more: &[(&str, &str)]) -> Answer {
        self.invoke_on(self.installed[0].id, more).await
    }

    /// The product calls the app.
    pub async fn invoke_on(&self, installation: InstallationId, more: &[(&str, &str)]) -> Answer {
        let ari = installation.ari();
        let mut pairs = vec![("installation", ari.as_str()), ("module", "hook")];
        pairs.extend_from_slice(more);
        let product = Some(basic("pages", "pages-secret-of-many-characters"));
        self.server.post("/forge/invocations", product, &form(&pairs)).await
    }

    /// The product calls the app on the first site for the person.
    pub async fn invoke_for_person(&self) -> Answer {
        self.invoke(&[("user", &self.person.id.to_string())]).await
    }

    /// Exchanges an invocation token.
    pub async fn exchange(&self, invocation: &str, more: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![("grant_type", EXCHANGE), ("subject_token", invocation), ("subject_token_type", JWT_TYPE)];
        pairs.extend_from_slice(more);
        self.token(&pairs).await
    }

    /// What the resource `assets` learns of a token, on a site if one is named.
    pub async fn told(&self, token: &str, site: Option<&Site>) -> Value {
        self.told_to("assets", token, site).await
    }

    /// What a resource learns of a token.
    pub async fn told_to(&self, resource: &str, token: &str, site: Option<&Site>) -> Value {
        let site = site.map(|site| site.id.to_string());
        let mut pairs = vec![("token", token)];
        pairs.extend(site.as_ref().map(|site| ("site", site.as_str())));
        let credentials = Some(basic(resource, &format!("{resource}-secret-of-many-characters")));
        self.server.post("/oauth/introspect", credentials, &form(&pairs)).await.json()
    }

    /// Whether `assets` honours a token.
    pub async fn is_live(&self, token: &str) -> bool {
        self.told(token, None).await["active"] == true
    }
}
