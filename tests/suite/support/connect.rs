//! The world of Connect apps: an app that listens, installed on a site, and what it signs.

use std::sync::{Arc, Mutex, PoisonError};

use hallmark::apps::connect::registration;
use hallmark::apps::installations::{self, InstallationError};
use hallmark::domain::connect::{Descriptor, Lifecycle};
use hallmark::domain::event::Actor;
use hallmark::domain::id::InstallationId;
use hallmark::domain::installation::Installation;
use hallmark::domain::scope::Scope;
use hallmark::domain::site::Site;
use hallmark::domain::user::User;
use hallmark::secrets::digest::digest;
use hallmark::secrets::hs256;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::client::{Answer, basic, form};
use crate::support::forge::join;
use crate::support::oauth::scope;
use crate::support::server::{NOW, TestServer, server};

/// The key of the app.
pub const KEY: &str = "com.example.helper";

/// Something that the app was told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The path of the request.
    pub path: String,
    /// Its `Authorization` header.
    pub authorization: String,
    /// Its body.
    pub body: Value,
}

impl Told {
    /// The JWT.
    pub fn jwt(&self) -> &str {
        self.authorization.strip_prefix("JWT ").expect("a JWT")
    }
}

/// An app that listens to what it is told, and answers as a test says.
#[derive(Clone)]
pub struct Listener {
    /// Its base URL.
    pub base_url: String,
    told: Arc<Mutex<Vec<Told>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Listener {
    /// One that listens until the test is over.
    pub async fn begin() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a listener");
        let base_url = format!("http://{}/app", listener.local_addr().expect("an address"));
        let all = Self { base_url, told: Arc::default(), answers: Arc::default() };
        let own = all.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                own.clone().answer(socket).await;
            }
        });
        all
    }

    async fn answer(self, mut socket: TcpStream) {
        let mut bytes = Vec::new();
        let told = loop {
            if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(told) = whole(&String::from_utf8_lossy(&bytes)) {
                break told;
            }
        };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
        let status = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or(204);
        let answer =
            format!("HTTP/1.1 {status} Told\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = socket.write_all(answer.as_bytes()).await;
    }

    /// It answers the next calls so, the first of them first, and takes those that follow.
    pub fn will_answer(&self, statuses: &[u16]) {
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner) = statuses.iter().rev().copied().collect();
    }

    /// What it was told since this was asked last.
    pub fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it was told last.
    pub fn last(&self) -> Told {
        self.told().pop().expect("it was told something")
    }
}

fn whole(request: &str) -> Option<Told> {
    let (head, body) = request.split_once("\r\n\r\n")?;
    let header = |name: &str| {
        head.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name)))
    };
    let length: usize = header("content-length")?.1.parse().ok()?;
    if body.len() < length {
        return None;
    }
    Some(Told {
        path: head.split(' ').nth(1)?.to_owned(),
        authorization: header("authorization").map(|(_, value)| value.to_owned()).unwrap_or_default(),
        body: serde_json::from_str(body).ok()?,
    })
}

/// A server on whose default site the app is installed.
pub struct ConnectWorld {
    pub server: TestServer,
    pub listener: Listener,
    pub site: Arc<Site>,
    pub installation: Installation,
    /// What the app and the site share.
    pub secret: String,
    /// A member of the site.
    pub person: User,
}

/// The descriptor of the app, which asks for scopes.
pub fn descriptor(base_url: &str, scopes: &str) -> Descriptor {
    let at = |event: &str| Some(format!("{base_url}/{event}"));
    Descriptor {
        key: KEY.parse().expect("a key"),
        name: "Helper".into(),
        base_url: base_url.parse().expect("a URL"),
        lifecycle: Lifecycle {
            installed: at("installed"),
            enabled: at("enabled"),
            disabled: at("disabled"),
            uninstalled: at("uninstalled"),
        },
        scope: scope(scopes),
    }
}

/// The server alone, with the resources `assets` and `billing`, and the app that listens.
pub async fn without_apps() -> (TestServer, Listener) {
    (server().await.with_resources().await, Listener::begin().await)
}

/// The world in which the app is installed with these scopes.
pub async fn connect_world(scopes: &str) -> ConnectWorld {
    let (server, listener) = without_apps().await;
    let person = server.person().await;
    let site = server.core.site.clone();
    join(&server, &site, &person).await;
    let installation = install(&server, &listener, &site, scopes).await.expect("installed");
    let secret = listener.told()[0].body["sharedSecret"].as_str().expect("a secret").to_owned();
    ConnectWorld { server, listener, site, installation, secret, person }
}

/// Registers the app and installs it on a site.
pub async fn install(
    server: &TestServer,
    listener: &Listener,
    site: &Site,
    scopes: &str,
) -> Result<Installation, InstallationError> {
    let declared = descriptor(&listener.base_url, scopes);
    let registered = registration::register(&server.core, declared, None, Actor::Operator).await.expect("registered");
    let place = (site.id, registered.deployment);
    installations::install(&server.core, place, &Scope::default(), Actor::Operator).await
}

/// The claims of a request JWT of the app for a request, made now.
pub fn claims(method: &str, canonical_path: &str, canonical_query: &str) -> Map<String, Value> {
    let qsh = hex(&format!("{method}&{canonical_path}&{canonical_query}"));
    let claims = json!({ "iss": KEY, "iat": NOW.0, "exp": NOW.0 + 180, "qsh": qsh });
    claims.as_object().expect("claims").clone()
}

/// SHA-256 in hexadecimal.
pub fn hex(text: &str) -> String {
    digest(text).0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Claims, signed.
pub fn signed(claims: &Map<String, Value>, secret: &str) -> String {
    hs256::sign(claims, secret.as_bytes()).expect("signed")
}

impl ConnectWorld {
    /// What `assets` learns of a JWT that came with a request, on a site if one is named.
    pub async fn told(&self, jwt: &str, request: (&str, &str), site: Option<&str>) -> Value {
        self.told_to("assets", jwt, request, site).await
    }

    /// What a resource learns.
    pub async fn told_to(&self, id: &str, jwt: &str, (method, target): (&str, &str), site: Option<&str>) -> Value {
        let mut pairs = vec![("token", jwt), ("request_method", method), ("request_target", target)];
        pairs.extend(site.map(|site| ("site", site)));
        self.ask(id, &pairs).await.json()
    }

    /// What a resource is answered.
    pub async fn ask(&self, id: &str, pairs: &[(&str, &str)]) -> Answer {
        let credentials = Some(basic(id, &format!("{id}-secret-of-many-characters")));
        self.server.post("/oauth/introspect", credentials, &form(pairs)).await
    }

    /// Whether a JWT for `GET /objects` with this secret is taken.
    pub async fn takes(&self, secret: &str) -> bool {
        let jwt = signed(&claims("GET", "/objects", ""), secret);
        let site = self.site.id.to_string();
        self.told(&jwt, ("GET", "/objects"), Some(&site)).await["active"] == true
    }

    /// The installation as it is now.
    pub async fn now(&self) -> Option<Installation> {
        installation(&self.server, self.installation.id).await
    }
}

/// An installation as it is now.
pub async fn installation(server: &TestServer, id: InstallationId) -> Option<Installation> {
    server.core.store.installation(id).await.expect("a store").map(Arc::unwrap_or_clone)
}
