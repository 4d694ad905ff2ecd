//! The Assets-like example before a Hallmark that can be reached.

use std::net::TcpListener;

use hallmark::access::models::ASSETS;
use hallmark::domain::access_model::AccessModel;
use hallmark::resource_server::ResourceServer;
use rocket::figment::Figment;
use rocket::http::{Header, Method};
use rocket::local::asynchronous::Client;
use serde_json::Value;

use crate::resource_server::assets::{Assets, Place};
use crate::support::access::{AccessWorld, access_world_with};
use crate::support::client::Answer;
use crate::support::listening::Listening;

/// The example, and the world that its Hallmark knows.
pub struct AssetsApi {
    pub world: AccessWorld,
    local: Client,
    _hallmark: Listening,
}

/// The example as it comes.
pub async fn assets_api() -> AssetsApi {
    assets_api_guarded(|guard| guard).await
}

/// The example with other settings of the guard.
pub async fn assets_api_guarded(by: impl FnOnce(ResourceServer) -> ResourceServer) -> AssetsApi {
    let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let port = free.expect("a free port").port();
    let issuer = format!("http://127.0.0.1:{port}");
    let world = access_world_with(&format!("[default.issuer]\nurl = \"{issuer}\"")).await;
    let hallmark = Listening::at(&world.server, port).await;
    let place =
        Place { workspace: world.site.workspace_id.to_string(), import_source: Some(world.source.id.to_string()) };
    let model = AccessModel::read(ASSETS).expect("a model");
    let api = Assets::new(&issuer, ("assets", "assets-secret-of-many-characters"), model, &[place]).expect("an API");
    let api = api.guarded(by);
    api.tell().await.expect("told");
    let rocket = rocket::custom(Figment::from(rocket::Config::debug_default()).merge(("log_level", "off")));
    let local = Client::untracked(api.on(rocket)).await.expect("a rocket");
    AssetsApi { world, local, _hallmark: hallmark }
}

impl AssetsApi {
    /// Where an operation of the workspace is.
    pub fn at(&self, path: &str) -> String {
        format!("/jsm/assets/workspace/{}/v1{path}", self.world.site.workspace_id)
    }

    /// Sends a request with the value of an `Authorization` header, or without one.
    pub async fn send(&self, method: &str, path: &str, authorization: Option<&str>, body: &Value) -> Answer {
        let method: Method = method.parse().expect("a method");
        let mut request = self.local.req(method, path.to_owned());
        request.add_header(Header::new("Content-Type", "application/json"));
        if let Some(authorization) = authorization {
            request.add_header(Header::new("Authorization", authorization.to_owned()));
        }
        let response = request.body(body.to_string()).dispatch().await;
        let headers =
            response.headers().iter().map(|header| (header.name().to_string(), header.value().to_owned())).collect();
        let status = response.status();
        Answer { status, headers, text: response.into_string().await.unwrap_or_default() }
    }

    /// Reads an operation's answer with a token.
    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send("GET", &self.at(path), Some(&format!("Bearer {token}")), &Value::Null).await
    }

    /// Asks for an operation with a token.
    pub async fn send_with(&self, method: &str, path: &str, token: &str, body: &Value) -> Answer {
        self.send(method, &self.at(path), Some(&format!("Bearer {token}")), body).await
    }
}
