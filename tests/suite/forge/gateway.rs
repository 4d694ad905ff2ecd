//! The managed API: calls through a real socket to a real upstream, which sees the token that the app never does.

use std::sync::{Arc, Mutex};

use hallmark::apps::installations;
use hallmark::domain::event::Actor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::support::forge::{World, world};
use crate::support::listening::Listening;

/// An API behind the gateway that keeps what it was asked.
struct Upstream {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    /// What came of a request that is not yet whole.
    arriving: watch::Receiver<String>,
    /// Lets a streamed answer go on.
    go_on: Arc<Notify>,
}

const PLAIN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nAccess-Control-Allow-Origin: *\r\nX-Api: yes\r\n\r\nhello";
const ELSEWHERE: &str = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/secret\r\nContent-Length: 0\r\n\r\n";

impl Upstream {
    async fn begin() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a listener");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let (asked, go_on) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Notify>::default());
        let (kept, gate) = (asked.clone(), go_on.clone());
        let (arrived, arriving) = watch::channel(String::new());
        let arrived = Arc::new(arrived);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (kept, gate, arrived) = (kept.clone(), gate.clone(), arrived.clone());
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !is_whole(&request) {
                        if socket.read_buf(&mut request).await.unwrap_or(0) == 0 {
                            return;
                        }
                        arrived.send_replace(String::from_utf8_lossy(&request).into_owned());
                    }
                    let request = String::from_utf8_lossy(&request).into_owned();
                    let first = request.lines().next().unwrap_or_default().to_owned();
                    kept.lock().expect("a lock").push(request);
                    if first.contains("/stream") {
                        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
                        let _ = socket.write_all(head.as_bytes()).await;
                        gate.notified().await;
                        let _ = socket.write_all(b"6\r\nsecond\r\n0\r\n\r\n").await;
                    } else {
                        let answer = if first.contains("/elsewhere") { ELSEWHERE } else { PLAIN };
                        let _ = socket.write_all(answer.as_bytes()).await;
                    }
                });
            }
        });
        Self { url, asked, arriving, go_on }
    }

    /// What it was asked last, in lower case.
    fn last(&self) -> String {
        self.asked.lock().expect("a lock").last().cloned().unwrap_or_default().to_lowercase()
    }

    fn count(&self) -> usize {
        self.asked.lock().expect("a lock").len()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    if head.contains("transfer-encoding: chunked") {
        return body.ends_with("0\r\n\r\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
    body.len() >= length
}

/// A world whose resource `assets` is behind the gateway.
struct Managed {
    world: World,
    upstream: Upstream,
    front: Listening,
    system: String,
}

async fn managed() -> Managed {
    let (world, upstream) = (world().await, Upstream::begin().await);
    let core = &world.server.core;
    let id = "assets".parse().expect("an id");
    let mut resource = (*core.store.resource(&id).await.expect("a store").expect("a resource")).clone();
    let scopes = core.store.scopes_of(&id).await.expect("a store");
    resource.base_url = Some(upstream.url.parse().expect("a URL"));
    core.store.remove_resource(&id).await.expect("a store");
    core.store.add_resource(&resource, &scopes).await.expect("a store");
    let front = Listening::to(&world.server).await;
    let system = world.as_app(&[("resource", "https://hallmark.test/gateway")]).await.text_of("access_token");
    Managed { world, upstream, front, system }
}

impl Managed {
    /// As the app itself on the first site.
    fn as_app(&self) -> String {
        format!("Forge as=app,installationId={}", self.world.installed[0].id.ari())
    }

    async fn call_with(&self, first_line: &str, headers: &str, body: &str) -> (u16, String) {
        let request = format!(
            "{first_line} HTTP/1.1\r\nHost: hallmark.test\r\nConnection: close\r\nAuthorization: Bearer {}\r\n{headers}\r\n{body}",
            self.system
        );
        self.front.say(request).await
    }

    async fn call(&self, path: &str, proxy_authorization: &str) -> (u16, String) {
        let header = format!("forge-proxy-authorization: {proxy_authorization}\r\n");
        self.call_with(&format!("GET {path}"), &header, "").await
    }
}

/// The token that the upstream was called with.
fn token_in(request: &str) -> String {
    let start = "authorization: bearer ";
    let line = request.lines().find(|line| line.to_lowercase().starts_with(start)).unwrap_or_default();
    line[start.len().min(line.len())..].to_owned()
}

#[rocket::async_test]
async fn the_resource_gets_a_token_of_its_own_and_the_app_the_answer_alone() {
    let managed = managed().await;

    let (status, answer) = managed.call("/gateway/assets/object/1?expand=a%20b", &managed.as_app()).await;

    assert_eq!(status, 200, "{answer}");
    assert!(answer.ends_with("hello") && answer.to_lowercase().contains("x-api: yes"), "{answer}");
    let asked = managed.upstream.asked.lock().expect("a lock").last().cloned().expect("a request");
    assert!(asked.starts_with("GET /v1/object/1?expand=a%20b HTTP/1.1"), "{asked}");
    let token = token_in(&asked);
    assert!(token != managed.system && !answer.contains(&token));
    let told = managed.world.told(&token, None).await;
    assert_eq!((told["credential"].as_str(), told["scope"].as_str()), (Some("forge_app"), Some("read:objects")));
    assert_eq!(told["exp"].as_u64().zip(told["iat"].as_u64()).map(|(exp, iat)| exp - iat), Some(120));
    for stays in ["set-cookie", "access-control-allow-origin"] {
        assert!(!answer.to_lowercase().contains(stays), "{answer}");
    }
}

#[rocket::async_test]
async fn not_every_call_writes_a_token_but_every_call_is_judged() {
    let managed = managed().await;
    managed.call("/gateway/assets/a", &managed.as_app()).await;
    let first = token_in(&managed.upstream.last());
    managed.call("/gateway/assets/b", &managed.as_app()).await;
    assert_eq!(token_in(&managed.upstream.last()), first);

    managed.world.server.core.clock.advance(hallmark::domain::time::Lifetime::seconds(60));
    managed.call("/gateway/assets/c", &managed.as_app()).await;
    assert_ne!(token_in(&managed.upstream.last()), first);

    let (core, id) = (&managed.world.server.core, managed.world.installed[0].id);
    installations::suspend(core, id, Actor::Operator).await.expect("suspended");
    let (status, answer) = managed.call("/gateway/assets/d", &managed.as_app()).await;
    assert_eq!((status, managed.upstream.count()), (401, 3), "{answer}");
}

#[rocket::async_test]
async fn a_person_must_have_allowed_what_is_done_for_them() {
    let managed = managed().await;
    let invocation = managed.world.invoke_for_person().await.text_of("invocation_id");
    let as_user = format!("Forge as=user,id={invocation}");

    let (status, answer) = managed.call("/gateway/assets/a", &as_user).await;
    assert_eq!(status, 401);
    assert!(answer.contains("forge-proxy-error: NEEDS_AUTHENTICATION_ERR"), "{answer}");
    assert!(answer.contains("consent_uri") && managed.upstream.count() == 0, "{answer}");

    managed.world.allow("read:objects", &managed.world.sites[0]).await;
    assert_eq!(managed.call("/gateway/assets/a", &as_user).await.0, 200);
    let asked = managed.upstream.asked.lock().expect("a lock").last().cloned().expect("a request");
    let told = managed.world.told(&token_in(&asked), None).await;
    assert_eq!(told["sub"], format!("user:{}", managed.world.person.id));
    assert_eq!(told["act"]["sub"], managed.world.installed[0].account().to_string());

    managed.world.server.core.clock.advance(hallmark::domain::time::Lifetime::seconds(25));
    assert_eq!(managed.call("/gateway/assets/a", &as_user).await.0, 401, "an invocation is good until it ends");
}

#[rocket::async_test]
async fn the_gateway_takes_the_apps_system_token_and_nothing_else() {
    let mut managed = managed().await;
    let other = managed.world.installed[1].id.ari();
    let elsewhere = managed.call("/gateway/assets/a", &format!("Forge as=app,installationId={other}")).await;
    assert_eq!(elsewhere.0, 401, "a token of one site calls for no other");
    let unknown = managed.call("/gateway/nothing/a", &managed.as_app()).await;
    assert_eq!(unknown.0, 404);
    let hidden = managed.call("/gateway/billing/a", &managed.as_app()).await;
    assert_eq!(hidden.0, 404, "a resource without a base URL");

    let access = managed.world.as_app(&[("resource", "https://assets.example")]).await.text_of("access_token");
    for token in [access, String::new(), "hma_nonsense".to_owned()] {
        managed.system = token;
        let (status, answer) = managed.call("/gateway/assets/a", &managed.as_app()).await;
        assert_eq!(status, 401, "{answer}");
        assert!(answer.contains("forge-proxy-error: INVALID_SYSTEM_TOKEN"), "{answer}");
    }
    assert_eq!(managed.upstream.count(), 0);
}

#[rocket::async_test]
async fn nothing_that_claims_an_identity_or_belongs_to_one_connection_passes() {
    let managed = managed().await;
    let headers = format!(
        "forge-proxy-authorization: {}\r\nCookie: session=1\r\nX-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n\
         X-Forge-OAuth-User: somebody\r\nX-Remote-User: admin\r\nx_forwarded_user: admin\r\nTE: trailers\r\n\
         X-Hop: 1\r\nAccept: application/json\r\nX-Custom: kept\r\n",
        managed.as_app()
    );
    let request = format!(
        "GET /gateway/assets/a HTTP/1.1\r\nHost: evil.example\r\nConnection: close, X-Hop\r\nAuthorization: Bearer {}\r\n{headers}\r\n",
        managed.system
    );

    assert_eq!(managed.front.say(request).await.0, 200);

    let asked = managed.upstream.last();
    for gone in ["cookie", "forwarded", "forge-", "x-forge", "remote-user", "te: ", "x-hop", "evil.example"] {
        assert!(!asked.contains(gone), "{gone}: {asked}");
    }
    assert!(asked.contains("accept: application/json") && asked.contains("x-custom: kept"), "{asked}");
    assert_eq!(asked.matches("authorization:").count(), 1);
}

#[rocket::async_test]
async fn two_headers_that_say_two_things_and_paths_that_lead_away_are_refused() {
    let managed = managed().await;
    let twice = format!("forge-proxy-authorization: {0}\r\nForge-Proxy-Authorization: {0}\r\n", managed.as_app());
    assert_eq!(managed.call_with("GET /gateway/assets/a", &twice, "").await.0, 400);
    for path in [
        "/gateway/assets/../admin",
        "/gateway/assets/%2e%2e/admin",
        "/gateway/assets/a/../../x",
        "/gateway/assets/..%5Cx/../..",
    ] {
        assert_eq!(managed.call(path, &managed.as_app()).await.0, 400, "{path}");
    }
    for method in ["TRACE", "CONNECT"] {
        let header = format!("forge-proxy-authorization: {}\r\n", managed.as_app());
        let (status, _) = managed.call_with(&format!("{method} /gateway/assets/a"), &header, "").await;
        assert_eq!(status, 400, "{method}");
    }
    assert_eq!(managed.upstream.count(), 0);
}

#[rocket::async_test]
async fn a_body_goes_up_and_a_redirect_comes_back_unfollowed() {
    let managed = managed().await;
    let header = format!("forge-proxy-authorization: {}\r\nContent-Length: 4\r\n", managed.as_app());
    assert_eq!(managed.call_with("POST /gateway/assets/a", &header, "body").await.0, 200);
    let asked = managed.upstream.last();
    assert!(asked.starts_with("post /v1/a ") && asked.ends_with("body"), "{asked}");

    let (status, answer) = managed.call("/gateway/assets/elsewhere", &managed.as_app()).await;
    assert_eq!(status, 302);
    assert!(answer.contains("127.0.0.1:1/secret"), "{answer}");
}

#[rocket::async_test]
async fn an_answer_streams_through_while_the_resource_still_writes_it() {
    let managed = managed().await;
    let mut socket = managed.front.connect().await;
    let request = format!(
        "GET /gateway/assets/stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer {}\r\nforge-proxy-authorization: {}\r\n\r\n",
        managed.system,
        managed.as_app()
    );
    socket.write_all(request.as_bytes()).await.expect("sent");
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("first") {
        assert_ne!(socket.read_buf(&mut seen).await.expect("read"), 0, "{}", String::from_utf8_lossy(&seen));
    }
    assert!(!String::from_utf8_lossy(&seen).contains("second"));

    managed.upstream.go_on.notify_one();
    socket.read_to_end(&mut seen).await.expect("read");
    assert!(String::from_utf8_lossy(&seen).contains("second"));
}

#[rocket::async_test]
async fn a_body_streams_through_while_the_app_still_writes_it() {
    let mut managed = managed().await;
    let mut socket = managed.front.connect().await;
    let head = format!(
        "POST /gateway/assets/upload HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
         Authorization: Bearer {}\r\nforge-proxy-authorization: {}\r\n\r\n5\r\nfirst\r\n",
        managed.system,
        managed.as_app()
    );
    socket.write_all(head.as_bytes()).await.expect("sent");

    let arrived =
        managed.upstream.arriving.wait_for(|arrived| arrived.contains("first")).await.expect("it arrives").clone();
    assert!(!arrived.contains("second") && managed.upstream.count() == 0, "{arrived}");

    socket.write_all(b"6\r\nsecond\r\n0\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("read");
    assert!(answer.starts_with("HTTP/1.1 200") && managed.upstream.last().contains("second"), "{answer}");
}

#[rocket::async_test]
async fn a_resource_that_is_down_is_told_of_in_our_words() {
    let managed = managed().await;
    let core = &managed.world.server.core;
    let id = "assets".parse().expect("an id");
    let mut resource = (*core.store.resource(&id).await.expect("a store").expect("a resource")).clone();
    let scopes = core.store.scopes_of(&id).await.expect("a store");
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    resource.base_url = Some(format!("http://{}", free.expect("a port")).parse().expect("a URL"));
    core.store.remove_resource(&id).await.expect("a store");
    core.store.add_resource(&resource, &scopes).await.expect("a store");

    let (status, answer) = managed.call("/gateway/assets/a", &managed.as_app()).await;

    assert_eq!(status, 502);
    assert!(answer.contains("temporarily_unavailable") && answer.contains("UPSTREAM_UNAVAILABLE"), "{answer}");
    assert!(!answer.contains("hma_"), "{answer}");
}

#[rocket::async_test]
async fn an_app_lists_its_own_installations() {
    let managed = managed().await;
    let get = async |path: String| {
        let request = managed.world.server.local.get(path);
        let header = rocket::http::Header::new("Authorization", format!("Bearer {}", managed.system));
        let response = request.header(header).dispatch().await;
        (response.status().code, response.into_json::<serde_json::Value>().await.unwrap_or_default())
    };

    let (status, page) = get("/v1/installations?pageSize=1".into()).await;
    assert_eq!((status, page["installations"].as_array().map(Vec::len)), (200, Some(1)), "{page}");
    let cursor = page["cursor"].as_str().expect("a second page");
    let (_, rest) = get(format!("/v1/installations?pageSize=1&cursor={cursor}")).await;
    assert!(rest["installations"][0]["id"] != page["installations"][0]["id"] && rest.get("cursor").is_none(), "{rest}");

    let id = managed.world.installed[0].id;
    let (_, one) = get(format!("/v1/installation/{id}")).await;
    assert_eq!(one["id"], id.ari());
    assert!(one["scopes"].as_array().is_some_and(|scopes| scopes.iter().any(|scope| scope == "read:objects")));
    assert_eq!(get("/v1/installation/00000000-0000-4000-8000-000000000000".into()).await.0, 404);
    let nobody = managed.world.server.local.get("/v1/installations").dispatch().await;
    assert_eq!(nobody.status().code, 401);
}
